"""Thresholds of alarms: rarely false on kinds of runs that they were not fitted to, and found where something tells."""

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis.alarms import CODES, ringing
from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast.calibration import before, calibrated, rang, reach, singles, thresholds
from saddlery.studies.forecast.scores import PER_RUN

RECORDS, EVERY = 40, 50


def runs(kinds, told, seed=0, healthy=0.5):
    """Runs of noise, correlated in time and by kind; of those that fail one signal drifts from record 15 on."""
    random = np.random.default_rng(seed)
    kind = np.repeat(np.arange(kinds), 4)
    failed = random.random(len(kind)) > healthy
    data = {}
    for name in SIGNALS:
        noise = 0.5 * random.normal(size=(kinds, 1))[kind] + random.normal(size=(len(kind), RECORDS))
        data[name] = (("run", "step"), noise)
    if told:
        drift = np.where(failed[:, None] & (np.arange(RECORDS) >= 15), -20.0, 0.0)
        data["spread"] = (("run", "step"), data["spread"][1] + drift)
    data["failure"] = "run", np.where(failed, np.where(kind % 3 == 0, "collapsed", "stalled"), "healthy")
    dataset = xr.Dataset(data, {"step": np.arange(RECORDS) * EVERY, "kind": ("run", kind)})
    fit = kind % 2 == 0
    visible = np.where(failed, 1500.0, np.nan)
    return dataset, failed, fit, visible


def test_what_tells_is_found_before_it_is_visible_and_rings_in_no_healthy_run():
    dataset, failed, fit, visible = runs(60, told=True)
    found = calibrated(dataset, failed, fit, visible, ("losses", "norms", "diversity", "path"))
    assert "W20" in found["alarms"]
    mine = found["alarms"]["W20"]
    assert mine["caught"].number == mine["caught"].of == (failed & ~fit).sum()
    assert mine["false_alarms"].of == (~failed & ~fit).sum()
    assert -20 < mine["threshold"] < 0
    assert mine["lead"] == pytest.approx(1500 - 17 * EVERY, abs=2 * EVERY)


def test_kinds_of_failure_are_counted_each_and_come_to_all_that_failed():
    dataset, failed, fit, visible = runs(60, told=True)
    dataset["spread"][dataset["failure"].values == "stalled"] = 0.0
    found = calibrated(dataset, failed, fit, visible, ("losses", "norms", "diversity", "path"))
    failures = found["failures"]
    assert {*failures} == {"collapsed", "stalled"}
    assert failures["collapsed"].number == failures["collapsed"].of
    assert failures["stalled"].number < failures["stalled"].of / 4
    assert tuple(map(sum, zip(*failures.values(), strict=True))) == found["caught"]


@pytest.mark.parametrize("seed", range(3))
def test_all_together_are_rarely_false_on_kinds_that_were_not_seen(seed):
    dataset, failed, fit, visible = runs(150, told=False, seed=seed)
    found = calibrated(dataset, failed, fit, visible, ("losses", "norms", "diversity", "path"))
    false, of = found["false_alarms"]
    assert false <= 2 * of / PER_RUN
    caught, failing = found["caught"]
    assert caught <= 3 * failing / PER_RUN  # nothing tells, so nothing is caught but by chance


def test_shares_are_those_that_ringing_gives():
    dataset, failed, fit, visible = runs(60, told=True)
    found = calibrated(dataset, failed, fit, visible, ("losses", "norms", "diversity", "path"))
    codes = list(found["alarms"])
    steps = dataset["step"].values
    limits = {
        i: found["alarms"][code]["threshold"] * (1.0 if CODES[code].above else -1.0) for i, code in enumerate(codes)
    }
    rings = rang(before(reach(dataset, codes), steps, visible), limits)
    from saddlery.analysis.alarms import read

    alarms = read(found)
    for i in np.flatnonzero(~failed):
        own = {str(name): dataset[name].values[i] for name in SIGNALS}
        assert bool(ringing(own, steps, alarms)) == rings[i]


def test_where_nothing_is_healthy_there_is_no_threshold():
    dataset, failed, _, visible = runs(6, told=True, healthy=0.0)
    farthest = before(reach(dataset, ["W20"]), dataset["step"].values, visible)
    assert thresholds(farthest, failed, dataset["kind"].values) == {}


def test_what_comes_after_visible_failure_is_not_caught():
    dataset, failed, fit, _ = runs(60, told=True)
    found = calibrated(dataset, failed, fit, np.where(failed, 500.0, np.nan), ("diversity",))
    assert "W20" not in found["alarms"]


def test_single_signals_keep_to_their_false_alarms_where_they_are_fitted():
    dataset, failed, fit, visible = runs(100, told=True)
    found = singles(dataset, failed, fit, visible).set_index(code="code")
    assert float(found["single_caught"].sel(code="W20")) == 1.0
    farthest = before(reach(dataset, list(CODES)), dataset["step"].values, visible)
    for i, code in enumerate(CODES):
        limit = float(found["single_threshold"].sel(code=code)) * (1.0 if CODES[code].above else -1.0)
        assert (farthest[i][fit & ~failed] > limit).mean() <= 1 / PER_RUN
