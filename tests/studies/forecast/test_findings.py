"""Sentences of the study: each follows its numbers, and says the opposite where these are the opposite."""

import json

import numpy as np
import pytest
import xarray as xr
from checks.findings import changed, labels_of, undeclared

from saddlery.studies.forecast.failures import Failure
from saddlery.studies.forecast.findings import findings
from saddlery.studies.forecast.forks import BRANCHES
from saddlery.studies.forecast.page import answer
from saddlery.studies.forecast.trial_scores import LENGTHS, TRIALS

LOOKS, RUNS = [0.05, 0.1, 0.25, 0.5], 40
SETS = ["settings", "path", "path, settings", "jacobian"]
GAIN = "jacobian over path"


def results(**changes):
    """Results in which nothing is found, with some changed."""
    failed = np.arange(RUNS) % 2 == 0
    forked = np.arange(20)
    bound = {"bound": ["value", "low", "high"]}
    nothing, some = [0.0, -0.1, 0.1], [0.7, 0.61, 0.78]
    made = xr.Dataset(
        {
            "failure": ("run", np.where(failed, str(Failure.COLLAPSED), str(Failure.HEALTHY))),
            "failed": ("run", failed), "fit": ("run", np.arange(RUNS) < 10),
            "gain": (("gained", "tabled", "bound"), [[nothing] * 4]),
            "area": (("signals", "tabled", "bound"), [[some] * 4] * 4),
            "area_elsewhere": (("signals", "tabled"), [[0.66] * 4] * 4),
            "control_area": (("control", "tabled", "bound"), [[[0.52, 0.4, 0.64]] * 4, [[0.99, 0.97, 1.0]] * 4]),
            "recovers": (("branch", "bound"), [[0.2, 0.1, 0.3]] * 7),
            "recovers_more": (("branch", "bound"), [nothing] * 7),
            "recovers_beyond": (("branch", "bound"), [nothing] * 7),
            "longer": ("bound", nothing),
            "fork_shortfall": (("fork", "branch", "fork_step"), np.full((20, 7, 2), 0.9)),
            "fork_lost": (("fork", "branch"), np.full((20, 7), -1)),
            **{name: (("length", "by", "bound"), [[[0.35, 0.21, 0.47]] * 2] * 2) for name in
               ("rank", "right", "regret", "regret_of_nothing", "regret_of_any")},
        },
        {
            "run": range(RUNS), "gained": [GAIN], "tabled": LOOKS, "signals": SETS, "branch": list(BRANCHES),
            "fork": forked, "fork_step": [50, 100], "control": ["a", "b"], "length": list(LENGTHS), "by": list(TRIALS),
            "advised_run": ("case", np.arange(12)), **bound,
        },
        {"alarms": json.dumps(ALARMS), "trial_steps": 1000, "steps": 4000},
    )  # fmt: skip
    for name, value in changes.items():
        if name == "alarms":
            made.attrs["alarms"] = json.dumps(value)
        else:
            made[name] = (made[name].dims, np.asarray(value))
    return made


ALARMS = {"alarms": {"W20": {}}, "false_alarms": [1, 21], "caught": [9, 30], "lead": 850.0}


def said(subject, **changes):
    return next(each for each in findings(results(**changes)) if each.subject == subject)


def test_every_number_in_a_sentence_is_in_its_data():
    made = results()
    for finding in findings(made):
        assert undeclared(finding, labels_of(made)) == [], finding
        for text in changed(finding.text):
            assert text == finding.text or undeclared(finding._replace(text=text), labels_of(made)), text


def test_the_jacobian_adds_something_only_where_the_interval_lies_above_zero():
    subject = "Does the Jacobian foretell failure?"
    assert said(subject).text.startswith("At no look does it add more than chance allows")
    gain = [[[0.05, 0.01, 0.09], *[[0.0, -0.1, 0.1]] * 3]]
    assert "It adds something at 5.0% of a run" in said(subject, gain=gain).text
    assert "makes forecasts worse at 5.0%" in said(subject, gain=-np.array(gain)[:, :, [0, 2, 1]]).text


