"""The results of an experiment: every method's history on common axes, with all that is known of how they were made."""

from pathlib import Path
from typing import Any

from saddlery import storage
from saddlery.call import parse

DESCRIPTION, RESULTS = "experiment.json", "results.zarr"  # of an experiment's folder


def open_results(folder: Path | str) -> Any:
    """The results that a folder holds, an `xarray.Dataset`.

    **Raises:** `FileNotFoundError` when there is no experiment or it is not finished; `ValueError` when it is damaged.
    """
    import xarray

    path = Path(folder) / RESULTS
    if not (Path(folder) / DESCRIPTION).is_file():
        raise FileNotFoundError(f"{folder} holds no experiment: there is no {Path(folder) / DESCRIPTION}")
    if not path.exists():
        raise FileNotFoundError(f"the experiment in {folder} is not finished; continue with: saddlery resume {folder}")
    try:
        results = xarray.open_zarr(path, chunks=None, consolidated=False).load()
    except Exception as error:  # zarr and xarray have many names for a file that is not as it was
        raise ValueError(f"{path} is damaged ({error}); delete it and run: saddlery resume {folder}") from error
    for name in ("setting", "method"):  # stored as text of any length, which little but zarr understands
        results[name] = "setting", [str(text) for text in results[name].values]
    return results


def write_results(results: Any, folder: Path) -> None:
    """Write results into an experiment's folder, whole or not at all."""
    with storage.folder(folder / RESULTS) as beside:
        results.to_zarr(beside, mode="w", zarr_format=3, consolidated=False)


def combined(experiment: Any, game: Any, optimisers: Any, histories: dict[str, Any]) -> Any:
    """The methods' histories along `setting`, with what is known of the game and of how they were made.

    **Arguments:**
    - `experiment`, `game`: an `Experiment`, and its game built.
    - `optimisers`: both players', as texts.
    - `histories`: each method's, by its text, with dimensions `seed` and `step`.
    """
    import numpy as np
    import xarray

    text = np.dtypes.StringDType()  # a type that zarr has a specification for
    results = xarray.concat(histories.values(), "setting", combine_attrs="drop").assign_coords(
        setting=np.array(list(histories), text),
        method=("setting", np.array([parse(method).name for method in histories], text)),
    )
    return results.assign(_known(game)).assign_attrs(_described(experiment, game, optimisers))


def _known(game: Any) -> dict[str, Any]:
    """What results hold of the game itself: a mixture's modes, or real images to compare with."""
    import jax

    from saddlery.data import Mixture
    from saddlery.games import Gan
    from saddlery.metrics.probes import IMAGES, pixels

    if not isinstance(game, Gan):
        return {}
    if isinstance(game.data, Mixture):
        return {"centres": (("mode", "coordinate"), jax.device_get(game.data.centres))}
    real = game.data.draw(jax.random.key(0), IMAGES)
    return {"real": (("sample", "height", "width", "channel"), jax.device_get(pixels(real)))} if real.ndim == 4 else {}


def _described(experiment: Any, game: Any, optimisers: Any) -> dict[str, Any]:
    """The attributes of results: everything about them that is one value."""
    import platform

    import jax

    from saddlery import __version__
    from saddlery.data import Mixture
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
        + ("" if experiment.learning_rate is None else f", learning rate {experiment.learning_rate:g}"),
        "versions": f"saddlery {__version__}, jax {jax.__version__}, Python {platform.python_version()}",
    }
    data = getattr(game, "data", None)
    if isinstance(data, Mixture):
        attributes |= {"modes_total": len(data.centres), "std": float(data.std)}
    return attributes | {f"perfect_{name}": value for name, value in perfect(game, experiment.samples).items()}
