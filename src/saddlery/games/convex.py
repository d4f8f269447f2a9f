"""Minimisation of smooth convex functions by Newton's method, to the precision of the numbers."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from saddlery.types import Parameters

TOLERANCE = 1e-8  # of the gradient's largest entry; of float32 twenty times its precision
SUFFICIENT = 1e-4  # of the decrease that the gradient promises: Armijo's constant
HALVINGS = 40  # of a step that does not descend
UNSEEN = 20  # of the value's precision: what a step promises that rounding may hide


class Minimum(NamedTuple):
    """A minimum: where, the largest entry of the gradient there (the KKT residual), and Newton's steps to it."""

    at: Parameters
    residual: Float[Array, ""]
    steps: Int[Array, ""]


def minimise(loss: Callable[[Parameters], Float[Array, ""]], start: Parameters, most: int = 100) -> Minimum:
    """Minimise a smooth, strictly convex function by Newton's method with backtracking.

        x⁺ = x − t H⁻¹ g,   t the first of 1, ½, ¼, … with  f(x⁺) ≤ f(x) − 10⁻⁴ t ⟨g, H⁻¹ g⟩

    It ends when no entry of the gradient exceeds 10⁻⁸ (in float32 twenty times its precision); after the first whole
    step that promises less than rounding may hide, which is not tried; when no step descends any more; or after
    `most` steps. A pure function, which can be compiled and mapped.

        >>> found = minimise(lambda x: jnp.sum((x - 3.0) ** 2) + jnp.sum(jnp.exp(x)), jnp.zeros(2))
        >>> [round(float(each), 3) for each in found.at], int(found.steps) < 9  # where 2 (x − 3) + eˣ = 0
        ([1.252, 1.252], True)

    **Arguments:**
    - `loss`: from parameters to a number.
    - `start`: where to begin; any pytree of arrays, of some hundred numbers, as the Hessian is a matrix.
    """
    x, unravel = ravel_pytree(start)
    f = lambda x: loss(unravel(x))  # noqa: E731
    value_and_gradient, hessian = jax.value_and_grad(f), jax.hessian(f)
    tolerance = max(TOLERANCE, 20 * float(jnp.finfo(x.dtype).eps))

    def goes_on(state):
        _, _, gradient, steps, more = state
        return more & (steps < most) & (jnp.abs(gradient).max() > tolerance)

    def step(state):
        x, value, gradient, steps, _ = state
        direction = jax.scipy.linalg.solve(hessian(x), gradient, assume_a="pos")
        slope = gradient @ direction
        unseen = slope <= UNSEEN * jnp.finfo(x.dtype).eps * jnp.abs(value)

        def too_far(tried):
            t, halvings = tried
            descended = f(x - t * direction) <= value - SUFFICIENT * t * slope
            return ~unseen & ~descended & (halvings < HALVINGS)

        t, halvings = jax.lax.while_loop(too_far, lambda tried: (tried[0] / 2, tried[1] + 1), (jnp.ones_like(value), 0))
        descends = halvings < HALVINGS
        x = jnp.where(descends, x - t * direction, x)
        return x, *value_and_gradient(x), steps + 1, descends & ~unseen

    begun = x, *value_and_gradient(x), jnp.zeros((), jnp.int32), jnp.ones((), bool)
    x, _, gradient, steps, _ = jax.lax.while_loop(goes_on, step, begun)
    return Minimum(unravel(x), jnp.abs(gradient).max(), steps)
