"""Facts of settings: shared or not, along `setting`, without it or as an attribute."""

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis import facts


@pytest.fixture
def settings():
    centres = np.full((3, 4, 2), np.nan)
    centres[0, :2], centres[1:, :4] = 1.0, 2.0
    return xr.Dataset(
        {
            "modes_total": ("setting", [2.0, 4.0, 4.0]),
            "mode_std": ("setting", [0.1, 0.1, 0.1]),
            "perfect_kl": ("setting", [0.5, np.nan, np.nan]),
            "centres": (("setting", "mode", "coordinate"), centres),
            "real": (("sample",), np.arange(3)),
            "generator_optimiser": ("setting", ["a", "a", "b"]),
            "discriminator_optimiser": ("setting", ["a", "a", "c"]),
            "gamma": ("setting", [1.0, 2.0, 3.0]),
        },
        {"setting": ["one", "two", "three"]},
        {"close": 0.5},
    ).set_coords("gamma")


def test_a_number_is_found_wherever_it_is_kept(settings):
    assert facts.along(settings, "modes_total").values.tolist() == [2, 4, 4]
    assert facts.along(settings, "close").dims == ("setting",)
    assert facts.along(settings, "close").values.tolist() == [0.5] * 3
    assert np.isnan(facts.along(settings, "nothing").values).all()
    assert facts.along(settings.isel(setting=1), "modes_total").item() == 4
    assert facts.along(settings.isel(setting=1), "close").item() == 0.5
    assert [facts.has(settings, name) for name in ("modes_total", "close", "nothing")] == [True, True, False]


def test_a_number_compares_with_records_of_every_setting(settings):
    records = xr.DataArray(np.array([[2, 1], [2, 4], [4, 4]]), dims=("setting", "seed"))
    assert (records >= facts.along(settings, "modes_total")).values.tolist() == [[1, 0], [0, 1], [1, 1]]


def test_shared_is_what_all_settings_have_and_know(settings):
    assert facts.shared(settings, "mode_std") == 0.1
    assert facts.shared(settings, "modes_total") is None
    assert facts.shared(settings, "perfect_kl") is None
    assert facts.shared(settings, "nothing") is None
    assert facts.shared(settings.isel(setting=[1, 2]), "modes_total") == 4
    assert facts.distinct(settings, "modes_total") == [2, 4]
    assert facts.distinct(settings, "perfect_kl") == [0.5]
    assert facts.distinct(settings, "nothing") == []


def test_arrays_are_each_setting_s_own_and_told_once(settings):
    np.testing.assert_array_equal(facts.of(settings, "real", 2), np.arange(3))
    assert np.isfinite(facts.of(settings, "centres", 0)).all(-1).sum() == 2
    assert [name for name, _ in facts.arrays(settings, "real")] == [""]
    assert facts.arrays(settings, "nothing") == []
    alike = settings.isel(setting=[1, 2])
    assert [name for name, _ in facts.arrays(alike, "centres")] == [""]


def test_optimisers_are_told_once_or_with_the_settings_that_have_them(settings):
    assert facts.optimisers(settings) == "one, two: a for both players; three: generator b, discriminator c"
    assert facts.optimisers(settings.isel(setting=[0, 1])) == "a for both players"
    assert facts.optimisers(settings.drop_vars("generator_optimiser")) is None
