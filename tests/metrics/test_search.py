import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import optimize

from saddlery.metrics.search import descend, lbfgs

pytestmark = pytest.mark.long


def rosenbrock(z):
    return (100 * (z[:, 1:] - z[:, :-1] ** 2) ** 2 + (1 - z[:, :-1]) ** 2).sum(1)


def starts(lanes=6, d=4):
    return np.random.default_rng(0).normal(size=(lanes, d)) * np.linspace(0.2, 3, lanes)[:, None]


@functools.partial(jax.jit, static_argnames=("function",))
def searched(function, z, iterations=300):
    return lbfgs(function, z, iterations=iterations, tolerance=1e-6)


def test_it_finds_minima_as_scipy_does(float64):
    found = searched(rosenbrock, starts())
    assert found.converged.all()
    assert (found.gradient_norm <= 1e-6).all()
    gradient = jax.jit(jax.grad(lambda z: rosenbrock(z[None])[0]))
    for start, z, evaluations in zip(starts(), found.z, found.evaluations, strict=True):
        theirs = optimize.minimize(
            lambda z: float(rosenbrock(np.asarray(z)[None])[0]),
            start,
            jac=lambda z: np.asarray(gradient(z)),
            method="L-BFGS-B",
            options={"ftol": 0, "gtol": 1e-7},
        )
        assert theirs.fun < 1e-8 or theirs.fun > 1  # in four dimensions there is a second, local minimum
        np.testing.assert_allclose(gradient(z), 0, atol=1e-6)
        assert evaluations < 3 * theirs.nfev


def test_lanes_do_not_see_each_other(float64):
    together, alone = searched(rosenbrock, starts()), searched(rosenbrock, starts()[2:3])
    np.testing.assert_allclose(together.z[2], alone.z[0], rtol=1e-6)
    assert together.iterations[2] == alone.iterations[0]
    assert together.evaluations[2] == alone.evaluations[0]
    assert len(set(map(int, together.iterations))) > 1  # each at its own pace


def test_values_never_rise_with_more_iterations(float64):
    values = np.stack([searched(rosenbrock, starts(), iterations).value for iterations in (1, 2, 5, 10, 40)])
    assert (np.diff(values, axis=0) <= 0).all()


def test_a_quadratic_takes_about_as_many_steps_as_dimensions(float64):
    root = np.random.default_rng(1).normal(size=(5, 5))
    minimum = np.arange(5.0)
    found = searched(lambda z: (((z - minimum) @ root) ** 2).sum(1), starts(4, 5))
    assert found.converged.all()
    np.testing.assert_allclose(found.z, np.tile(minimum, (4, 1)), atol=1e-5)
    assert found.iterations.max() < 40


def test_a_kink_is_found_although_it_never_converges(float64):
    found = searched(lambda z: jnp.abs(z[:, 0]) + 0.5 * (z[:, 1:] ** 2).sum(1), starts(), 500)
    np.testing.assert_allclose(found.z, 0, atol=1e-3)
    assert not found.converged.any()


def test_a_start_at_a_minimum_is_left_alone():
    found = searched(rosenbrock, jnp.ones((2, 3)))
    assert found.converged.all()
    assert (found.iterations == 0).all()
    assert (found.evaluations == 1).all()


def test_points_without_a_value_are_stepped_back_from(float64):
    def function(z):  # NaN beyond 1, where the first step of a quarter leads to from 0.9
        return jnp.where(z[:, 0] < 1, -jnp.log1p(-z[:, 0]) - 3 * z[:, 0], jnp.nan)

    found = searched(function, jnp.array([[0.0], [0.3]]))
    np.testing.assert_allclose(found.z, 2 / 3, rtol=1e-5)


def test_any_optimiser_descends_and_keeps_its_best(float64):
    z = jnp.asarray(starts(3, 4))
    adam = jax.jit(lambda iterations: descend(rosenbrock, z, optax.adam(0.1), iterations=iterations, tolerance=1e-9))
    one, thirty, many = map(adam, (1, 30, 400))
    state, point = optax.adam(0.1).init(z), z
    passed = [rosenbrock(point)]
    slope = jax.jit(jax.grad(lambda z: rosenbrock(z).sum()))
    for _ in range(30):
        gradient = slope(point)
        updates, state = optax.adam(0.1).update(gradient, state, point)
        point = point + updates
        passed.append(rosenbrock(point))
    np.testing.assert_allclose(thirty.value, np.min(passed, axis=0), rtol=1e-9)
    assert (many.value < one.value).all()
    assert (many.iterations == 400).all()
    assert (many.evaluations == 401).all()


def test_a_lane_that_has_converged_stays(float64):
    found = descend(
        lambda z: (z**2).sum(1), jnp.asarray([[1.0], [0.0]]), optax.sgd(0.25), iterations=60, tolerance=1e-3
    )
    assert found.converged.all()
    assert found.iterations[1] == 0
    # x halves every step and its gradient is 2x: at most 10⁻³ after eleven.
    assert found.iterations[0] == pytest.approx(11)
    assert float(found.z[0, 0]) == pytest.approx(2.0**-11)
