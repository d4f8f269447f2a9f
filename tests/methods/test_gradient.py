"""What gradient methods do to their optimisers, by the steps that come of it."""

import jax
import numpy as np
import pytest

import saddlery as sd


@pytest.mark.parametrize("relative", [False, True])
def test_clipping_bounds_each_entry_of_a_step(quadratic_game, walk, relative):
    """Under sgd(h) a step is h clip(ξ, ±c); relative to c it is h clip(ξ/c, ±1), by at most h an entry."""
    xi, h = quadratic_game.xi, 0.03
    value = np.median(np.abs(xi))  # so that some entries are clipped and some are not
    method = sd.methods.clipped(value, relative=relative, generator="sgd(learning_rate=0.03)",
                                discriminator="sgd(learning_rate=0.03)").for_game()  # fmt: skip
    path, _ = walk(method, quadratic_game.game, quadratic_game.players, 1)
    moved = path[1] - path[0]
    expected = -h * np.clip(xi, -value, value) / (value if relative else 1.0)
    np.testing.assert_allclose(moved, expected, rtol=1e-6)
    if relative:
        assert np.abs(moved).max() == pytest.approx(h)
        assert np.abs(moved).min() < h


@pytest.mark.parametrize("preset", ["unrolled", "numerics"])
def test_the_ratio_is_that_of_the_two_learning_rates_whatever_the_game_s_are(preset):
    """The unrolled preset's are 1e-3 and 1e-4 by themselves."""
    chosen = sd.methods.two_time_scales(ratio=3.0).for_game(sd.games.ring(preset))
    generator, discriminator = (float(each.numbers["learning_rate"]) for each in chosen.optimisers)
    assert discriminator / generator == pytest.approx(3.0)
    assert generator == pytest.approx({"unrolled": 1e-3, "numerics": 1e-4}[preset])


def test_sagan_alternates_with_adam_without_momentum(float64, walk):
    """In NumPy on the bilinear game: β₁ = 0, β₂ = 0.9, the discriminator first, at four times the generator's rate."""
    h, eps = 0.02, 1e-8
    method = sd.methods.sagan(learning_rate=h).for_game(sd.games.bilinear())
    start = sd.Pair(np.array([0.6]), np.array([-0.8]))
    path, _ = walk(jax.tree.map(lambda x: x.astype(float), method), sd.games.bilinear(), start, 4)
    g, d, of_g, of_d = 0.6, -0.8, 0.0, 0.0
    for t in range(1, 5):
        of_d = 0.9 * of_d + 0.1 * g**2
        d = d + 4 * h * g / (np.sqrt(of_d / (1 - 0.9**t)) + eps)
        of_g = 0.9 * of_g + 0.1 * d**2
        g = g - h * d / (np.sqrt(of_g / (1 - 0.9**t)) + eps)
        np.testing.assert_allclose(path[t], [g, d], rtol=1e-6)
