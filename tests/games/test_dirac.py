import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair, check, gradients
from saddlery.games.dirac import dirac
from saddlery.losses import LOSSES

log1pexp = lambda t: np.logaddexp(0.0, t)  # noqa: E731
THETA, PSI = 0.7, -1.3
SCORE = THETA * PSI


def losses(game, batch=()):
    players = Pair(jnp.asarray(THETA), jnp.asarray(PSI))
    return game.losses(players.discriminator, game.act(players.generator, batch), batch)


@pytest.mark.parametrize(
    ("loss", "generator", "discriminator"),
    [
        ("minimax", -np.log(2) - log1pexp(SCORE), np.log(2) + log1pexp(SCORE)),
        ("nonsaturating", log1pexp(-SCORE), np.log(2) + log1pexp(SCORE)),
        ("wasserstein", -SCORE, SCORE),
        ("least_squares", 0.5 * (SCORE - 1) ** 2, 0.5 + 0.5 * SCORE**2),
    ],
)
def test_losses_are_those_of_the_two_scores(float64, loss, generator, discriminator):
    np.testing.assert_allclose(losses(dirac(loss)), (generator, discriminator), rtol=1e-14)


@pytest.mark.parametrize(
    ("penalty", "value"),
    [
        ("r1(weight=3.0)", 1.5 * PSI**2),
        ("r2(weight=3.0)", 1.5 * PSI**2),
        ("wgan_gp(weight=3.0)", 3.0 * (abs(PSI) - 1) ** 2),
        (("r1(weight=3.0)", "wgan_gp(weight=1.0)"), 1.5 * PSI**2 + (abs(PSI) - 1) ** 2),
    ],
)
def test_penalties_see_the_discriminators_slope_and_are_its_own(float64, penalty, value):
    game = dirac("wasserstein", penalty)
    np.testing.assert_allclose(losses(game, game.draw(jax.random.key(0))), (-SCORE, SCORE + value), rtol=1e-14)


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("penalty", [None, "r1", "wgan_gp", "dragan"])
def test_every_loss_and_penalty_fits(loss, penalty):
    players, _, samples = check(dirac(loss, penalty), jax.random.key(0))
    assert [player.shape for player in players] == [(), ()]
    assert samples.shape == (1,)


@pytest.mark.parametrize(("loss", "slope"), [("minimax", 0.5), ("nonsaturating", 0.5), ("wasserstein", 1.0)])
@pytest.mark.parametrize("weight", [0.0, 0.4, 3.0])
def test_eigenvalues_at_the_equilibrium(float64, locate, loss, slope, weight):
    """J = [[0, −f′], [f′, −γ]] with f′ = f′(0) and γ the weight of R1 (Mescheder et al., 2018, lemmas 2.3 and 4.1)."""
    game = dirac(loss, f"r1(weight={weight})")
    position = locate(game, game.equilibrium(), game.draw(jax.random.key(0)))
    root = np.emath.sqrt(weight**2 / 4 - slope**2)
    np.testing.assert_allclose(position.xi, 0, atol=1e-15)
    np.testing.assert_allclose(np.sort_complex(np.linalg.eigvals(-position.H)),
                               np.sort_complex([-weight / 2 - root, -weight / 2 + root]), atol=1e-12)  # fmt: skip


def test_the_gradient_is_finite_where_the_points_meet():
    game = dirac("nonsaturating", ("r1", "wgan_gp", "dragan"))
    xi = ravel_pytree(gradients(game, game.equilibrium(), game.draw(jax.random.key(0))))[0]
    assert np.isfinite(xi).all()


def test_an_unknown_loss_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown loss 'minmax'; did you mean 'minimax'"):
        dirac("minmax")
