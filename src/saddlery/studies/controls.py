"""Controls of studies, measured as trained generators are and put beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr


def beside(
    results: xr.Dataset, names: Sequence[str], controls: Mapping[str, Sequence[Mapping[str, Any]]]
) -> xr.Dataset:
    """A study's results: what was measured of its generators and of controls, along one axis.

    **Arguments:**
    - `results`: of `saddlery.studies.trained.train_and_measure`, a dataset (`setting`, `seed`, …).
    - `names`: the variables that were measured, (setting, seed, …).
    - `controls`: by their labels, for each seed the values of those variables.

    **Returns:** the dataset with these variables along `generator` in the place of `setting`, first the settings, then
    the controls, and along it the coordinates `kind`: the method, or again the control, and where the settings have a
    `depth`, K, `depth_of`, NaN of controls.
    """
    variables = {}
    for name in names:
        own = results[name].transpose("setting", "seed", ...)
        others = [np.stack([np.asarray(values[name]) for values in seeds]) for seeds in controls.values()]
        variables[name] = ("generator", *own.dims[1:]), np.concatenate([own.values, np.stack(others)])
    coordinates = {
        "generator": [*results["setting"].values, *controls],
        "kind": ("generator", [*results["method"].values, *controls]),
    }
    if "depth" in results.coords:
        coordinates["depth_of"] = "generator", [*results["depth"].values, *[np.nan] * len(controls)]
    return results.drop_vars(names).assign(variables).assign_coords(coordinates)


def generators(results: xr.Dataset) -> xr.Dataset:
    """The measures of generators and controls, (`setting`, `seed`, …), with the coordinates `method` and `depth`."""
    measured = [str(name) for name, each in results.data_vars.items() if "generator" in each.dims]
    known = {"generator": "setting", "kind": "method", "depth_of": "depth"}
    renamed = {name: new for name, new in known.items() if name in results.coords}
    return results[measured].drop_vars(list(known.values()), errors="ignore").rename(renamed)
