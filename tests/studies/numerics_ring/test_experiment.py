"""Spectra, comparisons and paths at positions, on a ring whose networks are made small."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import saddlery as sd
from saddlery.games.ring import PRESETS
from saddlery.studies.numerics_ring import experiment
from saddlery.studies.numerics_ring.experiment import (
    BATCHES,
    GAMMA,
    SCALES,
    Scale,
    _experiment,
    _kinks,
    _players,
    _spectrum,
    parameters,
)  # fmt: skip
from saddlery.studies.numerics_ring.kinks import kinks

NETWORK = {"widths": (4,), "activation": "relu", "initialisation": "glorot"}
SIZE = (16 * 4 + 4 + 4 * 2 + 2) + (2 * 4 + 4 + 4 + 1)


@pytest.fixture(scope="module")
def game():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "numerics", PRESETS["numerics"] | {"generator": NETWORK, "discriminator": NETWORK})
        yield sd.games.ring("numerics")


@pytest.fixture(scope="module")
def players(game):
    return game.init(jax.random.key(5))


def test_eigenvalues_are_those_of_the_averaged_jacobian(game, players):
    found = _spectrum(game, parameters(game, players, None))
    assert found["eigenvalues_real"].shape == (2, SIZE)  # one row for every parameter
    for i, gamma in enumerate((None, GAMMA)):
        expected = sd.spectrum(game, players, key=jax.random.key(1), batches=BATCHES, gamma=gamma)
        here = found.isel(field=i)
        values = here["eigenvalues_real"].values + 1j * here["eigenvalues_imaginary"].values
        np.testing.assert_allclose(values, expected.eigenvalues, atol=1e-6)
        np.testing.assert_allclose(here["rotation"], expected.rotation, rtol=1e-5)
        assert here["carrying"] == len(expected.modes.carrying())
        np.testing.assert_allclose(
            here["mode_weight"][: len(expected.modes.weights)], expected.modes.weights, atol=1e-5
        )


def test_jacobian_and_finite_differences_are_compared_at_each_seed_and_instant(game, players):
    flat = parameters(game, players, None)
    positions = xr.DataArray(np.stack([[flat, np.full_like(flat, np.nan)]]), dims=("seed", "step", "parameter"))
    found = _kinks(game, positions.assign_coords(step=[0, 4]))
    expected = kinks(game, players, key=jax.random.key(1))
    assert list(found["instant"].values) == [0, 4]
    np.testing.assert_allclose(found["seen"].isel(seed=0, instant=0), expected["seen"], rtol=1e-3)
    assert np.isnan(found["seen"].isel(seed=0, instant=1)).all()  # where training had left the finite numbers


def test_the_field_along_a_path_is_that_at_its_ends(game, players):
    flat = jnp.asarray(parameters(game, players, None))
    history = xr.Dataset({"parameters": (("seed", "step", "parameter"), np.stack([[flat, 0.9 * flat]]))}, {"seed": [0]})
    found = experiment._paths(type("Ready", (), {"game": game}), {"simultaneous": history}).isel(setting=0, seed=0)
    norms = [float(_spectrum(game, each)["field_norm"][0]) for each in (flat, 0.9 * flat)]
    np.testing.assert_allclose(found["path_norm"].sel(position=0), norms[0], rtol=1e-5)
    np.testing.assert_allclose(found["path_norm"].sel(position=1, method="nearest"), norms[1], rtol=1e-3)
    np.testing.assert_allclose(found["distance"], 0.1 * np.linalg.norm(flat), rtol=1e-5)


def test_where_training_diverged_there_are_no_eigenvalues(game):
    found = _spectrum(game, np.full(SIZE, np.nan))
    assert found["eigenvalues_real"].shape == (2, SIZE)
    assert np.isnan(found["eigenvalues_real"]).all()
    assert np.isnan(found["carrying"]).all()


def test_players_come_out_of_a_vector_as_they_went_in(game, players):
    again = _players(game, parameters(game, players, None))
    assert jax.tree.structure(again) == jax.tree.structure(players)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(players), strict=True))


def test_another_length_than_the_papers_is_said():
    made = _experiment(Scale(6, 2, 1e-2, 2, (0, 6)))
    assert "6 steps of learning rate 0.01 in the place of their 50,000 of 0.0001" in made.note
    assert "in the place of" not in _experiment(SCALES["paper"]).note
