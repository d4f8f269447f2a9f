"""Kinds of points of games whose kind is known by construction, with the eigenvalues by LAPACK and closed forms."""

from importlib import import_module

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy import stats

import saddlery as sd
from saddlery.dynamics import Kind, critical_point, jacobian
from saddlery.game import Pair
from saddlery.games import bilinear
from saddlery.games.quadratic import quadratic

KEY = jax.random.key(0)
MODULE = import_module("saddlery.dynamics.critical_point")


class OfMatrices(eqx.Module):
    """A game of n against m numbers without randomness."""

    def init(self, key):
        return Pair(jnp.zeros(self.shape[0]), jnp.zeros(self.shape[1]))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator


class ZeroSum(OfMatrices):
    """min over x, max over y of f = ½ xᵀPx + xᵀBy − ½ yᵀQy."""

    P: jax.Array
    B: jax.Array
    Q: jax.Array

    @property
    def shape(self):
        return self.B.shape

    def losses(self, y, x, batch):
        f = 0.5 * x @ self.P @ x + x @ self.B @ y - 0.5 * y @ self.Q @ y
        return Pair(f, -f)


# One number against one, p, b, q; a game of several is made of them, and turned.
SCALARS = {
    Kind.NASH: [(1.0, 4.0, 2.0), (3.0, 0.0, 1.0)],
    Kind.MINIMAX: [(-6.0, 4.0, 2.0), (-1.0, 2.0, 3.0)],  # p + b²/q = 2, 1/3; descent leaves the one, and not the other
    Kind.STABLE: [(3.0, 2.0, -1.0)],  # of H both eigenvalues are 1, but y is at its worst answer
    Kind.UNSTABLE: [(-1.0, 1.0, -2.0), (-4.0, 1.0, 1.0)],  # p + b²/q = −3 in the second
}


def turned(seed, kind):
    """P, B, Q of three pairs of numbers, one of this kind, the others Nash, and a number of the discriminator's alone,
    in coordinates turned at random."""
    rng = np.random.default_rng(seed)
    pairs = [SCALARS[kind][seed % len(SCALARS[kind])], *(tuple(rng.uniform(0.5, 3.0, 3)) for _ in range(2))]
    p, b, q = np.array(pairs).T
    U, V = (np.linalg.qr(rng.normal(size=(size, size)))[0] for size in (3, 4))
    B = np.zeros((3, 4))
    B[range(3), range(3)] = b
    return U @ np.diag(p) @ U.T, U @ B @ V.T, V @ np.diag([*q, rng.uniform(0.5, 3.0)]) @ V.T


def student(batches):
    return stats.t.ppf(0.99865, batches - 1)


def at_origin(game, **arguments):
    return critical_point(game, jax.tree.map(jnp.zeros_like, game.init(KEY)), key=KEY, **arguments)


@pytest.fixture(params=["matrix", "products"])
def way(request, monkeypatch):
    """Both ways: by matrices, and by Lanczos, ARPACK and conjugate gradients."""
    if request.param == "products":
        monkeypatch.setattr(MODULE, "SMALL", 2)
    return request.param


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", SCALARS)
def test_kinds_of_zero_sum_games_known_by_construction(kind, dtype, way):
    with jax.enable_x64(dtype is np.float64):
        for seed in range(4):
            P, B, Q = turned(seed, kind)
            found = at_origin(ZeroSum(*(jnp.asarray(M, dtype) for M in (P, B, Q))))
            error = 1e-4 if dtype is np.float32 else 1e-9
            assert found.word == kind, found
            assert found.stable == (np.linalg.eigvals(np.block([[P, B], [-B.T, Q]])).real.min() > 0)
            H = np.block([[P, B], [-B.T, Q]])
            assert found.nash == (np.linalg.eigvalsh(H + H.T)[0] > 0)  # J is negative definite
            np.testing.assert_allclose(found.generator.values, np.linalg.eigvalsh(P), atol=error)
            np.testing.assert_allclose(found.discriminator.values, np.linalg.eigvalsh(Q), atol=error)
            if found.total is not None:
                complement = P + B @ np.linalg.solve(Q, B.T)
                np.testing.assert_allclose(found.total.values, np.linalg.eigvalsh(complement), atol=error)
                assert found.slope == 0
            else:
                assert np.linalg.eigvalsh(Q)[0] < 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_schur_complement_that_cancels_has_no_sign(dtype, way):
    """P = −B Q⁻¹Bᵀ: what is left is rounding of numbers that are larger, and says nothing."""
    with jax.enable_x64(dtype is np.float64):
        for seed in range(6):
            rng = np.random.default_rng(seed)
            B, Q = 10 * rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
            Q = Q @ Q.T + np.eye(4)
            found = at_origin(ZeroSum(*(jnp.asarray(M, dtype) for M in (-B @ np.linalg.solve(Q, B.T), B, Q))))
            assert found.total.positive is None
            assert found.word is Kind.DEGENERATE


