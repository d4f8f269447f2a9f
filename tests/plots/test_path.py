"""Paths: distances in the plane are those between the positions, and a segment's numbers are its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue


def between(points):
    """The distance of each point from each other."""
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


@pytest.mark.parametrize("seed", [0, 1])
def test_two_numbers_move_in_the_plane_as_they_are(run, figures, seed):
    sd.plots.path(run, seed=seed)
    shown = np.stack(figures[0].axes[0].lines[0].get_data(), -1)
    np.testing.assert_allclose(between(shown), between(run.history["position"].values[seed]), atol=1e-6)


def test_a_diagnosis_shows_its_trial_run(diagnosis, figures):
    picture = sd.plots.path(diagnosis)
    shown = np.stack(figures[0].axes[0].lines[0].get_data(), -1)
    np.testing.assert_allclose(between(shown), between(diagnosis.trial.path["position"].values), atol=1e-6)
    assert picture.alt.endswith(f"{diagnosis.facts.trends.turns:.1f} turns about its mean.")


def test_a_segment_shows_its_angle_and_norm(spiral, figures):
    start = sd.Pair(jnp.ones(2), jnp.ones(2))
    found = sd.dynamics.path(spiral, start, spiral.equilibrium(), key=jax.random.key(0), points=6)
    picture = sd.plots.path(found)
    angle, norm = (next(line for line in axes.lines if len(line.get_xdata()) == 6) for axes in figures[0].axes)
    np.testing.assert_array_equal(angle.get_ydata(), found.angle)
    np.testing.assert_array_equal(norm.get_ydata(), found.norm)
    assert picture.alt.endswith("path 2.")  # ‖(1, 1, 1, 1)‖


def test_what_has_no_path_is_named(run, spectrum):
    with pytest.raises(InvalidType, match="path: got a Spectrum, expected a Diagnosis"):
        sd.plots.path(spectrum)
    with pytest.raises(InvalidValue, match=r"path: the records hold no position, but.*dynamics\.Positions"):
        sd.plots.path(run.history.drop_vars("position"))
    with pytest.raises(InvalidValue, match="path: the players never moved"):
        sd.plots.path(run.history.assign(position=0 * run.history["position"]))
