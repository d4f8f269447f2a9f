"""Outcomes of runs: each word has records that make it so, and the neighbouring ones that do not."""

import numpy as np
import pytest
import xarray as xr

from saddlery.studies.forecast.failures import FAR, Failure, crossings, deadlines, failures, held, visible

RECORDS = 41
LINE = np.linspace(0, 1, RECORDS)
FALLS = np.clip(1 - 3 * LINE, 0.1, 1)  # good after a third


def runs(**each):
    """A dataset of one run; what is not given is that of a healthy one."""
    base = {
        "shortfall": FALLS, "covered": np.full(RECORDS, np.nan), "spread": np.zeros(RECORDS),
        "nearest": np.zeros(RECORDS), "generator_moved": 2 * LINE,
    } | each  # fmt: skip
    lost = base.pop("diverged_at", -1)
    found = xr.Dataset(
        {k: (("run", "step"), v[None].copy()) for k, v in base.items()}, {"step": 100 * np.arange(RECORDS)}
    )
    return found.assign(diverged_at=("run", [lost])).assign_coords(game=("run", ["a"]))


SWINGS = 0.6 + 0.3 * np.sign(np.sin(40 * LINE))
CASES = {
    "good to the end": ({}, Failure.HEALTHY),
    "left the numbers": ({"diverged_at": 700}, Failure.DIVERGED),
    "samples burst": ({"spread": 5 * LINE}, Failure.DIVERGED),
    "hardly moves": ({"shortfall": np.full(RECORDS, 0.95), "generator_moved": 0.1 * LINE}, Failure.SLOW),
    "still falls": ({"shortfall": 1 - 0.4 * LINE}, Failure.SLOW),
    "falls too little to be good soon": ({"shortfall": 1 - 0.05 * LINE}, Failure.STALLED),
    "comes and goes": ({"shortfall": SWINGS}, Failure.OSCILLATING),
    "swings, but is never better than untrained": ({"shortfall": SWINGS + 0.8}, Failure.STALLED),
    "was good and is not": ({"shortfall": np.where(LINE < 0.6, FALLS, 0.9)}, Failure.DRIFTED),
    "draws together": ({"shortfall": np.ones(RECORDS), "spread": -4 * LINE}, Failure.COLLAPSED),
    "narrow as it began": ({"shortfall": np.ones(RECORDS), "spread": np.full(RECORDS, -2.0)}, Failure.STALLED),
    "copies of a few": ({"shortfall": np.full(RECORDS, 0.8), "nearest": -4 * LINE}, Failure.COLLAPSED),
    "at two of eight modes": (
        {"shortfall": np.full(RECORDS, 0.78), "covered": np.full(RECORDS, 0.25)}, Failure.COLLAPSED,
    ),
    "over all modes, at none": (
        {"shortfall": np.full(RECORDS, 0.95), "covered": np.full(RECORDS, 1.0)}, Failure.STALLED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_run_is_called_what_its_samples_do(name):
    given, expected = CASES[name]
    assert failures(runs(**given)).tolist() == [expected]


def test_failure_is_seen_once_it_is_never_good_again_and_not_before_healthy_runs_are():
    each = [runs(), runs(shortfall=np.where(LINE < 0.6, FALLS, 0.9)), runs(shortfall=np.ones(RECORDS)),
            runs(diverged_at=300, shortfall=np.ones(RECORDS))]  # fmt: skip
    found = xr.concat(each, "run")
    failed = failures(found) != Failure.HEALTHY
    by = deadlines(found, ~failed)
    good = found["step"].values[np.flatnonzero(FALLS > FAR)[-1] + 1]
    assert by == {"a": good}
    seen = visible(found, failed, by)
    assert np.isnan(seen[0])
    assert seen[1:].tolist() == [2400, good, 300]  # from 0.6 of 4,000 steps on; at the deadline; where it diverged


def test_what_was_held_is_a_median_and_no_lucky_record():
    lucky = np.ones(41)
    lucky[20] = 0.0
    assert held(lucky[None]).tolist() == [1.0]
    assert held(FALLS[None]).tolist() == [pytest.approx(0.1)]


def test_noise_within_the_band_is_no_oscillation():
    noise = 0.6 + 0.05 * np.random.default_rng(0).standard_normal(200)
    assert crossings(noise) == 0
    assert crossings(np.repeat([0.3, 0.9, 0.3, 0.9], 5)) == 3
