"""Each outcome on records made up to have it, and what makes it false; and draws whose fate is known, as recorded."""

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from checks.recorded import read
from checks.truths import score, tally

from saddlery.analysis.approach import approach
from saddlery.analysis.explanation import EXPLANATIONS, certainty, explanation
from saddlery.analysis.outcome import MEANINGS, TONES, Facts, Local, Outcome, Verdict, tone
from saddlery.analysis.record import Record, facts
from saddlery.analysis.sample_quality import References, sample_quality, shortfalls
from saddlery.analysis.verdict import BEYOND, verdict, verdict_of

TIME = np.arange(201)
NOISE = 0.01 * np.random.default_rng(0).normal(size=201)


def gan(modes, near, moved=(1.0, 1.0), history=None, **series):
    """A record of a GAN on a mixture: shares of modes and of samples near one, and each player's path length."""
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(201, 2, 3))
    steps[0] = 0
    lengths = np.linalg.norm(steps, axis=-1).sum(0)
    position = (steps * (np.array(moved) / lengths)[None, :, None]).cumsum(0).reshape(201, 6)
    values = {"modes": modes * np.ones(201), "high_quality": near * np.ones(201)} | series
    path = xr.Dataset({name: ("step", value) for name, value in values.items()}, {"step": 5 * TIME})
    path["position"] = ("step", "axis"), position
    path.attrs["generator_axes"] = 3
    before = None
    if history is not None:
        before = xr.Dataset({name: ("step", value) for name, value in history.items()}, {"step": 100 * np.arange(20)})
    return Record(path, before, (1.0, 1.0), "modes", References(0.99, math.nan))


def word(record):
    return verdict(facts(record)).word


UNTRAINED = {"modes": np.full(20, 0.5), "high_quality": np.full(20, 0.002)}
RISING = np.linspace(0.3, 0.8, 201) + NOISE


@pytest.mark.parametrize(
    ("expected", "record"),
    [
        ("arrived", gan(1.0, 0.95)),
        ("arrived", gan(1.0, 0.85 + NOISE)),
        ("wandering", gan(1.0, 0.6 + NOISE)),  # all modes, and too few samples near one
        ("wandering", gan(1.0, 0.6 + 0.4 * np.sin(TIME / 3))),  # good at times
        ("converging", gan(1.0, RISING)),
        ("wandering", gan(1.0, RISING[::-1])),
        ("undecided", gan(1.0, np.minimum(RISING, 0.5))),  # it rose before, and whether it still does is open
        ("converging", gan(1.0, np.minimum(RISING, 0.75))),
        ("collapsed", gan(0.25, 0.9 + NOISE)),
        ("collapsed", gan(0.25, 0.9 + NOISE, history=UNTRAINED)),
        ("wandering", gan(0.25, 0.1 + NOISE)),  # near hardly any mode: not that few are drawn is what is wrong
        ("converging", gan(np.linspace(0.2, 0.9, 201), 0.9)),  # modes are being gained
        ("stalled", gan(0.25, 0.002, moved=(1.0, 1e-3))),  # the discriminator hardly moves
        ("stalled", gan(0.25, 0.9, moved=(1e-3, 1.0))),  # few modes, and a generator that hardly moves: no collapse
        ("stalled", gan(0.25, 0.002, separation=np.full(201, 0.999))),
        ("wandering", gan(0.25, 0.002, separation=np.full(201, 0.9))),
        ("diverging", gan(0.0, 0.0, scale=np.exp(TIME / 30))),
        ("wandering", gan(0.0, 0.0, scale=np.full(201, 20.0))),  # large, and no longer growing
        ("undecided", gan(1.0, 0.95)._replace(path=gan(1.0, 0.95).path.isel(step=slice(0, 5)))),
    ],
)
def test_the_outcome_of_a_gan_and_what_makes_it_another(expected, record):
    assert word(record) == expected


ONCE_BETTER = {"modes": np.ones(20), "high_quality": np.full(20, 0.6)}
SLOWLY = np.linspace(0.3, 0.42, 201) + NOISE / 2


