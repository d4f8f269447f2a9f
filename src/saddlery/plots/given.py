"""The datasets of figures: the labelled dataset that an object holds, and the error for an object that holds none."""

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import xarray as xr

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import plain
from saddlery.text.names import nearest

RUN = "run"  # what the one setting of a Run is called, whose method is not known
ENDS = ("diverged_at", "steps_per_second")  # numbers of a run as a whole


@runtime_checkable
class HasDataset(Protocol):
    """The protocol of an object that holds its records as `dataset`, as a `Results` does."""

    @property
    def dataset(self) -> xr.Dataset: ...  # noqa: D102


@runtime_checkable
class HasHistory(Protocol):
    """The protocol of an object that holds its records as `history`, as a `Run` does."""

    @property
    def history(self) -> xr.Dataset: ...  # noqa: D102


Records: TypeAlias = xr.Dataset | HasDataset | HasHistory


def refused(figure: str, of: object, needed: str) -> str:
    """The error message for an object that a figure cannot draw."""
    return f"{figure}: got a {plain(type(of).__name__)}, expected {needed}"


def held(of: object) -> xr.Dataset | None:
    """The dataset that an object is, or holds: a `Results` as `dataset`, a `Run` as `history`; else `None`."""
    if isinstance(of, xr.Dataset):
        return of
    found = (getattr(of, name, None) for name in ("dataset", "history"))
    return next((each for each in found if isinstance(each, xr.Dataset)), None)


def experiment(figure: str, of: object, needed: str = "a Run, a Results or an xarray.Dataset") -> xr.Dataset:
    """The records of an object along `setting`, `seed` and `step`, as reports draw them.

    Results whose settings are selected by levels have each setting by its label; what has one setting or one seed has
    dimensions of size one.

    **Raises:** `TypeError` when the object holds no dataset; `ValueError` when that has no steps.
    """
    dataset = held(of)
    if dataset is None:
        raise InvalidType(refused(figure, of, needed))
    if not dataset.sizes.get("step"):
        raise InvalidValue(f"{figure}: got a dataset of {dict(dataset.sizes)}, expected records along step")
    dataset = _by_label(dataset)
    for dimension, name in (("seed", 0), ("setting", RUN)):
        dataset = _along(dataset, dimension, name)
    if "method" not in dataset.coords:
        labels = map(str, dataset["setting"].values)
        methods = ["" if label == RUN else label.partition("(")[0] for label in labels]
        dataset = dataset.assign_coords(method=("setting", methods))
    elif dataset["method"].ndim == 0:
        dataset = dataset.assign_coords(method=("setting", [dataset["method"].item()] * dataset.sizes["setting"]))
    if "diverged_at" not in dataset:
        never = np.full((dataset.sizes["setting"], dataset.sizes["seed"]), -1)
        dataset = dataset.assign(diverged_at=(("setting", "seed"), never))
    return dataset


def _by_label(dataset: xr.Dataset) -> xr.Dataset:
    """Settings by their labels instead of their levels, also where some of these were selected."""
    if "label" not in dataset.coords:
        return dataset
    labels = dataset["label"]
    bare = dataset.reset_index([name for name in labels.dims if name in dataset.indexes])
    bare = xr.Dataset(bare.data_vars, bare.coords, bare.attrs).drop_vars("label")
    if labels.ndim == 0:
        return bare.drop_vars("setting", errors="ignore").assign_coords(setting=labels.item())
    (along,) = labels.dims  # `setting`, or the only level that is left
    renamed = bare if along == "setting" else bare.rename_dims({along: "setting"})
    return renamed.assign_coords(setting=("setting", labels.values))


def _along(dataset: xr.Dataset, dimension: str, name: Any) -> xr.Dataset:
    """A dataset with a dimension, of size one where it had none; what it then holds is called as it was selected."""
    if dimension in dataset.dims:
        return dataset
    label = dataset.coords[dimension].item() if dimension in dataset.coords else name
    bare = dataset.drop_vars(dimension, errors="ignore")
    wide = {key: each for key, each in bare.data_vars.items() if "step" in each.dims or key in ENDS}
    return bare.assign({key: each.expand_dims({dimension: [label]}) for key, each in wide.items()})


def settings(dataset: xr.Dataset, which: str | None) -> xr.Dataset:
    """The settings of a dataset: all, or those with a label or method of that name.

    **Raises:** `ValueError` naming the nearest.
    """
    if which is None:
        return dataset
    labels, methods = (np.array(list(map(str, dataset[name].values))) for name in ("setting", "method"))
    chosen = np.flatnonzero((labels == which) | (methods == which))
    if not len(chosen):
        raise InvalidValue(nearest("setting", which, {*labels, *methods}))
    return dataset.isel(setting=chosen)


def record(dataset: xr.Dataset, step: int) -> int:
    """The position of a step among the records, −1 being the last.

    **Raises:** `ValueError` for a step at which nothing was recorded, naming the nearest ones.
    """
    steps = dataset["step"].values
    if step == -1:
        return len(steps) - 1
    if step not in steps:
        near = ", ".join(f"{each:,}" for each in sorted(sorted(steps, key=lambda each: abs(each - step))[:4]))
        raise InvalidValue(f"step: got {step}, at which nothing was recorded; the nearest records are at {near}")
    return int(np.flatnonzero(steps == step)[0])


def run(figure: str, dataset: xr.Dataset, setting: str | None, seed: int) -> xr.Dataset:
    """The records of one run: of the first setting with that name, and of one seed.

    **Raises:** `ValueError` for a setting or seed that is not there.
    """
    seeds = dataset["seed"].values
    if seed not in seeds:
        raise InvalidValue(f"{figure}: seed: got {seed}, expected one of {', '.join(map(str, seeds))}")
    return settings(dataset, setting).isel(setting=0, seed=int(np.flatnonzero(seeds == seed)[0]))


def require(figure: str, dataset: xr.Dataset, *names: str, made_by: str) -> None:
    """Refuse a dataset without the variables that are drawn.

    **Arguments:** `made_by`: what records them.

    **Raises:** `ValueError` naming them, and what there is.
    """
    missing = [name for name in names if name not in dataset]
    if missing:
        there = ", ".join(map(str, dataset.data_vars)) or "nothing"
        raise InvalidValue(f"{figure}: the records hold no {' and no '.join(missing)}, but {there}; {made_by}")
