"""Settings are selected by their levels, also where there is a single one."""

import numpy as np
import pytest
import xarray as xr

from saddlery.experiments.levels import flat, with_levels


def results(**levels):
    n = len(next(iter(levels.values())))
    coordinates = {name: ("setting", list(values)) for name, values in levels.items()}
    return xr.Dataset(
        {"modes": (("setting", "step"), np.arange(2.0 * n).reshape(n, 2))},
        {"setting": [f"s{i}" for i in range(n)], "step": [0, 1], **coordinates},
    )


@pytest.mark.parametrize("levels", [{"method": ["a", "b"]}, {"method": ["a", "b", "b"], "gamma": [np.nan, 1.0, 2.0]}])
def test_a_method_is_selected_by_its_name(levels):
    found = with_levels(results(**levels)).sel(method="a")["modes"]
    assert found.values.ravel().tolist() == [0.0, 1.0]


def test_levels_come_back_as_they_were():
    for levels in ({"method": ["a", "b"]}, {"rate": [0.1, 0.2], "method": ["a", "a"]}):
        before = results(**levels)
        xr.testing.assert_identical(
            flat(with_levels(before))[["modes"]].drop_vars(list(levels)), before.drop_vars(list(levels))
        )
        for name, values in levels.items():
            assert flat(with_levels(before))[name].values.tolist() == values
