"""What the records of a watched training say, and what makes it another."""

import numpy as np
import pytest
from checks.watch import watched_folder

from saddlery.analysis.alarms import ALARMS, CODES, Alarm, Share
from saddlery.analysis.from_watch import from_watch
from saddlery.analysis.outcome import Outcome
from saddlery.experiments.watched import watched

COUNT = 40
RNG = np.random.default_rng(0)


def record(i, **changed):
    """A record as a watch takes it."""
    return {
        "generator_loss": 0.8 + 0.1 * RNG.normal(), "discriminator_loss": 1.4 + 0.05 * RNG.normal(),
        **{f"{player}_{what}": value for player in ("generator", "discriminator")
           for what, value in {"norm": 1 + 0.1 * RNG.random(), "update": 0.02, "size": 5.0, "not_finite": 0.0}.items()},
        "path_straightness": 0.5, "path_returned": 0.1, "path_persistence": 0.2,
    } | changed  # fmt: skip


@pytest.fixture
def said(tmp_path):
    """`said(changed, report, every)`: what is said of a folder, its records changed by a function of their place."""

    def said(changed=lambda i: {}, report=None, every=50, count=COUNT, ignore=()):
        made = [record(i) | changed(i) for i in range(count)]
        folder = watched_folder(tmp_path / f"{len(list(tmp_path.iterdir()))}", made, report, every, ignore)
        return from_watch(watched(folder), report or {}, "runs/mine")

    return said


def rows(found):
    return {row.name: row for row in found.rows}


def test_what_was_recorded_is_told_and_nothing_is_concluded(said):
    found = said()
    assert found.heading == ["runs/mine, mine, watched in PyTorch: 40 records, steps 50 to 2,000, 50 apart"]
    assert found.verdict.word is Outcome.UNDECIDED
    assert found.verdict.because == (
        "gradients were finite to step 2,000, and no loss or norm on record grows without bound; these records do not "
        "tell whether training goes well"
    )
    held = rows(found)
    assert held["generator's step"].value == held["discriminator's step"].value == "0.004"
    assert held["balance of steps"].value == "× 1"
    assert held["players moved"].value == "7.8 times and 7.8 times"
    assert held["path: straightness"].value == "0.5"
    assert held["path: returned"].value == "0.1"
    assert {"generator's loss", "generator's gradient norm", "generator's gradient, of its largest"} <= {*held}
    assert found.sure == "Nothing is concluded: how good the samples are was not measured."


def test_what_was_noted_is_told_and_what_was_not_is_what_cannot_be_said(said):
    noted = {"spread": 0.5, "nearest": 0.25, "separation": 0.75}
    with_it, without = said(lambda i: noted), said()
    held = rows(with_it)
    assert held["samples' spread"].value == "0.5 → 0.5"
    assert held["samples' nearest neighbours"].value == "0.25 → 0.25"
    assert held["discriminator is right"].value == "75.0% → 75.0%"
    assert not {"samples' spread", "samples' nearest neighbours", "discriminator is right"} & {*rows(without)}
    diverse = "whether samples are diverse or have collapsed"
    assert diverse in dict(without.cannot)
    assert diverse not in dict(with_it.cannot)
    assert "which player is too fast for the other" not in dict(without.cannot)


def test_gradients_that_are_finite_no_more_have_diverged(said):
    gone = {"generator_not_finite": 1.0, "generator_norm": np.nan, "separation": 1.0}
    lost = said(lambda i: gone if i >= 20 else {"separation": 0.6})
    assert rows(lost)["discriminator is right"].value == "60.0% → 60.0%"
    assert lost.verdict.word is Outcome.DIVERGING
    assert lost.verdict.because == "the run left the finite numbers at step 1,050"
    never = said(lambda i: {"generator_not_finite": 1.0, "generator_norm": np.nan})
    assert never.verdict.because == "the run left the finite numbers at step 50"
    assert "balance of steps" not in rows(never)
    report = {"not_finite": {"generator": {"step": 1003, "blocks": "0.weight"}}}
    once = said(lambda i: {"generator_not_finite": 0.1} if i == 20 else {}, report)
    assert once.verdict.because.startswith("gradients are finite again to step 2,000")
    row = rows(once)["generator's gradient, not finite"]
    assert (row.value, row.meaning) == ("at 1 of 40 records", "in 0.2% of the steps, first at step 1,003 in 0.weight")
    assert "generator's gradient, not finite" not in rows(said())


