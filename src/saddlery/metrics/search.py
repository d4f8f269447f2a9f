"""Batched minimisation: many small problems side by side, each at its own pace, by L-BFGS or any optax optimiser."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from saddlery.types import Scalar

DECREASE, CURVATURE = 1e-4, 0.9  # the constants of the weak Wolfe conditions, as in Nocedal and Wright (2006)
TRIALS = 25  # points tried along a line, after which rounding has the last word


class Found(NamedTuple):
    """The results of searches, one for each lane.

    - `z`, `value`: the best point, and the function there.
    - `gradient_norm`: the ℓ² norm of the function's gradient there.
    - `iterations`: accepted steps.
    - `evaluations`: of the function together with its gradient.
    - `converged`: whether `gradient_norm` is at most the tolerance. A search that is not converged has used up its
      iterations, or found no better point along its direction.
    """

    z: Float[Array, "lanes d"]
    value: Float[Array, " lanes"]
    gradient_norm: Float[Array, " lanes"]
    iterations: Int[Array, " lanes"]
    evaluations: Int[Array, " lanes"]
    converged: Bool[Array, " lanes"]


class Line(NamedTuple):
    """The state of the line search in each lane: the next step to try, and the bracket that it lies in."""

    step: Any
    low: Any
    high: Any
    trials: Any


class Searching(NamedTuple):
    """The state of all lanes during the search."""

    z: Any
    value: Any
    gradient: Any
    direction: Any
    memory: Any
    line: Line
    iterations: Any
    evaluations: Any
    active: Any


def lbfgs(
    function: Callable,
    z: Float[Array, "lanes d"],
    *,
    iterations: int | Int[Array, ""],
    tolerance: float | Scalar,
    memory: int = 10,
) -> Found:
    """L-BFGS in every lane (optax's direction), with a line search in which no lane waits for another.

    Each turn evaluates the function once in all lanes. A lane whose point meets the weak Wolfe conditions,

        f(z + t d) ≤ f(z) + 10⁻⁴ t ⟨∇f, d⟩   and   ⟨∇f(z + t d), d⟩ ≥ 0.9 ⟨∇f, d⟩,

    takes it and a new direction; the others halve their bracket, or double the step where it has no upper end
    (Lewis and Overton, 2013, algorithm 2.6, which suits functions with kinks too).

        >>> found = lbfgs(lambda z: ((z - 3) ** 2).sum(1), jnp.zeros((1, 2)), iterations=20, tolerance=1e-5)
        >>> found.z.round(4).tolist(), found.converged.tolist()
        ([[3.0, 3.0]], [True])

    **Arguments:**
    - `function`: from points `(lanes, d)` to values `(lanes,)`, each of its own point only.
    - `z`: where the lanes start.
    - `iterations`: the most steps that a lane takes.
    - `tolerance`: of the gradient's ℓ² norm, at which a lane has converged.
    - `memory`: how many steps the curvature is estimated from.
    """
    rule = optax.scale_by_lbfgs(memory)

    def directed(gradient, remembered, z):
        ascent, remembered = jax.vmap(rule.update)(gradient, remembered, z)
        return -jnp.asarray(ascent), remembered

    value, gradient = _with_gradient(function, z)
    direction, remembered = directed(gradient, jax.vmap(rule.init)(z), z)
    lanes = len(z)
    count = jnp.zeros(lanes, int)
    start = Searching(
        z, value, gradient, direction, remembered, _line(value), count, count + 1, _norm(gradient) > tolerance
    )

    def turn(now: Searching) -> Searching:
        line = now.line
        point = now.z + line.step[:, None] * now.direction
        value, gradient = _with_gradient(function, point)
        slope = (now.gradient * now.direction).sum(1)
        lower = value <= now.value + DECREASE * line.step * slope
        flatter = (gradient * now.direction).sum(1) >= CURVATURE * slope
        accepted = now.active & lower & flatter
        low, high = jnp.where(lower, line.step, line.low), jnp.where(lower, line.high, line.step)
        step = jnp.where(jnp.isinf(high), 2 * low, (low + high) / 2)
        moved = (point, value, gradient, *directed(gradient, now.memory, point), _line(value))
        stayed = (*now[:5], Line(step, low, high, line.trials + 1))
        z, value, gradient, direction, remembered, line = _chosen(accepted, moved, stayed)
        taken = now.iterations + accepted
        active = now.active & (taken < iterations) & (_norm(gradient) > tolerance) & (line.trials < TRIALS)
        return Searching(z, value, gradient, direction, remembered, line, taken, now.evaluations + now.active, active)

    end = jax.lax.while_loop(lambda now: now.active.any(), turn, start)
    norm = _norm(end.gradient)
    return Found(end.z, end.value, norm, end.iterations, end.evaluations, norm <= tolerance)


def descend(
    function: Callable,
    z: Float[Array, "lanes d"],
    optimiser: optax.GradientTransformation,
    *,
    iterations: int | Int[Array, ""],
    tolerance: float | Scalar,
) -> Found:
    """Descent by any optax optimiser in every lane, such as `optax.adam(0.03)`: the best of the points that it passes.

    A lane that has converged stays where it is. Arguments as for `lbfgs`; the optimiser must treat numbers apart
    (Adam does; what normalises by a global norm would mix the lanes).

        >>> found = descend(lambda z: z[:, 0] ** 2, jnp.ones((1, 1)), optax.sgd(0.25), iterations=3, tolerance=0.0)
        >>> found.z.tolist(), found.value.tolist()  # halved three times
        ([[0.125]], [0.015625])
    """

    def turn(i, carry):
        z, state, best = carry
        value, gradient = _with_gradient(function, z)
        norm = _norm(gradient)
        active = ~best.converged
        passed = Found(z, value, norm, best.iterations, best.evaluations, norm <= tolerance)
        best = _chosen(active & ((value < best.value) | passed.converged), passed, best)
        counts = {"iterations": best.iterations + (active & (i > 0)), "evaluations": best.evaluations + active}
        updates, state = optimiser.update(gradient, state, z)
        return z + updates, state, best._replace(**counts)

    lanes = len(z)
    count, never = jnp.zeros(lanes, int), jnp.full(lanes, jnp.inf, z.dtype)
    nothing = Found(z, never, never, count, count, jnp.zeros(lanes, bool))
    best = jax.lax.fori_loop(0, iterations + 1, turn, (z, optimiser.init(z), nothing))[2]
    return best._replace(value=jnp.where(jnp.isinf(best.value), jnp.nan, best.value))  # of no point was there a value


def _with_gradient(function, z):
    """Each lane's value and its gradient, in one pass, as lanes do not see each other."""
    value, pull = jax.vjp(function, z)
    return value, pull(jnp.ones_like(value))[0]


def _line(value):
    """The start of a search along a new direction: the whole step, and no bracket yet."""
    zeros = jnp.zeros_like(value)
    return Line(zeros + 1, zeros, zeros + jnp.inf, jnp.zeros(len(value), int))


def _chosen(accepted, yes, no):
    """Lane by lane one tree or the other."""

    def choose(a, b):
        return jnp.where(accepted.reshape(-1, *[1] * (a.ndim - 1)), a, b)

    return jax.tree.map(choose, yes, no)


def _norm(gradient):
    return jnp.sqrt((gradient**2).sum(1))
