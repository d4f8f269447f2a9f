"""Levels: results whose settings are selected by the values of their axes."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import pandas
import xarray as xr

INEXACT = (None, "nearest", "pad", "ffill", "backfill", "bfill")  # what xarray itself understands by `method`


class Sweep(xr.Dataset):
    """The dataset of a sweep: an `xarray.Dataset` along `setting`, `seed` and `step`, with `method` a level for `sel`.

        ds.sel(method="consensus", learning_rate=1e-3).median("seed")

    In a plain dataset that keyword says how inexact labels are matched, which it still does with xarray's words for it,
    and always does in a single variable: select first, `ds.sel(method="consensus")["modes"]`.
    """

    __slots__ = ()

    def sel(
        self,
        indexers: Mapping[Any, Any] | None = None,
        method: object = None,
        tolerance: float | Iterable[float] | None = None,
        drop: bool = False,
        **levels: Any,
    ) -> Self:
        """Select as `xarray.Dataset.sel`, with levels of `setting` by name, `method` among them."""
        if not (isinstance(method, str) or method is None) or method not in INEXACT:
            levels, method = levels | {"method": method}, None
        return super().sel({**(indexers or {}), **levels}, method=method, tolerance=tolerance, drop=drop)


def with_levels(results: xr.Dataset) -> Sweep:
    """Results whose dimension `setting` has a level for each thing that differs between settings.

    What a setting does not have is NaN, or empty text. What each is called remains as the coordinate `label`.
    """
    levels = [name for name, values in results.coords.items() if values.dims == ("setting",) and name != "setting"]
    named = results.assign_coords(label=("setting", results["setting"].values)).drop_vars("setting")
    order = sorted(levels, key=lambda name: name != "method")
    index = pandas.MultiIndex.from_arrays([named[name].values for name in order], names=order)  # also of a single one
    named = named.drop_vars(order).assign_coords(xr.Coordinates.from_pandas_multiindex(index, "setting"))
    return Sweep(named.data_vars, named.coords, named.attrs)


def flat(results: xr.Dataset) -> xr.Dataset:
    """The dataset that `with_levels` was made from: each setting by its label."""
    if "label" not in results.coords:
        return results
    bare = results.reset_index("setting") if "setting" in results.indexes else results
    bare = bare.assign_coords(setting=("setting", bare["label"].values)).drop_vars("label")
    return xr.Dataset(bare.data_vars, bare.coords, bare.attrs)
