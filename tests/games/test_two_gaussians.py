import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression

from saddlery.game import Pair, check, gradients
from saddlery.games.two_gaussians import TwoGaussians, ordered, two_gaussians

INF = np.inf
numbers = st.floats(-4, 4).map(lambda x: round(x, 3))


def mixture(x, means):
    return norm.pdf(np.asarray(x)[..., None] - np.asarray(means)).mean(-1)


def mass(ends, means):
    """The signed measure of intervals `(…, 4)` under mixtures `(…, 2)`."""
    ends, means = np.asarray(ends, float)[..., None], np.asarray(means, float)[..., None, :]
    return ((ndtr(ends - means) * np.array([-1, 1, -1, 1])[:, None]).sum(-2) / 2).sum(-1)


@pytest.mark.parametrize("intervals", [(-1.5, -0.2, 0.3, 2.0), (-0.2, -1.5, 0.3, 2.0), (-1.0, 1.2, 0.1, 3.0)])
def test_losses_are_the_integrals_of_the_signed_measure(float64, intervals):
    """The definition of L, the discriminator integrated from each l to its r, also where r < l or intervals overlap."""
    game, means = two_gaussians((-0.7, 0.9)), np.array([0.4, -1.1])
    over = lambda mu: sum(quad(lambda x: mixture(x, mu), l, r)[0] for l, r in (intervals[:2], intervals[2:]))  # noqa: E731
    value = over((-0.7, 0.9)) + 1 - over(means)
    np.testing.assert_allclose(game.losses(np.array(intervals), game.act(means, ()), ()), (value, -value), rtol=1e-12)


def cases(n, dtype):
    """Targets and means at random: far apart, near, all but coincident, equal, swapped, mirrored, sharing a mean."""
    random = np.random.default_rng(0)
    target = random.uniform(-3, 3, (n, 2))
    near = 10 ** random.uniform(-9 if dtype == np.float64 else -4, 0, (n, 1)) * random.standard_normal((n, 2))
    means = np.where(random.random((n, 1)) < 0.5, random.uniform(-6, 6, (n, 2)), target + near)
    kind = random.integers(0, 12, n)
    means[kind == 0, 1] = means[kind == 0, 0]
    target[kind == 1, 1] = target[kind == 1, 0]
    means[kind == 2] = -target[kind == 2]
    means[kind == 3, 0] = target[kind == 3, 0]
    means[kind == 4] = means[kind == 4, ::-1]
    return target.astype(dtype), means.astype(dtype)


def best_responses(target, means):
    return np.asarray(jax.jit(jax.vmap(lambda target, means: TwoGaussians(target).best_response(means)))(target, means))


def on_a_grid(target, means, h=3e-3):
    """Total variation and the places where p − q changes its sign, out of a dense grid.

    In a cell with a change p − q is taken as a line, elsewhere by the trapezium rule; each place is then polished by
    Newton's method, of which also the slope of p − q is returned.
    """
    x = np.arange(-11.5, 11.5, h)
    bells = lambda mu: np.exp(-((x - mu[:, None]) ** 2) / 2)  # noqa: E731
    signs, centres = (1, 1, -1, -1), [*target.T, *means.T]
    d = sum(s * bells(c) for s, c in zip(signs, centres, strict=True)) / np.sqrt(8 * np.pi)
    left, right = d[:, :-1], d[:, 1:]
    changes = (left > 0) != (right > 0)
    triangle = 0.5 * np.maximum(left, right) ** 2 / np.maximum(np.abs(left) + np.abs(right), 1e-300)
    cells = np.where(changes, triangle, (np.maximum(left, 0) + np.maximum(right, 0)) / 2)
    case, cell = np.nonzero(changes)
    z, weights = x[cell] + h / 2, [(s, c[case]) for s, c in zip(signs, centres, strict=True)]
    for _ in range(8):
        value = sum(s * norm.pdf(z - c) / 2 for s, c in weights)
        slope = sum(-s * (z - c) * norm.pdf(z - c) / 2 for s, c in weights)
        z = z - np.clip(np.divide(value, slope, out=np.zeros_like(z), where=slope != 0), -h, h)
    return cells.sum(1) * h, case, z, np.abs(slope)


