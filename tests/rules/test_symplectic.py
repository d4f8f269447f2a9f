import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saddlery.game import Pair
from saddlery.games.bilinear import bilinear
from saddlery.games.quadratic import quadratic
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus, Symplectic
from saddlery.schedules import simultaneous


def rotation(H):
    return (H - H.T) / 2


def test_without_alignment_the_weight_is_taken_as_it_is(position, direct):
    expected = position.xi + 0.8 * rotation(position.H).T @ position.xi
    np.testing.assert_allclose(direct(Symplectic(0.8, align=False), position), expected, rtol=0, atol=1e-10)


def test_in_the_papers_field_it_is_v_plus_weight_times_rotation(position, direct):
    """With v = −ξ and J = v′ = −H, the players move along v + λ A_J v, A_J = ½(J − Jᵀ)."""
    v, J = -position.xi, -position.H
    np.testing.assert_allclose(
        -direct(Symplectic(0.8, align=False), position), v + 0.8 * rotation(J) @ v, rtol=0, atol=1e-10
    )


def test_alignment_chooses_the_sign(position, direct):
    xi, H = position.xi, position.H
    attraction = (xi @ H.T @ xi) * ((rotation(H).T @ xi) @ (H.T @ xi)) / len(xi) + 0.1
    expected = xi + 0.8 * np.sign(attraction) * rotation(H).T @ xi
    np.testing.assert_allclose(direct(Symplectic(0.8), position), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("curvature", "sign"), [(1.0, 1.0), (-1.0, -1.0)], ids=["stable", "unstable"])
def test_alignment_attracts_to_stable_and_repels_from_unstable_equilibria(float64, direct, locate, curvature, sign):
    """L_g = ½c g² + 4gd, L_d = ½c d² − 4gd: H = cI + 4R, of eigenvalues c ± 4i. The unit z's adjustment 4λRᵀHz is
    λ(16z + 4cRᵀz), of which descent moves along −16λz: towards the equilibrium where λ is positive, away where not."""
    game = quadratic([[curvature]], [[4.0]], [[curvature]])
    position = locate(game, Pair(np.array([0.6]), np.array([-0.8])))
    adjustment = direct(Symplectic(1.0), position) - position.xi
    assert adjustment @ position.z == pytest.approx(sign * 16, rel=1e-12)


def test_a_potential_game_has_no_adjustment(float64, direct, locate):
    """Both losses descend one potential, D = Bᵀ: H is symmetric and nothing rotates."""
    rng = np.random.default_rng(0)
    A, B, C = rng.normal(size=(2, 2)), rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
    game = quadratic(A, B, C, B.T)
    position = locate(game, Pair(jnp.asarray(rng.normal(size=2)), jnp.asarray(rng.normal(size=3))))
    np.testing.assert_allclose(direct(Symplectic(5.0), position), position.xi, rtol=0, atol=1e-13)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(h=st.floats(0.01, 1.0), sigma=st.floats(0.1, 2.0), weight=st.floats(0.0, 2.0))
def test_on_the_bilinear_game_it_is_consensus(float64, walk, h, sigma, weight):
    """H is all rotation, so A = H; and ⟨ξ, Hᵀξ⟩ = 0, so that the aligned sign is that of 0.1."""
    players, sgd = Pair(np.array([0.6]), np.array([-0.8])), optimiser("sgd", learning_rate=h)
    paths = [
        walk(Method(rule, simultaneous(), generator=sgd, discriminator=sgd), bilinear(sigma), players, 3)[0]
        for rule in (Symplectic(weight), Consensus(weight))
    ]
    np.testing.assert_allclose(*paths, rtol=1e-12, atol=1e-14)
