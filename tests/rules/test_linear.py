"""Solves and their derivatives, against LAPACK and the closed form dx = M⁻¹(db − dM x)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.rules.linear import solve

SHIFT = 4.0  # times the identity, so that no matrix below is near a singular one


def matrices(kind, size=6):
    """A base matrix and its change with a number t, both symmetric or neither."""
    rng = np.random.default_rng(size)
    base, change = rng.normal(size=(2, size, size))
    if kind == "symmetric":
        base, change = base @ base.T, change + change.T
    return base / np.linalg.norm(base, 2) + SHIFT * np.eye(size), change / np.linalg.norm(change, 2)


@pytest.fixture(params=["symmetric", "general"])
def system(request, float64):
    """`x(t, b)` by the solver with M(t) = base + t change, the matrices, and a right-hand side."""
    base, change = matrices(request.param)

    def x(t, b):
        return solve(lambda p: jnp.asarray(base) @ p + t * (jnp.asarray(change) @ p), b, 1e-10, 10)

    return x, base, change, np.random.default_rng(1).normal(size=len(base))


SCALES = [1.0, 1e-6, 1e-12, 1e-30, 1e-200, 0.0]


@pytest.mark.parametrize("scale", SCALES)
def test_forward_derivatives_are_those_of_the_solution_at_every_length_of_the_target(system, scale):
    x, M, change, b = system
    rng = np.random.default_rng(2)
    db, dt = rng.normal(size=len(b)), 0.7
    value, tangent = jax.jvp(x, (0.0, jnp.asarray(scale * b)), (dt, jnp.asarray(db)))
    expected = np.linalg.solve(M, scale * b)
    np.testing.assert_allclose(value, expected, rtol=1e-8, atol=0)
    np.testing.assert_allclose(tangent, np.linalg.solve(M, db - dt * change @ expected), rtol=1e-8, atol=0)


@pytest.mark.parametrize("scale", SCALES)
def test_reverse_derivatives_solve_with_the_transposed_matrix(system, scale):
    x, M, change, b = system
    cotangent = np.random.default_rng(3).normal(size=len(b))
    _, pull = jax.vjp(x, 0.0, jnp.asarray(scale * b))
    of_t, of_b = pull(jnp.asarray(cotangent))
    adjoint = np.linalg.solve(M.T, cotangent)
    np.testing.assert_allclose(of_b, adjoint, rtol=1e-8)
    np.testing.assert_allclose(of_t, -adjoint @ change @ np.linalg.solve(M, scale * b), rtol=1e-8, atol=0)


def test_small_cotangents_are_solved_as_exactly_as_large_ones(system):
    x, M, _, b = system
    _, pull = jax.vjp(lambda b: x(0.0, b), jnp.asarray(b))
    for scale in SCALES:
        np.testing.assert_allclose(pull(jnp.asarray(scale * b))[0], np.linalg.solve(M.T, scale * b), rtol=1e-8, atol=0)


@pytest.mark.long
@pytest.mark.parametrize("outer", [jax.jacfwd, jax.jacrev])
@pytest.mark.parametrize("inner", [jax.jacfwd, jax.jacrev])
def test_second_derivatives_in_either_mode(system, outer, inner):
    """x = M(t)⁻¹b: x″ = 2 M⁻¹M′M⁻¹M′M⁻¹ b."""
    x, M, change, b = system
    once = np.linalg.solve(M, change)
    found = outer(inner(lambda t: x(t, jnp.asarray(b))))(0.0)
    np.testing.assert_allclose(found, 2 * once @ once @ np.linalg.solve(M, b), rtol=1e-7)


def test_under_vmap_jit_and_scan_solutions_and_derivatives_are_the_same(system):
    """Targets of very different lengths side by side: each is solved relative to its own."""
    x, M, change, b = system
    lengths = jnp.array([1.0, 1e-9, 0.0])
    many = lengths[:, None] * jnp.asarray(b)
    expected = np.linalg.solve(M, np.asarray(many).T).T
    slopes = -np.linalg.solve(M, change @ expected.T).T

    def both(b):
        return jax.jvp(lambda t: x(t, b), (0.0,), (1.0,))

    ways = {
        "vmap": jax.jit(jax.vmap(both)),
        "scan": jax.jit(lambda many: jax.lax.scan(lambda carry, b: (carry, both(b)), 0, many)[1]),
    }
    for way in ways.values():
        values, tangents = way(many)
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=0)
        np.testing.assert_allclose(tangents, slopes, rtol=1e-8, atol=0)


def test_integers_and_masks_within_the_product_are_held(float64):
    """As relu's mask and a batch's labels are: no derivative is asked of them, and the values are in play."""

    def x(t, which):
        mask, scale = jnp.array([1.0, -1.0]) * t > 0, jnp.array([2.0, 5.0])[which]
        return solve(lambda p: jnp.where(mask, t * scale * p, p), jnp.array([3.0, 4.0]), 1e-10, 10)

    value, slope = jax.jit(lambda which: jax.jvp(lambda t: x(t, which), (2.0,), (1.0,)))(1)
    np.testing.assert_allclose(value, [3 / 10, 4], rtol=1e-10)
    np.testing.assert_allclose(slope, [-3 / 20, 0], rtol=1e-10, atol=1e-12)


def test_trees_are_solved_as_the_vector_of_their_numbers(float64):
    base, _ = matrices("general")
    split = lambda v: {"a": v[:2].reshape(1, 2), "b": v[2:]}  # noqa: E731
    join = lambda tree: jnp.concatenate([tree["a"].ravel(), tree["b"]])  # noqa: E731
    b = np.random.default_rng(0).normal(size=6)
    found = solve(lambda tree: split(jnp.asarray(base) @ join(tree)), split(jnp.asarray(b)), 1e-10, 10)
    np.testing.assert_allclose(join(found), np.linalg.solve(base, b), rtol=1e-8)


def test_a_singular_system_gives_the_best_found_and_no_derivative(float64):
    """diag(1, 0) x = (1, 1): the best is x₁ = 1. Along the second number no tangent solves."""
    matrix = jnp.diag(jnp.array([1.0, 0.0]))
    x = lambda b: solve(lambda p: matrix @ p, b, 1e-8, 10)  # noqa: E731
    b = jnp.array([1.0, 1.0])
    assert np.isfinite(x(b)).all()
    assert np.isnan(jax.jvp(x, (b,), (jnp.array([0.0, 1.0]),))[1]).all()
    np.testing.assert_allclose(jax.jvp(x, (b,), (jnp.array([1.0, 0.0]),))[1], [1.0, 0.0], atol=1e-12)


def test_a_target_that_is_not_finite_has_no_solution(float64):
    assert np.isnan(solve(lambda p: 2.0 * p, jnp.array([1.0, jnp.nan]), 1e-8, 10)).any()


@pytest.mark.parametrize("scale", [1.0, 1e-10, 1e-20, 1e-30, 1e30])
def test_in_single_precision_squares_that_underflow_or_overflow_do_no_harm(scale):
    base, _ = matrices("general")
    b = np.random.default_rng(0).normal(size=6).astype(np.float32)
    x = lambda b: solve(lambda p: jnp.asarray(base, jnp.float32) @ p, b, 1e-6, 10)  # noqa: E731
    expected = np.linalg.solve(base, b)
    value, tangent = jax.jvp(x, (jnp.float32(scale) * b,), (jnp.float32(scale) * b,))
    np.testing.assert_allclose(value / np.float32(scale), expected, rtol=1e-4)
    np.testing.assert_allclose(tangent / np.float32(scale), expected, rtol=1e-4)
