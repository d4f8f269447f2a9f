"""Alarms: they ring beyond their thresholds, late enough, for long enough, and never where nothing is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from saddlery.analysis.alarms import ALARMS, CODES, EVERY, FROM, RECENT, Alarm, Share, read, recent, ringing
from saddlery.analysis.forecast import HELD, MEASURED, trials
from saddlery.analysis.signals import SIGNALS, SPACED

STEPS = np.arange(40) * EVERY


def alarm(code, threshold):
    return {code: Alarm(code, *CODES[code], threshold, 0.5, Share(1, 100), Share(20, 80), 300.0)}


def test_codes_are_of_signals_that_there_are_and_no_two_are_alike():
    assert {each.signal for each in CODES.values()} == set(SIGNALS)
    assert len({each[:2] for each in CODES.values()}) == len(CODES)


@pytest.mark.parametrize(("code", "sign"), [("W19", 1.0), ("W20", -1.0)])
def test_an_alarm_rings_once_most_of_the_recent_records_are_beyond(code, sign):
    values = np.zeros(40)
    values[20:] = 2 * sign
    [rung] = ringing({"spread": values}, STEPS, alarm(code, sign))
    assert rung.since == STEPS[20 + RECENT // 2]
    assert rung.value == 2 * sign
    assert ringing({"spread": -values}, STEPS, alarm(code, sign)) == []


def test_one_wild_record_rings_nothing():
    values = np.zeros(40)
    values[20:22] = 1e9
    assert ringing({"spread": values}, STEPS, alarm("W19", 1.0)) == []


def test_none_rings_at_the_very_start():
    values = np.full(40, 5.0)
    [rung] = ringing({"spread": values}, STEPS, alarm("W19", 1.0))
    assert rung.since == FROM


def test_how_training_begins_rings_nothing_by_itself():
    nearest = np.array([-4.2, -3.3, -1.1, -1.0, -0.9, -1.4])  # of a healthy vocoder, whose first sounds are silent
    assert not ringing({"nearest": nearest}, 50 * np.arange(1, 7), alarm("W22", -1.8))
    assert ringing({"nearest": np.sort(nearest)[[0, 1, 0, 1, 0]]}, 50 * np.arange(1, 6), alarm("W22", -1.8))


def test_what_is_not_known_rings_nothing():
    assert ringing({}, STEPS, alarm("W19", 1.0)) == []
    assert ringing({"spread": np.full(40, np.nan)}, STEPS, alarm("W19", 1.0)) == []
    assert ringing({"spread": np.full(40, np.inf)}, STEPS, alarm("W20", 1.0)) == []


@pytest.mark.parametrize("name", SPACED)
def test_motion_between_records_needs_records_as_far_apart_as_in_the_study(name):
    code = next(code for code, each in CODES.items() if each.signal == name)
    sign = 1.0 if CODES[code].above else -1.0
    values = {name: np.full(40, 5.0 * sign)}
    assert ringing(values, STEPS, alarm(code, sign))
    assert not ringing(values, 4 * STEPS, alarm(code, sign))
    assert not ringing(values, STEPS // 2, alarm(code, sign))


def test_the_median_is_of_the_past():
    random = np.random.default_rng(0)
    values = random.normal(size=30)
    cut = recent(values[:12])
    np.testing.assert_array_equal(recent(values)[:12], cut)
    assert cut[11] == np.median(values[12 - RECENT : 12])


@pytest.mark.parametrize("seed", range(4))
def test_the_median_is_of_those_known_and_of_most(seed):
    random = np.random.default_rng(seed)
    values = np.where(
        random.random((3, 40)) < 0.4, random.choice([np.nan, np.inf], (3, 40)), random.normal(size=(3, 40))
    )
    for row, found in zip(values, recent(values), strict=True):
        for i in range(len(row)):
            known = [each for each in row[max(0, i + 1 - RECENT) : i + 1] if np.isfinite(each)]
            expected = np.median(known) if 2 * len(known) > RECENT else np.nan
            np.testing.assert_equal(found[i], expected)


def test_alarms_are_those_that_were_measured():
    held = json.loads(HELD.read_text())
    assert held == MEASURED
    assert read(held) == ALARMS
    assert len(ALARMS) >= 3
    assert len(HELD.read_bytes()) <= 300_000


def test_what_trials_are_worth_is_what_was_measured_and_nothing_where_nothing_was():
    assert trials({}) is None
    held = {"steps": 500, "gain": 0.1, "worth": 0.05, "right": [0, 0], "cases": 3}
    assert trials({"trials": held}) is None
    assert str(trials({"trials": held | {"right": [7, 9]}})).endswith(
        "one trial of 500 steps, 7 helped in full training"
    )
    told, held = trials(), MEASURED.get("trials", {"right": [0, 0]})
    assert (told.right if told else (0, 0)) == tuple(held["right"])


def test_all_together_are_false_in_at_most_one_of_twenty_healthy_runs_of_kinds_that_were_not_fitted_to():
    false, of = MEASURED["false_alarms"]
    assert 20 * false <= of
    assert max(each.false_alarms.number for each in ALARMS.values()) <= false <= of


@pytest.mark.parametrize("code", ALARMS)
def test_each_alarm_says_how_often_it_is_false_and_rings_beyond_its_threshold(code):
    each = ALARMS[code]
    assert each[:4] == (code, *CODES[code])
    assert 0 <= each.false_alarms.number <= each.false_alarms.of
    assert each.caught.number > 0
    assert str(each.false_alarms.of) in each.rate
    values = np.full(40, each.threshold + (0.1 if each.above else -0.1))
    assert [rung.alarm.code for rung in ringing({each.signal: values}, STEPS) if rung.alarm.code == code] == [code]


def test_the_documentation_says_what_they_catch_as_it_was_measured():
    said = " ".join((Path(__file__).parents[2] / "docs" / "pytorch.md").read_text().split())
    for number, of in (*MEASURED["failures"].values(), MEASURED["false_alarms"]):
        assert f"in {number} of {of} " in said
