"""Opening the results that a folder holds: every setting's history on common axes, without JAX."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from saddlery.errors import Damaged, NotFound
from saddlery.experiments.claimed import store_of
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.extension import is_extended
from saddlery.experiments.watched import is_watched, watched
from saddlery.records import description
from saddlery.records.claims import LIVE, RUN
from saddlery.records.datasets import plain_texts
from saddlery.records.live import LiveRun, read_live
from saddlery.records.store import Store
from saddlery.text.arguments import differences, plain


def open_results(folder: Path | str, store: str | None = None) -> xr.Dataset:
    """The results that a folder holds, an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    `setting` is what each setting is called; what it was set to, its levels, are coordinates along it, which
    `saddlery.experiments.levels` makes selectable. Of an experiment that is not finished, the settings that are; the
    attribute `cells` says of how many.

    **Arguments:** `store`: where the results are, for an experiment that keeps them outside its folder.

    **Raises:** `FileNotFoundError` when there is no experiment or no setting is finished; `ValueError` when it is
    damaged.
    """
    if is_watched(Path(folder)):
        return watched(Path(folder))
    results = _read(Path(folder), *_store(Path(folder), store))
    if not results.sizes["setting"]:
        raise NotFound(_unfinished(Path(folder)))
    return results


def open_live(folder: Path | str, store: str | None = None, *, numbers: bool = False) -> xr.Dataset:
    """The results of a folder with the settings under way as far as their records are there; otherwise `open_results`.

    The variable `finished` (setting) tells them apart; what is not recorded yet is NaN, samples and images are those
    of finished settings only.

    **Arguments:** `numbers`: as of `saddlery.records.store.Store.read`, for looking at runs again and again.

    **Raises:** `FileNotFoundError` when there is no experiment, or none of its records; `ValueError` when it is
    damaged.
    """
    folder = Path(folder)
    if is_watched(folder):
        return watched(folder)
    grid, held = _store(folder, store)
    finished = held.finished()  # what a process that was ended left of these is not under way
    runs = {(index, seed): run for (index, seed), run in _live(folder).items() if index not in finished}
    results = _read(folder, grid, held, {index for index, _ in runs}, numbers)
    if not results.sizes["setting"]:
        raise NotFound(_unfinished(folder))
    labels = list(results["setting"].values)
    whole = np.ones(len(labels), bool)
    for (_, seed), run in runs.items():
        if run.about["label"] in labels and seed in results["seed"].values:
            at = labels.index(run.about["label"])
            whole[at] = False
            _fill(results, at, seed, run)
    return results.assign(finished=("setting", whole))


def _live(folder: Path) -> dict[tuple[int, int], LiveRun]:
    """The runs under way in a folder, by setting and seed."""
    found = {}
    for path in sorted((folder / LIVE).glob("*-*.jsonl")) if (folder / LIVE).is_dir() else ():
        index, _, seed = path.stem.partition("-")
        try:
            found[int(index), int(seed)] = read_live(path)
        except FileNotFoundError:  # its cell has been finished meanwhile
            continue
    return found


def _fill(results: xr.Dataset, setting: int, seed: int, run: LiveRun) -> None:
    """Put a run's records into their places."""
    rows = np.searchsorted(results["step"].values, run.steps)
    for name, values in run.values.items():
        if name in results and results[name].dims[:3] == ("setting", "seed", "step"):
            place = (setting, seed, rows, *map(slice, values.shape[1:]))
            results[name].values[place] = values
    results["diverged_at"].values[setting, seed] = -1
    if len(run.steps) and run.seconds[-1]:
        results["steps_per_second"].values[setting, seed] = run.steps[-1] / run.seconds[-1]


def _read(
    folder: Path, grid: dict[str, Any], store: Store, also: Iterable[int] = (), numbers: bool = False
) -> xr.Dataset:
    """The finished cells of a folder's store, and some others as they are, compared with what the folder says."""
    try:
        made_for = store.description()
        if made_for is not None and "steps" in grid and is_extended(folder, store, grid["steps"]):
            grid = grid | {"steps": made_for["steps"]}  # until the runs are extended, these are their results
        if made_for is not None and (odd := differences(made_for, grid)):
            raise Damaged(f"{plain(folder / RUN)} was changed since {store.address} was made: {'; '.join(odd)}")
        return plain_texts(store.read(also, numbers=numbers))
    except FileNotFoundError:
        raise NotFound(_unfinished(folder)) from None
    except Damaged as error:
        raise Damaged(f"{error}; what is damaged is computed again by: saddlery resume {plain(folder)}") from error


def _store(folder: Path, given: str | None) -> tuple[dict[str, Any], Store]:
    """What a folder's results depend on, as it says, and where they are."""
    held = description.read(folder)
    if held.kind == "experiment":
        experiment = Experiment.of(held, folder)
        return experiment.grid, store_of(experiment.store, folder, given)
    return description.depends_on(held), store_of(None, folder)


def _unfinished(folder: Path) -> str:
    return f"the experiment in {plain(folder)} is not finished; continue with: saddlery resume {plain(folder)}"
