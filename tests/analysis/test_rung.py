"""Alarms in records: of a run, of a trial run after it, of an experiment, and what is said of them."""

import numpy as np
import pytest
import xarray as xr

from saddlery.analysis.alarms import ALARMS, CODES, EVERY, Alarm, Share
from saddlery.analysis.rung import first, in_experiment, in_history, in_trial, missing
from saddlery.report.words import findings

STEPS = np.arange(0, 2001, EVERY)


@pytest.fixture(autouse=True)
def alarms(monkeypatch):
    """Three alarms of known thresholds, and no other."""
    for code in list(ALARMS):
        monkeypatch.delitem(ALARMS, code)
    for code, threshold in {"W07": 2.0, "W20": -1.0, "W28": 0.2}.items():
        made = Alarm(code, *CODES[code], threshold, 1.0, Share(1, 140), Share(30, 90), 400.0)
        monkeypatch.setitem(ALARMS, code, made)


def history(**arrays):
    return xr.Dataset({name: ("step", each) for name, each in arrays.items()}, {"step": STEPS})


def late(value, before=1.0):
    return np.where(STEPS >= 1000, value, before)


def test_what_is_recorded_rings_and_what_is_not_is_named():
    held = history(discriminator_loss=late(np.e**2.5), spread=late(1.0))
    assert [(rung.alarm.code, rung.since) for rung in in_history(held)] == [("W07", 1000 + 2 * EVERY)]
    assert [alarm.code for alarm in missing(held)] == ["W28"]


def test_a_trial_run_goes_on_from_where_the_run_is_and_its_records_are_as_far_apart_as_the_studys():
    steps = np.arange(0, 1001, 5)
    angle = steps / 5 * np.pi  # to and fro from record to record, but straight on from one in ten to the next
    position = np.stack([steps / 1000, np.cos(angle)], axis=1)
    path = xr.Dataset(
        {"position": (("step", "axis"), position), "spread": ("step", np.full(len(steps), 0.2))}, {"step": steps}
    )
    assert [(rung.alarm.code, rung.since) for rung in in_trial(path, 5000)] == [("W20", 5000 + 4 * EVERY)]
    assert [rung.since for rung in in_trial(path, 0)] == [200]  # not at a run's very start


def test_gradients_of_a_trial_run_are_not_compared_with_its_own_first_ones(monkeypatch):
    made = Alarm("W09", *CODES["W09"], 1.0, 1.0, Share(1, 140), Share(30, 90), 400.0)
    monkeypatch.setitem(ALARMS, "W09", made)
    growing = xr.Dataset({"generator_norm": ("step", np.exp(np.arange(41.0)))}, {"step": STEPS})
    assert [rung.alarm.code for rung in in_history(growing)] == ["W09"]
    assert in_trial(growing, 5000) == []


def test_each_alarm_counts_where_it_rang_first():
    early, other = (in_history(history(spread=np.where(at <= STEPS, 0.1, 1.0))) for at in (500, 1500))
    assert [rung.since for rung in first(other, early)] == [500 + 2 * EVERY]
    assert first([], []) == []


def experiment(spread):
    shape = (1, 4, len(STEPS))
    held = {
        "discriminator_loss": np.ones(shape), "spread": spread, "modes": np.full(shape, 8.0),
        "high_quality": np.full(shape, 0.98),
    }  # fmt: skip
    rest = {
        "diverged_at": (("setting", "seed"), np.full((1, 4), -1)),
        "steps_per_second": (("setting", "seed"), np.ones((1, 4))),
    }
    return xr.Dataset(
        {name: (("setting", "seed", "step"), each) for name, each in held.items()} | rest,
        {"setting": ["a"], "method": ("setting", ["a"]), "seed": range(4), "step": STEPS},
        {"modes_total": 8},
    )


def test_a_report_says_in_how_many_seeds_an_alarm_rang_since_when_and_how_often_it_is_false():
    spread = np.ones((1, 4, len(STEPS)))
    spread[0, 0, 10:] = spread[0, 1, 20:] = 0.1
    made = experiment(spread)
    since = in_experiment(made)["W20"]
    assert since[0, :2].tolist() == [600, 1100]
    assert np.isnan(since[0, 2:]).all()
    [found] = [each for each in findings(made) if each.subject == "Alarm"]
    assert found.text == (
        "W20, samples draw together: a in 2 of 4 seeds. In the middle of these since step 850. "
        "It rang in 1 of 140 healthy runs of the study forecast."
    )
    assert not [each for each in findings(experiment(np.ones((1, 4, len(STEPS))))) if each.subject == "Alarm"]


def test_games_without_samples_ring_no_alarm():
    """None was measured of them: the players of a bilinear game return to where they were, and are well."""
    made = experiment(np.full((1, 4, len(STEPS)), 0.1)).drop_vars(["modes", "high_quality"])
    assert not [each for each in findings(made) if each.subject == "Alarm"]
    assert in_experiment(made[["diverged_at"]].assign_coords(step=STEPS)) == {}  # nothing was recorded along steps