@pytest.mark.parametrize(
    ("dtype", "count", "of_value", "of_ends", "conditioned"),
    [(np.float64, 10_000, 1e-6, 1e-6, 1e-7), (np.float32, 2_000, 1e-6, 1e-4, 1e-2)],
)
def test_the_best_response_is_that_of_a_dense_grid(float64, dtype, count, of_value, of_ends, conditioned):
    """Of random cases. Ends are compared where p − q crosses zero steeply enough for the grid to know the place."""
    targets, all_means = cases(count, dtype)
    ends = best_responses(targets, all_means)
    assert ends.dtype == dtype
    assert not np.isnan(ends).any()
    assert (ends[:, :-1] <= ends[:, 1:]).all()
    value = mass(ends, targets) - mass(ends, all_means)
    compared = 0
    for chunk in np.array_split(np.arange(count), count // 250):
        tv, case, places, slopes = on_a_grid(targets[chunk].astype(float), all_means[chunk].astype(float))
        np.testing.assert_allclose(value[chunk], tv, rtol=0, atol=of_value)
        known = slopes > conditioned
        distance = np.abs(ends[chunk][case] - places[:, None]).min(1)
        np.testing.assert_array_less(distance[known], of_ends)
        compared += known.sum()
    assert compared > 0.8 * count


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ((-0.5, 0.5), (INF, INF, INF, INF)),  # the target: nothing exceeds anything
        ((0.5, -0.5), (INF, INF, INF, INF)),
        ((0.5, 0.5), (-INF, 0.0, INF, INF)),  # one mean is met: the difference of the other two
        ((-0.4, 0.6), (-INF, 0.05, INF, INF)),
        ((40.0, 40.0), (-INF, 20.25 - np.log(2) / 39.5, INF, INF)),  # ½φ(x − ½) against φ(x − 40), the rest too small
        ((-100.0, 100.0), (-50.25, 50.25, INF, INF)),
        ((-0.5, 1e6), (-INF, 500000.25, INF, INF)),
    ],
)
def test_the_best_response_where_it_is_known(float64, means, expected):
    np.testing.assert_allclose(two_gaussians().best_response(np.array(means)), expected, rtol=1e-11, atol=1e-14)


def test_two_unbounded_intervals_against_merged_means(float64):
    """Means at 0: p > q beyond ±x with cosh(x/2) = exp(1/8)."""
    x = 2 * np.arccosh(np.exp(1 / 8))
    np.testing.assert_allclose(two_gaussians().best_response(np.zeros(2)), (-INF, -x, x, INF), rtol=1e-13)


@pytest.mark.parametrize("size", [2.0**-10, 2.0**-20, 2.0**-40])  # as u and v such that the means are exact
@pytest.mark.parametrize(("u", "v"), [(1.0, 0.375), (-1.0, 0.75), (0.25, 1.0), (-0.25, -1.0)])
def test_ends_are_accurate_where_the_means_all_but_coincide(float64, size, u, v):
    """To first order p − q vanishes where u (x + ½) φ(x + ½) + v (x − ½) φ(x − ½) does; the rest is of the size."""
    limit = lambda x: u * (x + 0.5) * norm.pdf(x + 0.5) + v * (x - 0.5) * norm.pdf(x - 0.5)  # noqa: E731
    x = np.linspace(-9, 9, 4001)
    at = np.flatnonzero(np.diff(np.sign(limit(x))))
    expected = [brentq(limit, x[i], x[i + 1], xtol=1e-14) for i in at]
    ends = np.asarray(two_gaussians().best_response(np.array([-0.5 + size * u, 0.5 + size * v])))
    np.testing.assert_allclose(ends[np.isfinite(ends)], expected, rtol=0, atol=5 * size + 1e-12)


def test_no_ordered_intervals_are_better(float64):
    """Nor is the value more than 1, or another for the means swapped."""
    target, means = cases(1000, np.float64)
    value = jax.jit(jax.vmap(lambda target, means: TwoGaussians(target).total_variation(means)))
    best = np.asarray(value(target, means))
    for ends in np.sort(np.random.default_rng(1).normal(scale=3, size=(50, 1000, 4)), axis=-1):
        assert (mass(ends, target) - mass(ends, means) <= best + 1e-14).all()
    assert (best >= 0).all()
    assert (best <= 1 + 1e-15).all()
    np.testing.assert_allclose(value(target, means[:, ::-1]), best, rtol=0, atol=1e-14)


def test_total_variation_is_a_distance_of_the_densities(float64):
    game, means = two_gaussians((-1.0, 2.0)), np.array([0.3, -0.8])
    half = quad(lambda x: abs(mixture(x, (-1.0, 2.0)) - mixture(x, means)), -12, 12, limit=400)[0] / 2
    assert float(game.total_variation(means)) == pytest.approx(half, abs=1e-9)


