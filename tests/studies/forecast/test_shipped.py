"""What the package holds of the study is what was measured, to the precision that is said, and small."""

import json

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast.experiment import NUMBERS, SETTINGS
from saddlery.studies.forecast.shipped import EVERY, QUALITY, measured_of, runs, runs_of

RUNS, RECORDS = 30, 41
GAINED = [[0.3, 0.1], [0.0, 0.0], [0.5, 0.5]]


@pytest.fixture(scope="module")
def results():
    random = np.random.default_rng(0)
    data = {
        name: (("run", "step"), random.normal(size=(RUNS, RECORDS)).astype(np.float32)) for name in (*SIGNALS, *QUALITY)
    }
    data["spread"][1][3, 10:] = np.nan
    data["covered"][1][:] = np.nan
    along = {name: ("run", random.choice(["a", "bc"], RUNS)) for name in (*SETTINGS, "failure")}
    along |= {name: ("run", random.random(RUNS)) for name in (*NUMBERS, "visible")}
    along |= {"failed": ("run", random.random(RUNS) < 0.5), "fit": ("run", random.random(RUNS) < 0.5)}
    along |= {"diverged_at": ("run", np.full(RUNS, -1))}
    alarms = {"alarms": {"W20": {"threshold": -1.23456789, "false_alarms": [1, 20]}}}
    attrs = {"alarms": json.dumps(alarms), "command": "saddlery study forecast", "scale": "medium", "trial_steps": 900}
    cases = {"short": (("case", "trial"), [[0.2, 0.0], [0.2, 0.0], [0.0, 0.3]]), "full": (("case", "trial"), GAINED)}
    return xr.Dataset(data | along | cases, {"step": np.arange(RECORDS) * 50}, attrs)


def test_runs_are_read_back_as_they_were(results):
    held = runs(runs_of(results))
    for name in (*SETTINGS, *NUMBERS, "failure", "failed", "fit", "visible", "diverged_at"):
        np.testing.assert_array_equal(held[name].values, results[name].values)
    for name in (*SIGNALS, *QUALITY):
        told, was = held[name].values, results[name].values[:, ::EVERY]
        np.testing.assert_array_equal(np.isnan(told), np.isnan(was))
        if np.isfinite(was).any():
            np.testing.assert_allclose(told, was, atol=np.ptp(was[np.isfinite(was)]) / 254 / 2 * 1.001)
    np.testing.assert_array_equal(held["step"].values, results["step"].values[::EVERY])


def test_alarms_are_held_with_six_digits_and_what_made_them(results):
    held = json.loads(measured_of(results))
    assert held["alarms"]["W20"] == {"threshold": -1.23457, "false_alarms": [1, 20]}
    assert (held["runs"], held["scale"]) == (RUNS, "medium")
    assert held["trials"] == {"steps": 900, "cases": 3, "gain": 0.1, "worth": 0.05, "right": [1, 2]}


def test_the_packages_files_are_small_and_there():
    held = runs()
    assert held.sizes["run"] >= 400
    from saddlery.studies.forecast.shipped import RUNS as place

    assert len(place.read_bytes()) <= 2_000_000
