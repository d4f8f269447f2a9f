"""The results of an experiment: every setting's history on common axes, and all that is known of how they were made."""

from pathlib import Path
from typing import Any

from saddlery.arguments import differences, plain
from saddlery.claims import DESCRIPTION, RESULTS
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
    for name, values in results.coords.items():  # stored as text of any length, which little but zarr understands
        if values.dims == ("setting",) and values.dtype.kind == "T":
            results[name] = "setting", [str(text) for text in values.values]
    return results


def known(experiment: Any, games: dict[str, Any], optimisers: dict[str, Any]) -> Any:
    """What is known of an experiment before it runs, a dataset along `setting`, `seed` and `step`.

    **Arguments:** the experiment's games, built, and both players' optimisers, as texts, by the games' texts.
    """
    import numpy as np
    import xarray

    from saddlery import recording

    constants = [_known(game, experiment.shown) for game in games.values()]
    attributes = [_described(experiment, game, optimisers[text]) for text, game in games.items()]
    coordinates = {
        "setting": np.array(experiment.labels, np.dtypes.StringDType()),  # a type that zarr has a specification for
        "seed": np.arange(experiment.seeds),
        "step": np.asarray(recording.rows(experiment.steps, experiment.every)),
    }
    names = dict.fromkeys(name for setting in experiment.settings for name in setting.levels)
    for name in names:
        column = _column([setting.levels.get(name) for setting in experiment.settings])
        coordinates[name if name not in TAKEN else f"{name}_"] = "setting", column
    shared = {
        name: value for name, value in attributes[0].items() if all(each.get(name) == value for each in attributes)
    }
    same = len({str(each) for each in constants}) == 1
    return xarray.Dataset(constants[0] if same else {}, coordinates, attrs=shared)


TAKEN = ("setting", "seed", "step", "label", "samples", "modes", "rate")  # names that no level may have


def _column(levels: list[Any]) -> Any:
    """A level's values as an array: numbers, with NaN for what is not set, or text."""
    import numpy as np

    if all(level is None or (isinstance(level, int | float) and not isinstance(level, bool)) for level in levels):
        return np.array([np.nan if level is None else level for level in levels])
    return np.array(["" if level is None else str(level) for level in levels], np.dtypes.StringDType())


def _known(game: Any, shown: int) -> dict[str, Any]:
    """What results hold of the game itself: a mixture's modes, or real images, as many as there are generated ones."""
    import jax

    from saddlery.data import Mixture
    from saddlery.games import Gan
    from saddlery.metrics.probes import IMAGES, pixels

    if not isinstance(game, Gan):
        return {}
    if isinstance(game.data, Mixture):
        return {"centres": (("mode", "coordinate"), jax.device_get(game.data.centres))}
    real = game.data.draw(jax.random.key(0), min(shown or IMAGES, IMAGES))
    return {"real": (("sample", "height", "width", "channel"), jax.device_get(pixels(real)))} if real.ndim == 4 else {}


def _described(experiment: Any, game: Any, optimisers: Any) -> dict[str, Any]:
    """The attributes of results: everything about them that is one value."""
    import platform

    import jax

    from saddlery import __version__
    from saddlery.data import Mixture, Stacked
    from saddlery.metrics.probes import perfect

    attributes = {
        "game": experiment.game,
        "command": experiment.command,
        "title": experiment.title,
        "note": experiment.note,
        "steps": experiment.steps,
        "every": experiment.every,
        "key": experiment.key,
        "samples_measured": experiment.samples,
        "optimisers": f"generator {optimisers.generator}, discriminator {optimisers.discriminator}"
        + ("" if experiment.learning_rate is None else f", learning rate {experiment.learning_rate}"),
        "versions": f"saddlery {__version__}, jax {jax.__version__}, Python {platform.python_version()}",
    }
    data = getattr(game, "data", None)
    if isinstance(data, Mixture):
        attributes |= {"modes_total": len(data.centres), "std": float(data.std)}
    elif isinstance(data, Stacked):
        attributes["modes_total"] = data.modes
    return attributes | {f"perfect_{name}": value for name, value in perfect(game, experiment.samples).items()}
