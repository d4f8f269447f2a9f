"""Facts of each setting beside its records: its modes, a perfect sampler's values, its optimisers.

A fact is a variable along `setting`; one that is the same for all may be without that dimension, or an attribute.
"""

import numpy as np
import xarray as xr


def has(dataset: xr.Dataset, name: str) -> bool:
    """Whether a fact is known of any setting."""
    return name in dataset or name in dataset.attrs


def along(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """A fact that is a number, along `setting`, NaN where it is not known; of one setting's dataset, its number."""
    held = dataset[name] if name in dataset else xr.DataArray(dataset.attrs.get(name, np.nan))
    bare = held.astype(float).reset_coords(drop=True)
    if "setting" in bare.dims or "setting" not in dataset.dims:
        return bare
    return bare.expand_dims(setting=dataset.sizes["setting"])


def distinct(dataset: xr.Dataset, name: str) -> list[float]:
    """The distinct values of a fact over all settings, in rising order."""
    values = np.atleast_1d(along(dataset, name).values)
    return np.unique(values[np.isfinite(values)]).tolist()


def shared(dataset: xr.Dataset, name: str) -> float | None:
    """The value of a fact that all settings have in common; `None` where it is not known, or differs."""
    values = np.atleast_1d(along(dataset, name).values)
    return float(values[0]) if np.isfinite(values).all() and len(set(values.tolist())) == 1 else None


def of(dataset: xr.Dataset, name: str, setting: int) -> np.ndarray:
    """A fact of one setting that is an array, such as its modes' centres.

    **Raises:** `KeyError` where it is not known.
    """
    held = dataset[name]
    return (held.isel(setting=setting) if "setting" in held.dims else held).values


def arrays(dataset: xr.Dataset, name: str) -> list[tuple[str, np.ndarray]]:
    """The distinct arrays of a fact over settings: alone, or each with the label of the first setting that has it.

    Empty where it is not known.
    """
    if name not in dataset:
        return []
    if "setting" not in dataset[name].dims:
        return [("", dataset[name].values)]
    found: list[tuple[str, np.ndarray]] = []
    for i, label in enumerate(dataset["setting"].values):
        each = of(dataset, name, i)
        if not any(np.array_equal(each, other) for _, other in found):
            found.append((str(label), each))
    return found if len(found) > 1 else [("", found[0][1])]


def optimisers(dataset: xr.Dataset) -> str | None:
    """Both players' optimisers in words; where settings differ, with what each is called."""
    if "generator_optimiser" not in dataset:
        return None
    labels, generators, discriminators = (
        np.atleast_1d(dataset[name].values) for name in ("setting", "generator_optimiser", "discriminator_optimiser")
    )
    of_both: dict[str, list[str]] = {}
    for label, one, other in zip(labels, generators, discriminators, strict=True):
        words = f"{one} for both players" if one == other else f"generator {one}, discriminator {other}"
        of_both.setdefault(words, []).append(str(label))
    if len(of_both) == 1:
        return next(iter(of_both))
    return "; ".join(f"{', '.join(named)}: {words}" for words, named in of_both.items())
