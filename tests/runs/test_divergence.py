"""Divergence: whatever is no longer finite is found at its step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain
from checks.training import KEY, players_probe

import saddlery as sd


class Explosive(Plain, eqx.Module):
    """Losses whose gradient is infinite from the step at which the generator passes `wall`."""

    wall: jax.Array

    def init(self, key):
        return sd.Pair(jax.random.uniform(key, (), minval=0.0, maxval=0.5), jnp.zeros(()))

    def losses(self, discriminator, samples, batch):
        beyond = jnp.where(samples > self.wall, jnp.inf, 1.0)
        return sd.Pair(-samples * beyond, discriminator**2)


def test_divergence_is_recorded_with_its_step_and_disturbs_nobody():
    """Each step adds 0.1 until the wall at 2.05; the step after passing it is infinite."""
    game = Explosive(jnp.asarray(2.05))
    method = sd.methods.simultaneous(generator="sgd(learning_rate=0.1)", discriminator="sgd(learning_rate=0.1)")
    probes = {"position": lambda game, players, key: players.generator}
    run = sd.train(game, method, steps=1000, every=1, key=KEY, seeds=4, probes=probes)
    for seed in range(4):
        position = run.history.position[seed].values
        last = np.flatnonzero(np.isfinite(position))[-1]
        assert run.history.diverged_at[seed] == last + 1
        assert position[last] > 2.05 > position[last - 1]
        assert np.isnan(position[last + 1 :]).all()
        assert np.isfinite(run.players[seed].generator)
    rare = sd.train(game, method, steps=1000, every=500, key=KEY, seeds=4, probes=probes)
    np.testing.assert_array_equal(rare.history.diverged_at, run.history.diverged_at)
    safe = sd.train(Explosive(jnp.asarray(1e9)), method, steps=1000, every=1, key=KEY, seeds=4, probes=probes)
    for seed in range(4):
        before = slice(0, int(run.history.diverged_at[seed]))
        np.testing.assert_array_equal(safe.history.position[seed, before], run.history.position[seed, before])
    assert (safe.history.diverged_at == -1).all()


class Steep(Plain):
    """Gradients of 1e20 that overflow Adam's second moment, so that its players never move again."""

    value = 0.0

    def losses(self, discriminator, samples, batch):
        return sd.Pair(1e20 * samples.sum(), (discriminator**2).sum())


@pytest.mark.parametrize("looks", [None, {"players": players_probe}])
def test_an_optimiser_s_state_that_overflows_is_divergence(looks):
    method = sd.methods.simultaneous(generator="adam(learning_rate=1e-3)", discriminator="adam(learning_rate=1e-3)")
    history = sd.train(Steep(), method, steps=10, key=KEY, probes=looks).history
    assert history.diverged_at.item() == (0 if looks is None else 1)  # the gradient's norm is not finite at the start


def test_what_an_optimiser_begins_with_may_be_infinite():
    """As `reduce_on_plateau` begins with the best value that it has not seen yet."""
    import optax

    plateau = optax.chain(optax.sgd(0.1), optax.scale(1.0), _Best())
    method = sd.methods.simultaneous(generator=plateau, discriminator=plateau)
    assert int(sd.train(sd.games.bilinear(), method, steps=3, key=KEY).only.history.diverged_at) == -1


def _Best():
    import optax

    return optax.GradientTransformation(
        lambda params: {"best": jnp.asarray(jnp.inf)}, lambda updates, state, params=None: (updates, state)
    )


def test_an_average_that_overflows_is_divergence():
    class Large(Steep):
        def losses(self, discriminator, samples, batch):
            return sd.Pair(-samples.sum(), (discriminator**2).sum())

    method = sd.methods.simultaneous(learning_rate=1e37)
    history = sd.train(Large(), method, steps=60, key=KEY, average=0.5, probes={"players": players_probe}).history
    assert 0 < history.diverged_at.item() <= 35
