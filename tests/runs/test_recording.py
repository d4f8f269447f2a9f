"""What is recorded of a run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd

KEY = jax.random.key(3)


def test_average_is_the_exponential_moving_average_of_the_generator(ring, method, train):
    run = train(ring, method, steps=6, every=1, average=0.8).only
    generator = sum(leaf.size for leaf in jax.tree.leaves(run.players.generator))
    path = run.history.parameters.values[:, :generator].astype(np.float64)
    mean = path[0]
    for position in path[1:]:
        mean = 0.8 * mean + 0.2 * position
    np.testing.assert_allclose(run.history.averaged_parameters.values[-1, :generator], mean, rtol=1e-5, atol=1e-6)
    flat = jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(run.average)])
    np.testing.assert_array_equal(run.history.averaged_parameters.values[-1, :generator], flat)


def test_default_probes_are_losses_and_gradient_norms(ring, method):
    history = sd.train(ring, method, steps=3, key=KEY).history
    assert {"generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"} <= set(history)


@pytest.mark.parametrize("name", ["steps_per_second", "diverged_at", "seed", "step"])
def test_a_probe_may_not_take_a_name_of_the_history_s_own(ring, method, name, train):
    for looks in ({name: lambda *_: 1.0}, {"a": lambda *_: {name: 1.0}}):
        with pytest.raises(ValueError, match=f"probes: .* records '{name}', a name of the history's own"):
            train(ring, method, probes=looks)


def test_two_probes_may_not_record_one_variable(ring, method, train):
    with pytest.raises(ValueError, match="probes: b records 'x', recorded by another probe too"):
        train(ring, method, probes={"a": lambda *_: {"x": 1.0}, "b": lambda *_: {"x": 2.0}})


def test_history_too_large_for_memory_is_refused_before_the_start(ring, method):
    probes = {"huge": lambda game, players, key: np.zeros((1000, 1000))}
    with pytest.raises(MemoryError, match="every, probes: 10001 records of 8"):
        sd.train(ring, method, steps=10_000_000, every=1000, key=KEY, probes=probes)


def test_records_that_are_too_many_are_refused_before_any_is_listed(ring, method, train):
    with pytest.raises(ValueError, match=r"every: got 1, expected at least 200, for at most 10,000,000 records"):
        train(ring, method, steps=2_000_000_000, every=1)


def test_a_probe_that_fails_later_loses_its_own_numbers_alone():
    calls = iter(range(9))

    def fragile(game, players, key):
        if next(calls) == 3:  # after two starts, of which one is for compiling, and the record of step 1
            raise ValueError("no convergence")
        return {"mine": np.float32(1.0)}

    probes = {"fragile": fragile, "losses": sd.metrics.Losses()}
    with pytest.warns(
        UserWarning, match="probes: fragile cannot be computed and is not recorded there: no convergence"
    ):
        run = sd.train(sd.games.bilinear(), sd.methods.simultaneous(), steps=4, every=1, key=0, probes=probes)
    assert np.isnan(run.only.history["mine"]).values.tolist() == [False, False, True, False, False]
    assert np.isfinite(run.only.history["generator_loss"]).all()


def test_a_probe_that_fails_at_once_ends_what_has_not_begun():
    def broken(game, players, key):
        raise ValueError("no convergence")

    with pytest.raises(ValueError, match="no convergence"):
        sd.train(sd.games.bilinear(), sd.methods.simultaneous(), steps=4, key=0, probes={"broken": broken})
