"""What is said of the Dirac-GAN where it holds and where it does not, on maps made up."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.atlas import claims
from saddlery.studies.atlas.findings import _repelling, _second_order
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
        {"verdicts": list(VERDICTS), "farthest": 2.0, "nearest": 0.1},
    )  # fmt: skip


def test_what_diverges_everywhere_is_said_not_to_converge(atlas):
    claim = claims._diverging(atlas, "repelling", "minimax", "alternating")
    assert (claim.holds, claim.predicted) == (True, "2 unstable")
    assert claim.found == "converges in none of 2 settings: diverging in 2"
    atlas["verdict"][..., 0] = 0
    claim = claims._diverging(atlas, "repelling", "minimax", "alternating")
    assert not claim.holds
    assert claim.found.startswith("converges in 1 of 2 settings")


def test_a_method_that_converges_to_a_repelling_equilibrium_is_named(atlas):
    assert _repelling(atlas).tone == "good"
    atlas["verdict"][..., 1] = 0
    assert "these converge for some step and parameter: alternating." in _repelling(atlas).text
    assert _repelling(atlas).tone == "bad"


def test_the_cycle_and_the_slow_approach_are_measured(atlas):
    assert claims._cycling(atlas).holds
    assert claims.exponents(atlas) == pytest.approx(-0.5)
    atlas["cycle_radius"][0] *= 2
    assert not claims._cycling(atlas).holds


def test_linear_convergence_holds_where_all_that_is_stable_converges_at_its_rate(atlas):
    assert claims._linearly(atlas, "repelling", "alternating", "known").found == "nothing to measure"
    atlas["predicted_rate"][:] = atlas["measured_rate"][:] = 0.9
    atlas["verdict"][:] = 0
    claim = claims._linearly(atlas, "repelling", "alternating", "known")
    assert claim.holds
    assert "from all starts, up to 2 away, in 2" in claim.found
    atlas["measured_rate"][..., 0] = 1.01
    assert not claims._linearly(atlas, "repelling", "alternating", "known").holds


def test_who_arrives_sooner_is_read_from_the_evaluations_needed():
    found = xr.Dataset(
        {
            "needed": (("problem", "direction"), [[50.0, 100.0], [300.0, 100.0], [80.0, np.nan]]),
            "reading": ("turn", [2.0, 0.0]),
        },
        {
            "problem": ["a", "b", "c"], "problem_title": ("problem", ["Turning", "Curved", "Both"]),
            "direction": ["consensus", "simultaneous"], "turn": [0.0, 1.0],
        },
    )  # fmt: skip
    reading, needed = _second_order(found)
    assert unsaid([reading, needed], found) == {}
    assert "only from 50.0% of the way" in reading.text
    assert "turning: consensus 50, the plain gradient 100; curved:" in needed.text
    assert needed.text.endswith("on turning, both; later on curved (3 times).")
    found["needed"][1, 0] = np.nan
    assert _second_order(found)[1].text.endswith("on turning, both; where that does, never on curved.")
    found["reading"][1] = 1.5
    assert "The reading holds" not in _second_order(found)[0].text