def test_growth_without_bound_diverges(said):
    found = said(lambda i: {"generator_loss": float(np.exp(i))})
    assert found.verdict.word is Outcome.DIVERGING
    assert "have grown" in found.verdict.because


def test_a_player_that_hardly_moves_has_stalled(said):
    found = said(lambda i: {"generator_update": 0.0})
    assert (found.verdict.word, found.verdict.cause) == (Outcome.STALLED, "generator")
    assert found.verdict.because == "the generator hardly moves: by 0.0% of its size along the record"
    assert found.why.startswith("The generator hardly moves")
    assert found.sure == "It rests on the sizes of updates at the records, one step each."
    assert rows(found)["balance of steps"].value == "× 0"
    slow = said(lambda i: {"generator_update": 1e-4})  # by 0.04 of its size in 1,950 steps
    assert slow.verdict.word is Outcome.UNDECIDED
    assert said(lambda i: {"generator_update": 0.0}, count=5).verdict.because.startswith("it is too early: 5 records")


def test_curvature_is_told_where_it_was_measured_last(said):
    measured = {"turning": 0.8, "curvature_error": 0.01, "growing": 0.2, "rotating": 0.5}
    held = rows(said(lambda i: measured if i in (10, 30) else {}))
    assert held["rotation along v"].value == "80%"
    assert held["rotation along v"].meaning.startswith(
        "of what J does to v itself, at step 1,550; products differ by 1.0%"
    )
    assert held["growth along v"].value == "0.2"
    lost = said(lambda i: measured if i == 10 else {"curvature_error": 0.6} if i == 30 else {})
    assert rows(lost)["rotation along v"].value == "not measurable"
    assert "growth along v" not in rows(lost)
    assert "rotation along v" not in rows(said())
    assert "whether the players push each other round" in dict(said().cannot)


def test_departures_from_a_reference_are_told(said):
    found = said(report={"departures": ["spread is -1.2 since step 500, -0.3 to 0.2 in the reference by then", 5]})
    row = rows(found)["beyond the reference"]
    assert (row.value, row.meaning.startswith("spread is -1.2 since step 500")) == ("spread", True)
    usual = "whether this is usual for a training such as this"
    assert usual not in dict(found.cannot)
    assert usual in dict(said(report={"departures": "none"}).cannot)
    assert usual not in dict(said(report={"departures": [], "reference": True}).cannot)


def test_alarms_that_rang_that_did_not_and_that_were_not_looked_at(said, monkeypatch):
    for code in list(ALARMS):
        monkeypatch.delitem(ALARMS, code)
    for code, threshold in {"W05": 3.0, "W18": -1.0, "W20": -1.0, "W30": 0.3}.items():
        made = Alarm(code, *CODES[code], threshold, 1.0, Share(1, 140), Share(30, 90), 400.0)
        monkeypatch.setitem(ALARMS, code, made)
    changed = lambda i: {"generator_update": 1e-4}  # noqa: E731
    found = said(changed)
    values = {name: row.value for name, row in rows(found).items() if name.startswith("alarm")}
    assert values == {"alarm W18": "since step 250", "alarm W05": "did not ring", "alarm W30": "did not ring"}
    assert found.rows[0].name == "alarm W18"
    assert len(found.remarks) == 1
    assert "alarm W18" not in rows(said(changed, ignore=["W18"]))
    close = said(changed, every=5, count=100)
    values = {name: row.value for name, row in rows(close).items() if name.startswith("alarm")}
    assert values == {"alarm W18": "since step 200", "alarm W05": "did not ring", "alarm W30": "not looked at"}
    assert close.remarks[1] == (
        "records are 5 steps apart, 50 in the study forecast: how often alarms are false was not measured there"
    )


def test_one_record_is_too_early(said):
    found = said(count=1)
    assert found.verdict.because == "it is too early: 1 record, 8 are needed"
    assert found.heading == ["runs/mine, mine, watched in PyTorch: 1 record, step 50"]