def test_where_a_third_derivative_is_not_finite_the_leaders_side_is_left_open(float64, way, monkeypatch):
    game = next(game for game, A, _, _ in map(response, range(12)) if np.linalg.eigvalsh(A)[0] > 0)
    infinite = lambda game, players, keys, weights, directions: np.inf * directions  # noqa: E731
    monkeypatch.setattr("saddlery.dynamics.second_order.lagrangian_products", infinite)
    found = at_origin(game)
    assert (found.word, found.nash, found.minimax, found.total) == (Kind.NASH, True, None, None)
    assert "is not known" in found.because


def test_solves_that_do_not_converge_leave_it_open(float64, monkeypatch):
    monkeypatch.setattr(MODULE, "SMALL", 2)
    found = at_origin(ZeroSum(*map(jnp.asarray, turned(1, Kind.MINIMAX))), products=1)
    assert (found.word, found.nash, found.minimax) == (Kind.DEGENERATE, False, None)
    assert found.total is None


DOCUMENTED = [
    ((1, 4, 2), Kind.NASH, True), ((-6, 4, 2), Kind.MINIMAX, False), ((-1, 2, 3), Kind.MINIMAX, True),
    ((3, 2, -1), Kind.STABLE, True), ((-1, 1, -2), Kind.UNSTABLE, False), ((0, 1, 0), Kind.DEGENERATE, None),
]  # fmt: skip


@pytest.mark.parametrize(("numbers", "word", "stable"), DOCUMENTED)
def test_the_table_of_the_documentation(numbers, word, stable):
    """½px² + bxy − ½qy²; also in single precision, where eigenvalues −1, −1 of a defective J are off by √ε."""
    found = at_origin(ZeroSum(*(jnp.full((1, 1), float(number)) for number in numbers)))
    assert (found.word, found.stable) == (word, stable)


def test_a_local_nash_equilibrium_of_a_general_sum_game_need_not_be_stable():
    """Both own Hessians are 1, and H has the eigenvalues 1 ± 2."""
    found = at_origin(quadratic([[1.0]], [[2.0]], [[1.0]], [[2.0]]))
    assert (found.word, found.stable) == (Kind.NASH, False)


def test_where_a_loss_has_a_term_in_its_own_players_parameters_more_the_answer_is_that_of_the_zero_sum_game(
    float64, way
):
    """As R1 has: `quadratic` leaves −½ dᵀCd out of the generator's loss. Its gradient is the same."""
    for seed, kind in enumerate(SCALARS):
        P, B, Q = turned(seed, kind)
        found, expected = at_origin(quadratic(P, B, Q)), at_origin(ZeroSum(*map(jnp.asarray, (P, B, Q))))
        assert found.word == expected.word
        if found.total is not None:
            np.testing.assert_allclose(found.total.values, expected.total.values, atol=1e-9)


class Response(OfMatrices):
    """A general-sum game whose best response is known: r(g) = Kg + ½ (gᵀG₁g, gᵀG₂g, gᵀG₃g), L_d = ½ (d − r)ᵀQ(d − r).

    L_g = ½ gᵀAg + gᵀBd + c·d + ½ dᵀEd, so that φ(g) = L_g(g, r(g)) has φ′(0) = Kᵀc and
    φ″(0) = A + BK + KᵀBᵀ + KᵀEK + Σ c_k G_k.
    """

    A: jax.Array
    B: jax.Array
    c: jax.Array
    E: jax.Array
    K: jax.Array
    G: jax.Array
    Q: jax.Array

    @property
    def shape(self):
        return self.B.shape

    def losses(self, d, g, batch):
        off = d - self.K @ g - 0.5 * jnp.einsum("kij,i,j->k", self.G, g, g)
        of_generator = 0.5 * g @ self.A @ g + g @ self.B @ d + self.c @ d + 0.5 * d @ self.E @ d
        return Pair(of_generator, 0.5 * off @ self.Q @ off)


