"""The study on a ring whose networks are made small, so that its trainings and spectra take no time."""

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.games.ring import PRESETS
from saddlery.studies import numerics_ring
from saddlery.studies.kinks import kinks
from saddlery.studies.numerics_ring import BATCHES, GAMMA, Scale, _players, _spectrum, open_numerics_ring, run

SMALL = Scale(steps=6, every=2, learning_rate=1e-2, seeds=2, moments=(0, 4, 6))
NETWORK = {"widths": (4,), "activation": "relu", "initialisation": "glorot"}
SIZE = (16 * 4 + 4 + 4 * 2 + 2) + (2 * 4 + 4 + 4 + 1)


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "numerics", PRESETS["numerics"] | {"generator": NETWORK, "discriminator": NETWORK})
        patch.setitem(numerics_ring.SCALES, "quick", SMALL)
        yield


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def done():
    return []


@pytest.fixture(scope="module")
def study(folder, done):
    return run(folder, "quick", lambda *counts: done.append(counts))


def test_eigenvalues_are_those_of_the_averaged_jacobian_where_training_was(study, folder):
    assert study["eigenvalues_real"].dims == ("setting", "seed", "moment", "field", "eigenvalue")
    assert study["eigenvalues_real"].shape == (2, 2, 3, 2, SIZE)  # one row for every parameter
    game, method = sd.games.ring("numerics"), sd.methods.consensus(GAMMA, learning_rate=1e-2)
    trained = sd.train(game, method, steps=6, every=2, seeds=2, key=jax.random.key(0))
    at_end = study.sel(setting=f"consensus(gamma={GAMMA})", seed=1, moment=6)
    for field, gamma in (("v", None), ("consensus", GAMMA)):
        found = sd.spectrum(game, trained.players[1], key=jax.random.key(1), batches=BATCHES, gamma=gamma)
        here = at_end.sel(field=field)
        values = here["eigenvalues_real"].values + 1j * here["eigenvalues_imaginary"].values
        np.testing.assert_allclose(values, found.eigenvalues, atol=1e-6)
        np.testing.assert_allclose(here["rotation"], found.rotation, rtol=1e-5)
        assert here["carrying"] == len(found.modes.carrying())
        np.testing.assert_allclose(here["mode_weight"][: len(found.modes.weights)], found.modes.weights, atol=1e-5)


def test_both_methods_start_from_the_same_players(study):
    start = study["eigenvalues_real"].sel(moment=0)
    np.testing.assert_array_equal(start.isel(setting=0), start.isel(setting=1))
    assert not np.array_equal(start.isel(seed=0), start.isel(seed=1))


def test_the_path_leads_from_the_first_moment_to_the_last(study):
    norm = study["field_norm"].sel(field="v")
    np.testing.assert_allclose(study["path_norm"].sel(position=0), norm.sel(moment=0), rtol=1e-5)
    end = study["path_norm"].sel(position=1, method="nearest")
    np.testing.assert_allclose(end, norm.sel(moment=6), rtol=1e-4)


def test_jacobian_and_finite_differences_are_compared_along_training_with_relu_and_with_tanh(study):
    assert study["seen"].dims == ("network", "setting", "seed", "instant", "direction", "h")
    assert list(study["instant"].values) == [0, 2, 4, 6]
    assert study["missed"].sel(network="tanh").max() < 1e-2
    assert study["missed"].sel(network="relu").median() > 0.05
    game = sd.games.ring("numerics")
    trained = sd.train(game, sd.methods.simultaneous(learning_rate=1e-2), steps=6, seeds=2, key=jax.random.key(0))
    expected = kinks(game, trained.players[1], key=jax.random.key(1))
    here = study.sel(network="relu", setting="simultaneous", seed=1, instant=6)
    np.testing.assert_allclose(here["seen"], expected["seen"], rtol=1e-3)


def test_the_measures_of_training_are_there_and_say_how_they_were_made(study):
    assert study["modes"].dims == ("setting", "seed", "step")
    assert list(study["step"].values) == [0, 2, 4, 6]
    assert "6 steps of learning rate 0.01 in the place of their 50,000 of 0.0001" in study.attrs["note"]
    assert study.attrs["command"] == "saddlery study numerics-ring --scale quick"


def test_nothing_is_computed_twice(study, folder, done, monkeypatch):
    assert done == [(i, 18) for i in range(1, 19)]
    monkeypatch.setattr(numerics_ring, "from_matrix", None)
    monkeypatch.setattr(numerics_ring.kinks, "kinks", None)
    assert run(folder, "quick").identical(study)
    assert open_numerics_ring(folder).identical(study)


def test_where_training_diverged_there_are_no_eigenvalues(small):
    found = _spectrum(sd.games.ring("numerics"), np.full(SIZE, np.nan))
    assert found["eigenvalues_real"].shape == (2, SIZE)
    assert np.isnan(found["eigenvalues_real"]).all()
    assert np.isnan(found["carrying"]).all()


def test_players_come_out_of_a_vector_as_they_went_in(small):
    game = sd.games.ring("numerics")
    players = game.init(jax.random.key(5))
    again = _players(game, numerics_ring.parameters(game, players, None))
    assert jax.tree.structure(again) == jax.tree.structure(players)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(players), strict=True))


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'papre'; did you mean 'paper'"):
        run(tmp_path, "papre")
    with pytest.raises(FileNotFoundError, match="holds no study of the Numerics' ring"):
        open_numerics_ring(tmp_path)