@pytest.mark.parametrize(
    ("said", "record"),
    [
        ("samples get no better:", gan(1.0, 0.6 + NOISE)),
        ("samples get better by little:", gan(1.0, np.linspace(0.3, 0.33, 201) + NOISE / 5)),
        ("samples got better and no longer do:", gan(1.0, np.minimum(SLOWLY, 0.33) + NOISE / 5)),
        ("samples get better, and are not as good as they were:", gan(1.0, SLOWLY, history=ONCE_BETTER)),
        ("samples are good now and were not throughout:", gan(1.0, np.where(TIME % 40 < 36, 0.9, 0.3))),
    ],
)
def test_what_is_said_of_samples_that_wander_is_what_they_do(said, record):
    found = verdict(facts(record))
    assert found.word == "wandering"
    assert found.because.startswith(said)


def test_only_what_is_measured_to_be_good_is_an_all_clear():
    cleared = [verdict(facts(record)) for record in (gan(1.0, 0.95), gan(1.0, RISING))]
    assert all(found.clear for found in cleared)
    for record in (gan(1.0, 0.6 + NOISE), gan(0.25, 0.9), gan(0.25, 0.002, moved=(1.0, 1e-3))):
        assert not verdict(facts(record)).clear


def test_an_all_clear_is_asked_of_two_trial_runs():
    good, bad = facts(gan(1.0, 0.95)), facts(gan(0.25, 0.9 + NOISE))
    assert verdict_of([good, good]).clear
    assert verdict_of([good, bad]).word == "undecided"
    assert "is arrived" in verdict_of([good, bad]).because
    assert verdict_of([bad, good]).word == "collapsed"  # what is wrong once is wrong


def swinging(low, high):
    """A distance that swings, and is near its least at the end; a perfect sampler's is 0.066."""
    values = np.exp(np.log(low) + (np.log(high) - np.log(low)) * np.sin(np.linspace(0, 3 * np.pi, 201)) ** 2)
    path = xr.Dataset({"sliced_wasserstein": ("step", values)}, {"step": 5 * TIME})
    return Record(path, measure="sliced_wasserstein", references=References(0.066, 1.0))


def test_a_distance_that_swung_is_no_all_clear_however_it_falls():
    """0.46 → 4.4 → 6.3 → 0.31, and 0.42 beside a perfect 0.066: once called converging, nothing to change."""
    found = verdict(facts(swinging(0.35, 6.0)))
    assert not found.clear
    assert found.word in (Outcome.WANDERING, Outcome.UNDECIDED)


def circle(growth, turns, drift=0.0, axes=2):
    """A path about the origin, its radius multiplied by e^growth, beginning away from it by `drift`."""
    angle = 2 * np.pi * turns * TIME / 200
    radius = np.exp(growth * TIME / 200)
    path = (radius * [np.cos(angle), 0.4 * np.sin(angle)]).T
    return np.pad(path, ((0, 0), (0, axes - 2))) + drift


def analytic(path, norm=1.0, local=None, **own):
    """A record of a game whose equilibrium is the origin."""
    position = path - path[0]
    record = xr.Dataset({"position": (("step", "axis"), position)}, {"step": 5 * TIME})
    for player in ("generator", "discriminator"):
        record[f"{player}_norm"] = "step", norm * np.ones(201)
    return Record(record, sizes=(1.0, 1.0), offset=path[0], scale=1.0, local=local, field_scale=1.0, **own)


LINE = np.stack([np.linspace(1, 0.2, 201), np.zeros(201)], 1)


@pytest.mark.parametrize(
    ("expected", "record"),
    [
        ("cycling", analytic(circle(0.0, 8))),
        ("spiralling out", analytic(circle(0.5, 8))),
        ("converging", analytic(circle(-0.5, 8))),
        ("undecided", analytic(circle(-0.5, 8), local=Local(1.01, 0.1, False))),  # to an equilibrium that is not stable
        ("undecided", analytic(circle(0.0, 1.3))),  # too little of a turn to say
        ("spiralling out", analytic(circle(0.0, 1.3), local=Local(1.0004, 0.03, True))),  # unless the update is one map
        ("converging", analytic(circle(0.0, 1.3), local=Local(0.999, 0.03, True))),
        ("cycling", analytic(circle(0.0, 1.3), local=Local(1.0, 0.03, True))),
        ("converging", analytic(LINE)),
        ("diverging", analytic(LINE[::-1])),
        ("arrived", analytic(1e-5 * circle(0.0, 3))),
        ("arrived elsewhere", analytic(np.ones((201, 2)), norm=1e-9)),
        ("stalled", analytic(np.ones((201, 2)), norm=1.0)),
        ("diverging", analytic(LINE, diverged_at=7)),
        ("diverging", analytic(LINE, lost=7)),
    ],
)
def test_the_outcome_of_a_game_with_an_equilibrium(expected, record):
    assert word(record) == expected


