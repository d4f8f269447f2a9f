"""Linear solves by GMRES, with matrices known by their products only."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import lineax
import optax

from saddlery.types import Parameters

VECTORS = 20  # of a Krylov space before it restarts


def solve(
    product: Callable[[Parameters], Parameters], target: Parameters, tolerance: float, iterations: int
) -> Parameters:
    """Solve `product(x)` = `target` by GMRES: the matrices of general-sum games are not symmetric.

        >>> solve(lambda x: 2 * x, jnp.array([4.0, 6.0]), tolerance=1e-6, iterations=10).round().tolist()
        [2.0, 3.0]

    **Arguments:**
    - `product`: from a pytree to the matrix's product with it.
    - `target`: the right-hand side, a pytree of the same structure.
    - `tolerance`: relative residual at which it stops.
    - `iterations`: restarts at the most, each of `VECTORS` Krylov vectors, or as many as there are numbers, and
      a product for each.
    """
    operator = lineax.FunctionLinearOperator(product, jax.eval_shape(lambda: target))
    # Its own relative test is entry by entry, undefined where a dead unit's entry is zero: scale to length one.
    solver = lineax.GMRES(
        rtol=0.0, atol=tolerance, norm=optax.tree.norm,
        restart=min(VECTORS, optax.tree.size(target)),  # it tests for convergence only where it restarts
        max_steps=iterations + 1,  # the first of its steps is only the residual at zero
    )  # fmt: skip
    squared = optax.tree.norm(target, squared=True)
    length = jnp.where(squared > 0, jnp.sqrt(jnp.where(squared > 0, squared, 1.0)), 1.0)  # differentiable at zero
    unit = optax.tree.scale(1 / length, target)
    return optax.tree.scale(length, lineax.linear_solve(operator, unit, solver, throw=False).value)