def test_derivatives_are_those_of_finite_differences(float64):
    """Of the ends and of the total variation, to second order; infinite ends do not move."""
    game, h = two_gaussians(), 1e-5
    means = np.array([(0.2, 0.1), (-1.5, 1.4), (1.0, 1.6), (-0.3, 0.3), (-2.0, 0.45)])
    each = lambda f: jax.jit(jax.vmap(f))  # noqa: E731
    ends, slope = each(game.best_response), each(jax.grad(game.total_variation))

    def difference(f):  # central, (means, …, 2)
        return np.stack([(f(means + s) - f(means - s)) / (2 * h) for s in h * np.eye(2)], axis=-1)

    finite = np.isfinite(ends(means))
    jacobian = np.asarray(each(jax.jacfwd(game.best_response))(means))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(jacobian[finite], difference(ends)[finite], rtol=1e-6, atol=1e-7)
    assert (jacobian[~finite] == 0).all()
    np.testing.assert_allclose(slope(means), difference(each(game.total_variation)), rtol=1e-7, atol=1e-9)
    bend = each(jax.jacfwd(jax.grad(game.total_variation)))
    np.testing.assert_allclose(bend(means), difference(slope), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("project", [False, True])
def test_derivatives_at_infinite_ends_are_zero(project):
    game = two_gaussians(project=project)
    every = jnp.array([(-INF, INF, INF, INF), (INF,) * 4, (-INF, -1.0, 1.0, INF), (-INF, 0.3, 0.3, INF)])
    value = lambda numbers: game.losses(numbers[2:], numbers[:2], ()).generator  # noqa: E731
    numbers = jnp.concatenate([jnp.tile(jnp.array([0.1, 0.9]), (4, 1)), every], axis=1)
    first, second = (jax.jit(jax.vmap(f(value)))(numbers) for f in (jax.grad, jax.hessian))
    assert np.isfinite(first).all()
    assert np.isfinite(second).all()
    assert (first[jnp.isinf(numbers)] == 0).all()
    assert (second[jnp.isinf(numbers)] == 0).all()


def test_gradients_are_the_closed_forms(float64):
    """∂L/∂μ_i = ½ Σ (φ(r − μ_i) − φ(l − μ_i)); the discriminator ascends ∂L/∂r = p(r) − q(r), ∂L/∂l = q(l) − p(l)."""
    game, means, ends = two_gaussians(), np.array([0.4, -1.1]), np.array([-1.5, -0.2, 2.0, 0.3])
    signs = np.array([-1, 1, -1, 1])
    of_means = (signs[:, None] * norm.pdf(ends[:, None] - means)).sum(0) / 2
    of_ends = -signs * (mixture(ends, (-0.5, 0.5)) - mixture(ends, means))
    xi = gradients(game, Pair(means, ends), ())
    np.testing.assert_allclose(xi.generator, of_means, rtol=1e-12)
    np.testing.assert_allclose(xi.discriminator, of_ends, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(numbers, min_size=4, max_size=4))
def test_the_projection_is_isotonic_regression(ends):
    with jax.enable_x64(True):
        expected = IsotonicRegression().fit_transform(np.arange(4), ends)
        np.testing.assert_allclose(ordered(jnp.array(ends)), expected, atol=1e-12)


def test_the_projection_leaves_ordered_ends_alone():
    for ends in [(-INF, -0.1, 0.3, INF), (INF,) * 4, (-1.0, -1.0, 2.0, INF)]:
        np.testing.assert_array_equal(ordered(jnp.array(ends)), np.float32(ends))


def test_a_closed_interval_has_no_gradient_under_projection_and_one_under_the_signed_measure():
    """Means at 1: real is likelier below ~0.4, so at 0 an interval would gain by opening."""
    means, closed = jnp.array([1.0, 1.0]), jnp.array([0.1, -0.1, 2.0, 3.0])
    of = jax.jit(gradients)
    signed, projected = (of(two_gaussians(project=p), Pair(means, closed), ()).discriminator for p in (False, True))
    np.testing.assert_allclose(projected[:2], 0, atol=1e-8)
    assert signed[0] > 0.01
    assert signed[1] < -0.01
    np.testing.assert_allclose(projected[2:], signed[2:], rtol=1e-6)


def test_players_start_apart_and_ordered():
    game = two_gaussians((4.0, 6.0))
    players, batch, _ = check(game, jax.random.key(0))
    assert ([player.shape for player in players], batch) == ([(2,), (4,)], ())
    for seed in range(20):
        means, ends = game.init(jax.random.key(seed))
        assert (jnp.diff(ends) > 0).all()
        assert (jnp.abs(jnp.concatenate([means, ends]) - 5.0) <= 2.0).all()


@pytest.mark.parametrize("target", [(0.0,), (0.0, 1.0, 2.0), (0.0, INF), 3.0])
def test_a_target_is_two_finite_numbers(target):
    with pytest.raises(ValueError, match=r"target: got .*, expected (two finite numbers|a number finite)"):
        two_gaussians(target)
