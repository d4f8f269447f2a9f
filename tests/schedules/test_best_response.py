from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.game import Pair, fixed
from saddlery.games.bilinear import bilinear
from saddlery.games.two_gaussians import two_gaussians

SGD = "sgd(learning_rate=0.1)"


def optimal(generator=SGD, method=sd.methods.simultaneous):
    return method(schedule="best_response", generator=generator, discriminator=SGD)


def start():
    return Pair(jnp.array([0.3, 1.4]), jnp.array([-1.0, 0.0, 1.0, 2.0]))


def of_means(means, ends):
    """∂L/∂μ by the densities at the ends."""
    density = np.exp(-((ends[:, None] - means) ** 2) / 2) / np.sqrt(2 * np.pi)
    return (np.array([-1, 1, -1, 1])[:, None] * density).sum(0) / 2


def test_the_generator_descends_against_the_maximiser(float64, walk):
    game = two_gaussians()
    path, _ = walk(optimal(), game, start(), 5)
    for now, after in pairwise(path):
        best = np.asarray(game.best_response(now[:2]))
        np.testing.assert_allclose(np.clip(after[2:], -99, 99), np.clip(best, -99, 99), rtol=1e-12)
        assert np.isfinite(after).all()
        np.testing.assert_allclose(after[:2], now[:2] - 0.1 * of_means(now[:2], best), rtol=1e-10)


def test_only_the_generators_optimiser_moves(float64, walk):
    """Momentum µ: m ← µm + ∂L/∂μ, μ ← μ − hm."""
    game = two_gaussians()
    path, states = walk(optimal("sgd(learning_rate=0.1, momentum=0.5)"), game, start(), 4)
    means, momentum = path[0, :2], np.zeros(2)
    for after in path[1:]:
        momentum = 0.5 * momentum + of_means(means, np.asarray(game.best_response(means)))
        means = means - 0.1 * momentum
        np.testing.assert_allclose(after[:2], means, rtol=1e-10)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, states[0].optimisers[1], states[-1].optimisers[1]))


def test_any_rule_directs_the_generator(float64, walk, locate):
    game, players = two_gaussians(), start()
    path, _ = walk(optimal(method=partial(sd.methods.consensus, 0.7)), game, players, 1)
    at = locate(game, players._replace(discriminator=game.best_response(players.generator)))
    np.testing.assert_allclose(path[1, :2], path[0, :2] - 0.1 * (at.xi + 0.7 * at.H.T @ at.xi)[:2], rtol=1e-9)


def test_a_fixed_game_and_one_that_is_no_pytree_have_their_maximisers(walk):
    game = two_gaussians()

    class Foreign:
        def __getattr__(self, name):
            return getattr(game, name)

    expected = walk(optimal(), game, start(), 3)[0]
    for wrapped in (fixed(game, ()), fixed(Foreign(), ())):
        np.testing.assert_allclose(walk(optimal(), wrapped, start(), 3)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_game_without_a_maximiser_is_refused(wrapped):
    game = fixed(bilinear(), ()) if wrapped else bilinear()
    with pytest.raises(TypeError, match=r"best_response needs a game with a method best_response\(generator\)"):
        optimal().init(game, bilinear().init(jax.random.key(0)))


def test_training_runs_on_it():
    run = sd.train(two_gaussians(), optimal(), steps=400, key=jax.random.key(0), every=200).only
    np.testing.assert_allclose(jnp.sort(run.players.generator), (-0.5, 0.5), atol=0.05)


# The theorem: Li, Madry, Peebles, Schmidt (2018), theorem 1. Box and separation are what it is stated for here.
BOX, SEPARATION, TIME = 2.0, 0.1, 40.0


@pytest.fixture(scope="module")
def late_distances():
    """By step size h, the total variation after a time of 40 from every start, at 30 later records, `(30, starts)`."""
    line = np.linspace(-BOX, BOX, 11)
    means = np.array([(a, b) for a in line for b in (*line, *(a + SEPARATION * np.array([-1, 1]))) if abs(b) <= BOX])
    means = means[np.abs(means[:, 0] - means[:, 1]) >= SEPARATION - 1e-12]
    game = two_gaussians()

    def late(mu, h):
        method = optimal(sd.optimiser("sgd", learning_rate=h))

        def step(_, carry):
            return method.step(game, *carry, jax.random.key(0))

        def record(carry, _):
            carry = jax.lax.fori_loop(0, 7, step, carry)  # 7: no period of the hovering
            return carry, game.total_variation(carry[0].generator)

        players = Pair(mu, jnp.zeros(4))
        reached = jax.lax.fori_loop(0, jnp.int64(TIME / h), step, (players, method.init(game, players)))
        return jax.lax.scan(record, reached, length=30)[1]

    with jax.enable_x64(True):
        advance = jax.jit(jax.vmap(late, (0, None), 1))
        yield {h: np.asarray(advance(jnp.array(means), h)) for h in (0.3, 0.1, 0.03)}


@pytest.mark.long
@pytest.mark.parametrize("h", [0.3, 0.1, 0.03])
def test_the_optimal_discriminator_leads_every_start_to_the_target_and_it_stays_within_order_h(late_distances, h):
    """Every start in the box whose means are 0.1 apart has total variation below δ = 0.06 h after T = 40/h steps."""
    assert late_distances[h].shape[1] > 100
    assert late_distances[h].max() < 0.06 * h


def test_the_remaining_distance_is_proportional_to_the_step(late_distances):
    """It hovers, as the total variation is not smooth at the target: neither less than order h nor more."""
    worst = {h: distance.max() for h, distance in late_distances.items()}
    exponents = np.diff(np.log(list(worst.values()))) / np.diff(np.log(list(worst)))
    np.testing.assert_allclose(exponents, 1.0, atol=0.1)