def test_without_samples_or_an_equilibrium_nothing_is_clear():
    for path, norm in ((LINE, np.geomspace(1, 1e-3, 201)), (circle(0, 4), 1.0), (np.ones((201, 2)), 1e-9)):
        found = verdict(facts(analytic(path, norm)._replace(offset=None)))
        assert not found.clear


def test_growth_without_bound_is_named_though_it_is_finite():
    series = {"generator_loss": ("step", np.geomspace(1.0, 100 * BEYOND, 201))}
    assert verdict(facts(Record(xr.Dataset(series, {"step": TIME})))).word == "diverging"
    series = {"generator_loss": ("step", np.geomspace(1.0, BEYOND / 10, 201))}
    assert verdict(facts(Record(xr.Dataset(series, {"step": TIME})))).word == "undecided"


def test_growth_without_bound_is_named_of_a_gan_too_unless_its_samples_are_good():
    loss = np.geomspace(1.0, 100 * BEYOND, 201)
    assert word(gan(0.25, 0.1 + NOISE, generator_loss=loss)) == "diverging"
    assert word(gan(1.0, 0.95, generator_loss=loss)) == "arrived"


def test_every_outcome_has_a_meaning_an_explanation_and_a_tone():
    assert set(MEANINGS) == set(EXPLANATIONS) == set(Outcome)
    assert {each for each in Outcome if tone(each) == "good"} == {"arrived", "converging"}
    assert set(TONES) <= set(Outcome)
    for each in Outcome:
        told = explanation(Verdict(each, "so it is"))
        assert told.why
        assert told.otherwise
    assert certainty(Verdict(Outcome.UNDECIDED, ""), Facts()).startswith("Not at all")
    assert certainty(Verdict(Outcome.DIVERGING, ""), Facts(lost=3)).startswith("Certain")


@pytest.mark.parametrize("turns", [3, 5.5, 40])
@pytest.mark.parametrize("growth", [-2.0, -0.1, 0.0, 0.3])
def test_growth_from_turn_to_turn_is_that_of_the_spiral(turns, growth):
    found = approach(circle(growth, turns), 5 * TIME, 1.0)
    assert found.turns == pytest.approx(turns, rel=0.02)
    assert found.growth == pytest.approx(growth, abs=0.03 + 0.02 * abs(growth))
    assert found.low - 0.05 <= growth <= found.high + 0.05


def test_a_shortfall_is_that_of_modes_times_precision_and_of_a_logarithm():
    path = gan(0.5, 0.495).path
    assert shortfalls(path, "modes", References(0.99, math.nan))[0] == pytest.approx(0.75)
    path = path.assign(far=("step", np.full(201, 0.3)))
    assert shortfalls(path, "far", References(0.1, 1.0))[0] == pytest.approx(np.log(3) / np.log(10))
    found = sample_quality(path, None, "far", References(0.1, 1.0))
    assert (found.good, found.told) == (False, True)
    assert not sample_quality(path, None, "far", References(0.25, 0.3)).told


DRAWS = Path(__file__).parent / "draws.npz"  # 60 games at random, as a diagnosis went by them


def test_recorded_draws_whose_fate_is_known_are_judged_right():
    """Of those that are decided 95% at least, with one false all-clear at most, and 15% undecided at most."""
    assert DRAWS.stat().st_size <= 300_000
    scores = [score(name, fate, also, verdict_of([*map(facts, records)])) for records, name, fate, also in read(DRAWS)]
    found = tally(scores)
    assert found.cases == 60
    assert found.right >= 0.95 * found.decided
    assert found.false_clear <= 1
    assert found.undecided <= 9


def test_what_rounding_leaves_of_a_constant_quality_is_no_gain():
    """A slope of 1e-16 with an interval as small lies above zero, and says nothing of samples."""
    path = gan(0.125, 0.0).path
    path["modes"] = ("step", np.where(TIME % 7 == 0, 0.125, 0.0) * (1 + 1e-15 * TIME))
    path["high_quality"] = ("step", np.full(201, 1e-15) * TIME)
    found = sample_quality(path, None, "modes", References(0.98, math.nan))
    assert (found.gain, found.low, found.high) == (0.0, 0.0, 0.0)
    assert "got better" not in verdict(facts(gan(0.125, 0.0)._replace(path=path))).because
