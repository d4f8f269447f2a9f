"""Products of two factors of the same batch are biased, of two batches they are not: by the mean of many draws."""

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.rules import AdaptiveConsensus, Consensus, RuleInput, Symplectic
from saddlery.rules.independent import half_square, independent
from saddlery.schedules.schedule import draws

DRAWS, SIGMA2 = 20_000, 0.25  # σ² of the game with noise
SURE = 5.0  # standard errors: of a normal mean 1 in 1.7 million is further away


def scores(game, players, rule, expected, of=None):
    """How many standard errors each number's mean over many draws is from what is expected."""

    def once(key):
        batches = draws(game, rule, key)
        inputs = RuleInput(game, players, batches[0], None, None, batches[1:])
        found = rule(inputs, rule.init(game, players))[0] if of is None else of(inputs)
        return ravel_pytree(found)[0]

    with jax.enable_x64(True):
        found = np.asarray(jax.jit(jax.vmap(once))(jax.random.split(jax.random.key(0), DRAWS)))
    return (found.mean(0) - expected) / (found.std(0, ddof=1) / np.sqrt(DRAWS))


def blocks(gamma, H, xi):
    """Σ_j γ_ij H_jiᵀ ξ_j."""
    sides = slice(None, 2), slice(2, None)
    parts = [sum(gamma[i][j] * H[sides[j], sides[i]].T @ xi[sides[j]] for j in range(2)) for i in range(2)]
    return np.concatenate(parts)


# A rule by the number of its batches, its direction by the means of ξ and H, and what one batch adds at z: with
# δH = σM and δξ = σMz + τn, E δHᵀδξ = 3.5 σ² z; of the blocks off the diagonal alone 2 σ² z; E ½(δHᵀ − δH)δξ = σ² z.
RULES = {
    "consensus": (
        lambda batches: Consensus(0.7, batches), lambda H, xi: xi + 0.7 * H.T @ xi, 0.7 * 3.5 * SIGMA2,
    ),
    "JARE": (
        lambda batches: Consensus([[0.0, 0.7], [0.7, 0.0]], batches),
        lambda H, xi: xi + blocks([[0.0, 0.7], [0.7, 0.0]], H, xi), 0.7 * 2 * SIGMA2,
    ),
    "symplectic": (
        lambda batches: Symplectic(0.7, align=False, batches=batches),
        lambda H, xi: xi + 0.7 * (H - H.T).T @ xi / 2, 0.7 * SIGMA2,
    ),
    "adaptive consensus": (
        lambda batches: AdaptiveConsensus(gamma=0.7, target=1.0, batches=batches),
        lambda H, xi: xi + 0.7 * H.T @ xi, 0.7 * 3.5 * SIGMA2,
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", RULES)
def test_two_batches_are_without_bias_and_one_has_the_bias_of_the_variance(noisy, name):
    game, players, xi, H = noisy
    make, direction, bias = RULES[name]
    expected, z = direction(H, xi), np.asarray(ravel_pytree(players)[0])
    assert np.abs(scores(game, players, make(2), expected)).max() < SURE
    assert np.abs(scores(game, players, make(1), expected)).max() > 2 * SURE
    assert np.abs(scores(game, players, make(1), expected + bias * z)).max() < SURE


def test_the_squared_norm_of_one_batch_holds_the_variance(noisy):
    """E ½‖ξ‖² = ½‖E ξ‖² + ½ tr Cov ξ, where Cov ξ is σ² E (Mz)(Mz)ᵀ + τ² I: its trace is 3.5 σ² ‖z‖² + 4 τ²."""
    game, players, xi, _ = noisy
    z, expected = np.asarray(ravel_pytree(players)[0]), 0.5 * xi @ xi
    variance = 3.5 * SIGMA2 * z @ z + 4 * 0.5**2
    measured = {n: lambda inputs, n=n: half_square(independent(inputs, n)[1]) for n in (1, 2)}
    assert abs(scores(game, players, Consensus(0.0, 2), expected, measured[2]).item()) < SURE
    assert abs(scores(game, players, Consensus(0.0), expected, measured[1]).item()) > 2 * SURE
    assert abs(scores(game, players, Consensus(0.0), expected + variance / 2, measured[1]).item()) < SURE


def test_without_a_second_batch_the_one_stands_for_both(position, direct):
    """As where a spectrum looks at one fixed batch."""
    for rule in (Consensus, Symplectic):
        one, two = (direct(rule(0.7, batches=batches), position) for batches in (1, 2))
        np.testing.assert_array_equal(one, two)


def test_batches_are_drawn_independently(noisy):
    """And a rule of one batch draws by the key itself, as ever."""
    game, *_ = noisy
    key = jax.random.key(3)
    (one,), (first, second) = draws(game, Consensus(1.0), key), draws(game, Consensus(1.0, batches=2), key)
    jax.tree.map(np.testing.assert_array_equal, one, game.draw(key))
    assert not np.intersect1d(first[0], second[0]).size
    assert not np.intersect1d(first[0], one[0]).size
