"""The results of an experiment: every setting's history on common axes, and all that is known of how they were made."""

from pathlib import Path
from typing import Any

from saddlery.arguments import differences, plain
from saddlery.claims import DESCRIPTION, RESULTS
from saddlery.datasets import plain_texts
from saddlery.experiment import Experiment, grid_of
from saddlery.reading import Damaged
from saddlery.sweeps.store import Store, location


def store_of(experiment: Experiment, folder: Path | str, given: str | None = None) -> Store:
    """Where an experiment's results are kept: in its folder, or where the user says that they are.

    **Arguments:** `given`: the address that the user gave, now, for a store that does not lie in the folder. What a
    folder says alone is not enough, since a folder may come from anybody.

    **Raises:** `ValueError` when the store lies elsewhere and was not given.
    """
    address = experiment.store or location(Path(folder) / RESULTS)
    if not is_inside(address, folder) and (given is None or location(given) != address):
        raise ValueError(
            f"{plain(folder)} keeps its results outside itself, at {plain(address)}; if they are yours, say so: "
            f"--store {plain(address)} (in Python: store=…)"
        )
    return Store(address)


def is_inside(address: str, folder: Path | str) -> bool:
    """Whether an address is in a folder, links followed."""
    return "://" not in address and Path(address).resolve().is_relative_to(Path(folder).resolve())


def open_results(folder: Path | str, store: str | None = None) -> Any:
    """The results that a folder holds, an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    `setting` is what each setting is called; what it was set to, its levels, are coordinates along it, which
    `saddlery.sweeps.levels` makes selectable. Of an experiment that is not finished, the settings that are; the
    attribute `cells` says of how many.

    **Arguments:** `store`: where the results are, for an experiment that keeps them outside its folder.

    **Raises:** `FileNotFoundError` when there is no experiment or no setting is finished; `ValueError` when it is
    damaged.
    """
    experiment = Experiment.read(Path(folder))
    kept = store_of(experiment, folder, store)
    again = f"continue with: saddlery resume {folder}"
    try:
        held = kept.description()
        if held is not None and (odd := differences(held, grid_of(experiment))):
            raise Damaged(
                f"{plain(Path(folder) / DESCRIPTION)} was changed since {kept.address} was made: {'; '.join(odd)}"
            )
        results = kept.read()
    except FileNotFoundError:
        raise FileNotFoundError(f"the experiment in {folder} is not finished; {again}") from None
    except Damaged as error:
        raise Damaged(f"{error}; what is damaged is computed again by: saddlery resume {folder}") from error
    if not results.sizes["setting"]:
        raise FileNotFoundError(f"the experiment in {folder} is not finished; {again}")
    return plain_texts(results)