def response(seed, leads=True):
    """A random one, n = 2 against m = 3; `leads`: whether c is orthogonal to the columns of K, so that φ′ = 0."""
    rng = np.random.default_rng(seed)
    A, E, Q = (M + M.T for M in (rng.normal(size=(size, size)) for size in (2, 3, 3)))
    G, B, K, c = rng.normal(size=(3, 2, 2)), rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), rng.normal(size=3)
    A, G, Q = A + 3 * (seed % 3) * np.eye(2), G + G.transpose(0, 2, 1), Q @ Q + np.eye(3)
    if leads:
        c = c - K @ np.linalg.solve(K.T @ K, K.T @ c)
    total = A + B @ K + K.T @ B.T + K.T @ E @ K + np.einsum("k,kij->ij", c, G)
    return Response(*map(jnp.asarray, (A, B, c, E, K, G, Q))), A, total, K.T @ c


def test_in_general_sum_games_the_hessian_along_the_best_response_is_the_total_one(float64, way):
    words = set()
    for seed in range(12):
        game, A, total, _ = response(seed)
        found = at_origin(game)
        np.testing.assert_allclose(found.total.values, np.linalg.eigvalsh(total), atol=1e-7)
        assert found.slope < 1e-7
        assert found.nash == (np.linalg.eigvalsh(A)[0] > 0)
        assert found.minimax == (np.linalg.eigvalsh(total)[0] > 0)
        words.add(found.word)
    assert {Kind.NASH, Kind.MINIMAX, Kind.UNSTABLE} <= words


def test_a_rest_point_from_which_a_leader_would_move_is_no_stackelberg_equilibrium(float64, way):
    for seed in range(4):
        game, _, _, gradient = response(seed, leads=False)
        found = at_origin(game)
        assert found.slope == pytest.approx(np.linalg.norm(gradient), rel=1e-6)
        assert found.minimax is False
        assert "has slope" in found.because


def test_a_coupling_that_is_antisymmetric_by_chance_at_the_point_is_none_of_a_zero_sum_game(float64, way):
    """r(g) = cos g − 1 and L_g = ½g² + 2d: H is diagonal at the origin, and φ″ = 1 − 2."""
    game = Response(*map(jnp.asarray, ([[1.0]], [[0.0]], [2.0], [[0.0]], [[0.0]], [[[-1.0]]], [[3.0]])))
    found = at_origin(game)
    np.testing.assert_allclose(found.total.values, [-1.0], atol=1e-8)
    assert (found.word, found.nash, found.minimax) == (Kind.NASH, True, False)


def test_a_pure_rotation_is_degenerate(way):
    found = at_origin(bilinear(2.0, 3))
    assert found.word is Kind.DEGENERATE
    assert (found.nash, found.minimax, found.stable) == (None, None, None)


def test_one_flat_direction_leaves_open_what_another_does_not_refute(float64, way):
    B = np.zeros((2, 2))
    flat, falling = (at_origin(quadratic(np.diag([a, 0.0]), B, np.eye(2))) for a in (1.0, -1.0))
    assert (flat.word, flat.nash, flat.minimax) == (Kind.DEGENERATE, None, None)
    assert (falling.word, falling.nash, falling.minimax) == (Kind.UNSTABLE, False, False)
    lifted = at_origin(quadratic(np.diag([1.0, 1e-12]), B, np.eye(2)), tolerance=1e-13)
    assert lifted.word is Kind.NASH


def test_away_from_rest_it_says_how_far(float64, way):
    game = quadratic(*(turned(0, Kind.NASH)))
    H, z = np.asarray(game.jacobian()), np.random.default_rng(0).normal(size=7)
    for distance, word in ((1e-10, Kind.NASH), (1e-3, Kind.NOT_AT_REST)):
        players = Pair(jnp.asarray(distance * z[:3]), jnp.asarray(distance * z[3:]))
        found = critical_point(game, players, key=KEY)
        assert found.word is word
        assert found.rest.norm == pytest.approx(distance * np.linalg.norm(H @ z), rel=1e-9)
    assert critical_point(game, players, key=KEY, rest=2 * found.rest.norm).word is Kind.NASH
    if way == "matrix":
        assert found.rest.allowed == pytest.approx(np.sqrt(2.0**-52) * np.linalg.norm(H))


class Noisy(OfMatrices):
    """Three numbers against three: the generator has curvature 1 + 3s and slope t, standard normal in each batch."""

    shape, spread, push = (3, 3), 3.0, 0.0

    def draw(self, key):
        return jax.random.normal(key, 2)

    def losses(self, d, g, batch):
        loss = 0.5 * (1 + self.spread * batch[0]) * g @ g + self.push * batch[1] * g[0]
        return Pair(loss, 0.5 * d @ d)


class Pushed(Noisy):
    """Of which also the gradient is random."""

    spread, push = 0.1, 1.0


