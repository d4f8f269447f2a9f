"""Forecasts: nothing of the future is looked at, chance is found to be chance, and what tells is found."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast import scores
from saddlery.studies.forecast.features import names_of, of_signals
from saddlery.studies.forecast.forecasts import Signals, forecasts, halves, sets
from saddlery.studies.forecast.population import GAMES, HELD_OUT, LOSSES, METHODS

RUNS, RECORDS = 200, 21
LOOKED = (0.05, 0.25)  # at other looks it is the same


@pytest.fixture(scope="module")
def noise():
    """Runs whose signals are noise, and outcomes that are as random; ten of each kind, twenty kinds."""
    random = np.random.default_rng(0)
    names = [*SIGNALS, "shortfall", "covered", "generator_moved", "discriminator_moved"]
    data = {name: (("run", "step"), random.normal(size=(RUNS, RECORDS))) for name in names}
    kinds = np.arange(RUNS) // 10
    games = np.array(list(GAMES))[kinds % len(GAMES)]
    coordinates = {
        "kind": kinds, "game": games, "loss": random.choice(list(LOSSES), RUNS),
        "method": random.choice(list(METHODS), RUNS), "size": random.choice(["small", "large"], RUNS),
        "generator_rate": 10 ** random.uniform(-5, -1, RUNS), "discriminator_rate": 10 ** random.uniform(-5, -1, RUNS),
        "b1": random.choice([0.0, 0.5, 0.9], RUNS),
    }  # fmt: skip
    found = xr.Dataset(data, {"step": 100 * np.arange(RECORDS)} | {k: ("run", v) for k, v in coordinates.items()})
    return found.assign(diverged_at=("run", np.full(RUNS, -1))), random.random(RUNS) < 0.5


WANTED = {"settings": Signals((), True), "norms": Signals(tuple(names_of(["losses", "norms"])))}


def test_shuffled_outcomes_are_foretold_by_chance(noise):
    dataset, failed = noise
    fit = halves(dataset)
    found = forecasts(dataset, failed, fit, WANTED, LOOKED)
    for of_set in scores.areas(found, failed, ~fit, dataset["kind"].values).values():
        for _, low, high in of_set:
            assert low <= 0.5 <= high
    for of_set in scores.areas_elsewhere(found, failed, dataset["game"].values).values():
        assert all(abs(each - 0.5) < 0.15 for each in of_set)


def test_a_signal_that_tells_all_is_found_and_rings_before_failure_is_visible(noise):
    dataset, failed = noise
    told = dataset.copy(deep=True)
    told["gap"] = told["gap"] + np.where(failed, 8.0, 0.0)[:, None] * xr.ones_like(told["gap"])
    fit = halves(told)
    found = forecasts(told, failed, fit, WANTED, LOOKED)
    areas = scores.areas(found, failed, ~fit, told["kind"].values)
    assert all(value > 0.97 for value, *_ in areas["norms"])
    assert all(value < 0.7 for value, *_ in areas["settings"])
    risk, visible = found["risk"].sel(signals="norms").values, np.where(failed, 1000.0, np.nan)
    alarm = scores.alarm(risk, np.array(LOOKED), 2000.0, failed, fit, visible)
    assert alarm.false_alarms[0] <= 0.1
    assert alarm.caught[0] > 0.9
    assert 0 < alarm.lead <= 0.5


def test_features_hold_nothing_later_than_the_look(noise):
    dataset, _ = noise
    later = dataset.copy(deep=True)
    for name in SIGNALS:
        later[name][:, 5:] = 1e6
    for records in (2, 5):
        np.testing.assert_array_equal(
            of_signals(dataset, list(SIGNALS), records), of_signals(later, list(SIGNALS), records)
        )


def test_kinds_and_the_held_out_game_are_never_on_both_sides(noise):
    dataset, _ = noise
    fit, kinds = halves(dataset), dataset["kind"].values
    assert not set(kinds[fit]) & set(kinds[~fit])
    assert not fit[dataset["game"].values == HELD_OUT].any()
    for game in set(GAMES) - {HELD_OUT}:
        assert fit[dataset["game"].values == game].mean() == pytest.approx(0.5)


def test_an_alarm_keeps_to_its_false_alarms_on_runs_of_its_own():
    random = np.random.default_rng(0)
    risk, failed, fit = random.random((20, 2000)), np.zeros(2000, bool), np.arange(2000) < 1000
    failed[::2] = True
    alarm = scores.alarm(risk, np.arange(1, 21) / 20, 100.0, failed, fit, np.where(failed, 100.0, np.nan))
    own = np.isfinite(alarm.rang)[fit & ~failed]
    assert own.mean() <= 1 / scores.PER_RUN
    share, count = alarm.false_alarms
    assert count == 500
    assert abs(share - 1 / scores.PER_RUN) < 0.04


def test_without_healthy_runs_no_alarm_rings():
    """Not in all of them either, for want of one in which it must not."""
    risk, failed = np.random.default_rng(0).random((20, 30)), np.ones(30, bool)
    found = scores.alarm(risk, np.arange(1, 21) / 20, 100.0, failed, np.arange(30) < 15, np.full(30, 100.0))
    assert found.caught == (0.0, 15)
    assert np.isnan(found.lead)


def test_gains_are_paired_and_of_nested_sets():
    found = sets()
    order = ["losses", "norms", "diversity", "path", "jacobian"]
    for less, more in pairwise(order):
        assert set(found[less].names) < set(found[more].names)
    assert set(found["jacobian"].names) == set(SIGNALS)


def test_calibration_is_the_share_that_fails_among_runs_of_a_risk():
    risk = np.repeat([0.1, 0.9], 50)
    failed = np.arange(100) % 10 == 0
    failed[50:] = np.arange(50) % 10 != 0
    for mean, share, _ in scores.calibration(risk, failed):
        assert mean == pytest.approx(share, abs=0.15)
