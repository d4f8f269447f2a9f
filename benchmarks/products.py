"""What a program's matrix products take by themselves: each timed alone, with its own shapes, and added up."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.extend.core import jaxprs_in_params

from benchmarks.timing import calibrate, turn

ROUNDS, SECONDS = 3, 0.05


def alone(function: Callable, *arguments: Any) -> float:
    """The seconds of a function's products, each alone: what is left of its time if all else cost nothing.

    **Arguments:** of arrays and what JAX traces.
    """
    found: Counter = Counter()
    for equation, times in products(jax.make_jaxpr(function)(*arguments).jaxpr):
        left, right = (each.aval for each in equation.invars)
        found[left.shape, right.shape, str(left.dtype), equation.params["dimension_numbers"]] += times
    return sum(count * _seconds(*product) for product, count in found.items())


def products(jaxpr: Any, times: int = 1) -> Iterator[tuple[Any, int]]:
    """Each product's equation, and how often it is computed: those inside of loops as often as these run."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            yield equation, times
        repeats = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        for inner in jaxprs_in_params(equation.params):
            yield from products(inner, times * repeats)


def _seconds(left, right, kind, numbers) -> float:
    """The seconds of one product, the fastest of some rounds."""
    random = np.random.default_rng(0)
    x, y = (jax.numpy.asarray(random.normal(size=shape), kind) for shape in (left, right))
    product = jax.jit(lambda x, y: jax.lax.dot_general(x, y, numbers))

    def steps(n):
        for _ in range(n):
            out = product(x, y)
        jax.block_until_ready(out)

    n = calibrate(steps, SECONDS)
    return min(turn(steps, n, SECONDS) for _ in range(ROUNDS))
