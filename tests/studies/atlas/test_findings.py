"""What is said of the Dirac-GAN where it holds and where it does not, on maps made up."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.atlas import claims
from saddlery.studies.atlas.findings import _needed, _rates, _reading, _repelling, _stable
from saddlery.studies.atlas.verdicts import VERDICTS


@pytest.fixture
def atlas():
    """One game and one method: unstable everywhere, and nothing converges; cycles and slow approaches as known."""
    along = ("game", "method", "value", "step")
    steps, times = np.array([0.1, 0.4]), np.geomspace(10, 1e5, 20)
    return xr.Dataset(
        {
            "predicted_rate": (along, np.full((1, 1, 1, 2), 1.1)),
            "measured_rate": (along, np.full((1, 1, 1, 2), 1.1)),
            "verdict": (along, np.full((1, 1, 1, 2), 4.0)),
            "reach": (along, np.zeros((1, 1, 1, 2))),
            "cycle_radius": ("cycle_step", np.sqrt(2 * steps)),
            "slow_distance": (("slow_step", "time"), np.stack([times**-0.5] * 2)),
        },
        {
            "game": ["repelling"], "method": ["alternating"], "step": steps, "cycle_step": steps, "slow_step": steps,
            "time": times,
        },
        {"verdicts": list(VERDICTS), "farthest": 2.0, "nearest": 0.1, "length": 1600},
    )  # fmt: skip


def test_what_diverges_everywhere_is_said_not_to_converge(atlas):
    claim = claims._diverging(atlas, "repelling", "minimax", "alternating")
    assert (claim.holds, claim.predicted) == (True, "2 unstable")
    assert claim.found == "converges in none of 2 settings: diverging in 2"
    atlas["verdict"][..., 0] = 0
    claim = claims._diverging(atlas, "repelling", "minimax", "alternating")
    assert not claim.holds
    assert claim.found.startswith("converges in 1 of 2 settings")
    atlas["predicted_rate"][:] = np.nan
    claim = claims._diverging(atlas, "repelling", "WGAN-GP", "alternating")
    assert claim.predicted == "nothing: the penalty has no derivative at the equilibrium"


def test_a_method_that_converges_to_a_repelling_equilibrium_is_named(atlas):
    assert _repelling(atlas).tone == "good"
    atlas["verdict"][..., 1] = 0
    assert "these converge from all starts for some step and parameter: alternating." in _repelling(atlas).text
    assert _repelling(atlas).tone == "bad"
    atlas["verdict"][..., 1] = 1  # slower than at any rate
    assert _repelling(atlas).tone == "bad"
    atlas["verdict"][..., 1] = 3  # from some starts
    assert _repelling(atlas).text == "No method converges from all starts to an equilibrium that repels both players."


def test_rates_that_are_not_as_predicted_are_told_by_method(atlas):
    assert _rates(atlas).text == "2 of 2 settings in which both are known agree to 1.0% (100.0%)."
    assert _rates(atlas).tone == "good"
    atlas["measured_rate"][..., 0] = 1.2
    text = _rates(atlas).text
    assert text == (
        "1 of 2 settings in which both are known agree to 1.0% (50.0%); those that do not, by method: alternating 1."
    )
    assert _rates(atlas).tone == "plain"
    kinked = atlas.copy(deep=True).assign_coords(method=["clipped"])
    kinked["predicted_rate"][:] = np.nan
    both = xr.concat(
        [atlas, kinked], "method", data_vars="minimal", coords="minimal", compat="override", join="override"
    )
    assert _rates(both).text == f"{text} Without a derivative at an equilibrium, and so without a prediction: clipped."


def test_stability_is_local_where_what_is_stable_does_not_converge_from_all_starts(atlas):
    right = "Where the predicted rate differs from 1 by enough to tell in 1,600 steps, the prediction is right in 2 of"
    assert _stable(atlas).text == f"{right} 2 settings."  # of which none is stable
    atlas["predicted_rate"][:] = atlas["measured_rate"][:] = 0.9
    atlas["verdict"][..., 0] = 0
    assert _stable(atlas).text == (
        f"{right} 2 settings. It is local: of the 2 that are stable, 50.0% converge from all starts."
    )
    atlas["verdict"][..., 1] = 1
    assert _stable(atlas).text == f"{right} 2 settings. Of the 2 that are stable, 100.0% converge from all starts."
    assert _stable(atlas).tone == "good"
    atlas["measured_rate"][..., 0] = 1.01
    assert "right in 1 of 2 settings" in _stable(atlas).text
    assert _stable(atlas).tone == "plain"


def test_the_cycle_and_the_slow_approach_are_measured(atlas):
    assert claims._cycling(atlas).holds
    assert claims.exponents(atlas) == pytest.approx(-0.5)
    atlas["cycle_radius"][0] *= 2
    assert not claims._cycling(atlas).holds
    creeping = atlas.assign_coords(game=["dirac-nonsaturating"])
    assert claims._creeping(creeping).holds
    assert claims._creeping(creeping).predicted.startswith("a rate of 1 in 0 of 2 settings")
    creeping["predicted_rate"][:] = 1.0
    assert claims._creeping(creeping).predicted.startswith("a rate of 1 in 2 of 2 settings")
    creeping["slow_distance"][0] = creeping["slow_distance"].values[0] ** 2
    assert not claims._creeping(creeping).holds


def test_linear_convergence_holds_where_all_that_is_stable_converges_at_its_rate(atlas):
    assert claims._linearly(atlas, "repelling", "alternating", "known").found == "nothing to measure"
    atlas["predicted_rate"][:] = atlas["measured_rate"][:] = 0.9
    atlas["verdict"][:] = 0
    claim = claims._linearly(atlas, "repelling", "alternating", "known")
    assert claim.holds
    assert "from all starts, up to 2 away, in 2" in claim.found
    atlas["verdict"][:], atlas["reach"][:] = 3, [0.5, 0.0]
    assert claims._linearly(atlas, "repelling", "alternating", "known").found.endswith(
        "in 0, from starts up to 0.5 or more in 1, not from 0.1, or too slowly to tell, in 1"
    )
    atlas["measured_rate"][..., 0] = 1.01
    assert not claims._linearly(atlas, "repelling", "alternating", "known").holds


def test_who_arrives_sooner_is_read_from_the_evaluations_needed():
    found = xr.Dataset(
        {"needed": (("problem", "direction"), [[50.0, 100.0], [300.0, 100.0], [80.0, np.nan]])},
        {
            "problem": ["a", "b", "c"], "problem_title": ("problem", ["Turning", "Curved", "Both"]),
            "direction": ["consensus", "simultaneous"],
        },
    )  # fmt: skip
    text = _needed(found).text
    assert unsaid([_needed(found)], found) == {}
    assert text.startswith("Evaluations, of 1,000 at most, until the distance is 0.0001 of that at the start: turning")
    assert "turning: consensus 50, the plain gradient 100; curved:" in text
    assert "both: consensus 80, the plain gradient more." in text
    sooner = "Consensus arrives sooner than the plain gradient on turning, both"
    assert text.endswith(f"{sooner}; later than the plain gradient on curved (3 times).")
    found["needed"][1, 0] = np.nan
    assert _needed(found).text.endswith(f"{sooner}. On curved only the plain gradient arrives.")
    found["needed"][:] = 100.0
    assert _needed(found).text.endswith("Consensus arrives no sooner and no later.")


@pytest.mark.parametrize(
    ("gaps", "holds", "nearer"),
    [((2.0, 0.0), True, "50.0%"), ((2.0, 0.5, 0.02), True, "33.3%"), ((2.0, 1.5), False, ""), ((0.5, 0.0), False, "")],
)
def test_the_reading_holds_where_it_does_and_consensus_is_nearer_from_where_it_is(gaps, holds, nearer):
    found = xr.Dataset({"reading": ("turn", list(gaps))}, {"turn": np.linspace(0, 1, len(gaps))})
    reading = _reading(found)
    assert unsaid([reading], found) == {}
    assert reading.text.startswith("The reading holds for rotations and fails for curvature.") == holds
    assert ("It is nearer to Newton's step" in reading.text) == bool(nearer)
    assert nearer in reading.text