def test_the_noise_of_the_batches_counts(float64, way):
    """1 ± 3 · 3/√B is told from zero for B > 81, and with few batches 3 is more."""
    few, many = (at_origin(Noisy(), batches=batches) for batches in (4, 400))
    batches = np.array([Noisy().draw(key)[0] for key in jax.random.split(KEY, 400)])
    assert many.generator.error == pytest.approx(student(400) * 3 * batches.std(ddof=1) / 20, rel=1e-9)
    assert many.generator.least == pytest.approx(1 + 3 * batches.mean(), rel=1e-9)
    assert few.generator.positive is None
    assert few.word is Kind.DEGENERATE
    assert many.word is Kind.NASH


def test_within_the_noise_of_the_gradient_rest_is_told_so_far_as_it_goes(float64, way):
    noisy = at_origin(Pushed(), batches=16)
    batches = np.array([Pushed().draw(key)[1] for key in jax.random.split(KEY, 16)])
    assert noisy.rest.norm == pytest.approx(abs(batches.mean()), rel=1e-9)
    assert noisy.rest.noise == pytest.approx(student(16) * batches.std(ddof=1) / 4, rel=1e-9)
    assert noisy.rest.reached is None
    assert "as far as the noise" in noisy.because
    away = critical_point(Pushed(), Pair(jnp.full(3, 5.0), jnp.zeros(3)), key=KEY, batches=16)
    assert away.word is Kind.NOT_AT_REST
    assert "times what noise may do" in away.because
    assert np.isnan(at_origin(Pushed()).rest.noise)


def test_a_gan_has_the_curvatures_of_its_blocks_by_either_way(gan_position, monkeypatch):
    n, H = gan_position.n, gan_position.H
    game = sd.fixed(gan_position.game, gan_position.batch)
    for small in (512, 0):
        monkeypatch.setattr(MODULE, "SMALL", small)
        found = critical_point(game, gan_position.players, key=KEY, rest=1e3)
        assert found.generator.least == pytest.approx(np.linalg.eigvalsh(H[:n, :n])[0], abs=1e-9)
        assert found.discriminator.least == pytest.approx(np.linalg.eigvalsh(H[n:, n:])[0], abs=1e-9)
        assert found.nash is False
        assert found.stable is (False if np.linalg.eigvals(-H).real.max() > 1e-9 else None)
        assert found.word in (Kind.UNSTABLE, Kind.DEGENERATE)
    assert critical_point(game, gan_position.players, key=KEY).word is Kind.NOT_AT_REST


@pytest.mark.long
def test_a_trained_ring_is_not_called_an_equilibrium():
    """After 300 steps its gradient is within the noise of eight batches or not, but some curvature is
    negative beyond doubt, by the eigenvalues of the averaged matrix."""
    game = sd.games.ring(width=4, batch=32)
    method = sd.methods.alternating(learning_rate=1e-3).for_game(game)
    players = game.init(KEY)
    step = lambda i, now: method.step(game, *now, jax.random.fold_in(KEY, i))  # noqa: E731
    players, _ = jax.jit(lambda start: jax.lax.fori_loop(0, 300, step, start))((players, method.init(game, players)))
    found = critical_point(game, players, key=KEY, batches=8)
    gradient = jax.jit(lambda key: ravel_pytree(sd.gradients(game, players, game.draw(key)))[0])
    each = [gradient(key) for key in jax.random.split(KEY, 8)]
    assert found.rest.norm == pytest.approx(np.linalg.norm(np.mean(each, 0)), rel=1e-3)
    assert found.rest.noise == pytest.approx(
        student(8) * np.linalg.norm(np.std(each, 0, ddof=1)) / np.sqrt(8), rel=1e-3
    )
    H, n = -jacobian(game, players, key=KEY, batches=8).matrix(), len(ravel_pytree(players.generator)[0])
    assert found.generator.least == pytest.approx(np.linalg.eigvalsh((H + H.T)[:n, :n] / 2)[0], abs=1e-5)
    assert found.discriminator.least == pytest.approx(np.linalg.eigvalsh((H + H.T)[n:, n:] / 2)[0], abs=1e-5)
    assert found.nash is False
    assert found.minimax is not True


def test_numbers_out_of_range_and_players_of_another_game_are_refused():
    game = bilinear()
    with pytest.raises(ValueError, match="players"):
        critical_point(game, Pair(jnp.ones(2), jnp.ones(1)), key=KEY)
    for name in ("tolerance", "rest"):
        with pytest.raises(ValueError, match=f"{name}: got -1"):
            at_origin(game, **{name: -1.0})