def test_controls_are_bad_where_chance_is_left_or_what_was_planted_is_missed():
    assert said("Controls").tone == "good"
    planted = [[0.99, 0.97, 1.0]] * 4
    found = said("Controls", control_area=[[[0.62, 0.55, 0.7]] * 4, planted])
    assert (found.tone, "is not 0.5" in found.text) == ("bad", True)
    assert said("Controls", control_area=[[[0.52, 0.4, 0.64]] * 4, [[0.9, 0.8, 0.95]] * 4]).tone == "bad"


@pytest.mark.parametrize(("false", "tone"), [(1, "good"), (2, "bad")])
def test_more_than_one_false_alarm_in_twenty_healthy_runs_is_bad(false, tone):
    assert said("Alarms", alarms=ALARMS | {"false_alarms": [false, 21]}).tone == tone


def test_a_branch_recovers_more_or_fewer_only_beyond_its_interval():
    subject = "What recovers failing runs?"
    assert "With no change do more recover" in said(subject).text
    more = np.array([[0.0, -0.1, 0.1]] * 7)
    more[2], more[5] = [0.3, 0.2, 0.4], [-0.3, -0.4, -0.2]
    text = said(subject, recovers_more=more).text
    assert "More recover with symplectic 30.0% (20.0% to 40.0%)" in text
    assert "Fewer do with random −30.0%" in text


def test_runs_recovered_by_rotation_alone_are_counted():
    ends = np.full((20, 7, 2), 0.9)
    ends[0, list(BRANCHES).index("symplectic")] = 0.1  # a run that failed
    ends[1, list(BRANCHES).index("symplectic")] = 0.1  # a healthy one
    assert "10 failing runs 1 recover" in said("In how many is rotation the cause?", fork_shortfall=ends).text


def test_of_few_runs_nothing_is_told():
    healthy = np.zeros(RUNS, bool)
    healthy[-1] = True
    made = results(failed=healthy)
    texts = {each.subject: each.text for each in findings(made)}
    assert "Cannot be told" in texts["What foretells failure?"]
    assert "Cannot be told" in texts["What recovers failing runs?"]
    assert "Does the Jacobian foretell failure?" not in texts


def test_the_answer_to_the_reviewer_follows_the_numbers():
    said = lambda **changes: dict(answer(results(**changes)))["answer"]  # noqa: E731
    assert "add nothing to losses, norms, diversity and paths that is more than chance" in said()
    assert "rotation is not seen" in said()
    assert "cannot be told from that" in said()
    assert "beyond losses, norms, diversity and paths at 5.0%" in said(gain=[[[0.05, 0.01, 0.09]] * 4])
    more = np.array([[0.0, -0.1, 0.1]] * 7)
    more[2] = [0.3, 0.2, 0.4]
    assert "symplectic alone recovers 30.0% (20.0% to 40.0%) more than unchanged" in said(recovers_more=more)
    assert "symplectic recovers is more (30.0%" in said(recovers_more=more, recovers_beyond=more)
    assert "symplectic recovers is less (−30.0%" in said(recovers_more=more, recovers_beyond=-more[:, [0, 2, 1]])
    assert said(recovers_more=np.full((7, 3), np.nan)) == "So few runs cannot tell."


def test_which_length_of_trial_foretells_better_is_told_beyond_the_interval_only():
    subject = "Does a short trial foretell a long one?"
    assert "cannot be told, 0 (−0.1 to 0.1)" in said(subject).text
    assert "the longer trial foretells better, 0.2 (0.1 to 0.3)" in said(subject, longer=[0.2, 0.1, 0.3]).text
    assert "the shorter one foretells better, −0.2 (−0.3 to −0.1)" in said(subject, longer=[-0.2, -0.3, -0.1]).text
