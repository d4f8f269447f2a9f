"""Linear solves by GMRES, with matrices known by their products only."""

from collections.abc import Callable

import equinox as eqx
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

    The derivative is that of the solution, not of the iteration: with M the matrix and b the target,

        M dx = db − dM x

    in forward mode, in reverse mode a system with Mᵀ. Each is solved to a residual relative to its own right-hand side,
    so that derivatives are as exact near b = 0, and at it, as elsewhere.

        >>> solve(lambda x: 2 * x, jnp.array([4.0, 6.0]), tolerance=1e-6, iterations=10).round().tolist()
        [2.0, 3.0]
        >>> jax.jacobian(lambda b: solve(lambda x: 2 * x, b, 1e-6, 10))(jnp.zeros(2)).round(3).tolist()  # M⁻¹
        [[0.5, 0.0], [0.0, 0.5]]

    **Arguments:**
    - `product`: from a pytree to the matrix's product with it; it may hold values that are differentiated.
    - `target`: the right-hand side, a pytree of the same structure.
    - `tolerance`: relative residual at which it stops.
    - `iterations`: restarts at the most, each of `VECTORS` Krylov vectors, or as many as there are numbers, and
      a product for each.

    **Returns:** the solution; where `iterations` do not suffice or the matrix is singular, the best found. A derivative
    is NaN there instead: where its own solve leaves a relative residual above both `tolerance` and √ε of the type.
    """
    return _solution(eqx.filter_closure_convert(product, target), target, tolerance, iterations)


@eqx.filter_custom_jvp
def _solution(product, target, tolerance, iterations):
    return _gmres(product, target, tolerance, iterations)


@_solution.def_jvp
def _tangent(primals, tangents):
    product, target, tolerance, iterations = primals
    d_product, d_target, *_ = tangents
    x = _solution(product, target, tolerance, iterations)
    residual = lambda product, target: optax.tree.sub(target, product(x))  # noqa: E731
    right = eqx.filter_jvp(residual, (product, target), (d_product, d_target))[1]  # db − dM x
    strict = lambda product, right: _or_nan(product, right, _gmres(product, right, tolerance, iterations), tolerance)  # noqa: E731
    return x, jax.lax.custom_linear_solve(product, right, strict, transpose_solve=strict)


def _gmres(product, target, tolerance, iterations):
    """The best solution found, of the target scaled to length one: lineax's relative test is entry by entry, undefined
    where a dead unit's entry is zero."""
    solver = lineax.GMRES(
        rtol=0.0, atol=tolerance, norm=optax.tree.norm,
        restart=min(VECTORS, optax.tree.size(target)),  # it tests for convergence only where it restarts
        max_steps=iterations + 1,  # the first of its steps is only the residual at zero
    )  # fmt: skip
    length = _length(target)
    unit = jax.tree.map(lambda leaf: leaf / length, target)
    operator = lineax.FunctionLinearOperator(product, jax.eval_shape(lambda: target))
    return optax.tree.scale(length, lineax.linear_solve(operator, unit, solver, throw=False).value)


def _or_nan(product, target, solution, tolerance):
    """A solution, or NaN where it does not solve."""
    length = _length(target)
    residual = optax.tree.norm(jax.tree.map(lambda b, image: (b - image) / length, target, product(solution)))
    allowed = jnp.maximum(tolerance, jnp.sqrt(jnp.finfo(residual.dtype).eps))
    return optax.tree.scale(jnp.where(residual <= allowed, 1.0, jnp.nan), solution)


def _length(target):
    """The Euclidean norm of a pytree, whose squares may underflow; 1 for zero."""
    largest = jnp.asarray(optax.tree.max(jax.tree.map(jnp.abs, target)))
    largest = jnp.where(largest > 0, largest, 1.0)
    return jnp.maximum(largest, largest * optax.tree.norm(jax.tree.map(lambda leaf: leaf / largest, target)))
