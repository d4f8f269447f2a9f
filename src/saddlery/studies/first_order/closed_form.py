"""The dynamics of two Gaussians against two intervals in closed form, for very many trajectories at once.

The same steps as `saddlery.methods` take on `saddlery.games.two_gaussians` under `sgd`, but written out by hand and
with the trajectories along the last axis: means μ `(2, runs)`, ends x `(4, runs)` = l₁, r₁, l₂, r₂, which have the
signs σ = −, +, −, +. With the density φ of a standard normal and its distribution Φ,

    L = 1 + Σ_e σ_e ½ (Φ(x_e − μ*₁) + Φ(x_e − μ*₂) − Φ(x_e − μ₁) − Φ(x_e − μ₂))
    ∂L/∂x_e = σ_e Δ(x_e),  Δ = p − q              ∂L/∂μ_i = ½ Σ_e σ_e φ(x_e − μ_i)
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from saddlery._system.cores import on_all_cores
from saddlery.games.two_gaussians import TwoGaussians

SIGNS = np.array([[-1.0], [1.0], [-1.0], [1.0]])
BLOCK = 8192  # trajectories that are advanced together: as many as stay in a core's cache


class Path(NamedTuple):
    """Recorded trajectories: `means` (records, 2, runs) and `ends` (records, 4, runs), the start included."""

    means: Array
    ends: Array


def density(u: Array) -> Array:
    """The density of a standard normal."""
    return jnp.exp(-0.5 * u * u) * (1.0 / math.sqrt(2.0 * math.pi))


def excess(ends: Array, means: Array, target: Array) -> Array:
    """The difference of densities, Δ(x) = p(x) − q(x), at each end."""
    real = density(ends - target[0]) + density(ends - target[1])
    return 0.5 * (real - density(ends - means[0]) - density(ends - means[1]))


def pull(means: Array, ends: Array) -> Array:
    """The gradient of the generator, ∂L/∂μ."""
    return 0.5 * sum(sign * density(end - means) for sign, end in zip((-1, 1, -1, 1), ends, strict=True))  # type: ignore[return-value]


@dataclass(frozen=True)
class FirstOrder:
    """First-order dynamics: `steps` gradient steps of the discriminator for each one of the generator.

    Alternating, the generator descends against the ends that these steps came to, as under
    `alternating(discriminator_steps=steps)`; simultaneous, against those before them, as for one step under
    `simultaneous()`.
    """

    steps: int = 1
    simultaneous: bool = False

    def __call__(self, target: Array, rate: Array, means: Array, ends: Array) -> tuple[Array, Array]:
        """One step of every trajectory."""
        up = rate * SIGNS.astype(ends.dtype)
        after = jax.lax.fori_loop(0, self.steps, lambda _, ends: ends + up * excess(ends, means, target), ends)
        return means - rate * pull(means, ends if self.simultaneous else after), after


@dataclass(frozen=True)
class Unrolled:
    """Unrolled dynamics: the generator descends through `steps` gradient steps of the discriminator.

    As `unrolled(steps=steps)`, so both players move from the same point. The ends' derivatives in the means are carried
    along: with sᵢ = ∂x/∂μᵢ, a step of x by ησΔ(x) is one of sᵢ by ησ (Δ′(x) sᵢ − ½ (x − μᵢ) φ(x − μᵢ)). Without
    `second_order` they are left out, and with them the second term of the gradient, ∂L/∂x · ∂x/∂μ: the generator
    answers the ends that are looked ahead to as if they were given.
    """

    steps: int = 1
    second_order: bool = True

    def __call__(self, target: Array, rate: Array, means: Array, ends: Array) -> tuple[Array, Array]:
        """One step of every trajectory."""
        up = rate * SIGNS.astype(ends.dtype)
        after = ends + up * excess(ends, means, target)
        if not self.second_order:
            return FirstOrder(self.steps)(target, rate, means, ends)[0], after
        centres = [*target, *means]

        def ahead(_, position):
            x, s = position
            at = [density(x - centre) for centre in centres]
            slopes = [-0.5 * (x - centre) * value for centre, value in zip(centres, at, strict=True)]
            slope = slopes[0] + slopes[1] - slopes[2] - slopes[3]
            s = jnp.stack([s_i + up * (slope * s_i + of_mean) for s_i, of_mean in zip(s, slopes[2:], strict=True)])
            return x + up * 0.5 * (at[0] + at[1] - at[2] - at[3]), s

        later, s = jax.lax.fori_loop(0, self.steps, ahead, (ends, jnp.zeros((2, *ends.shape), ends.dtype)))
        reaction = (SIGNS.astype(ends.dtype) * excess(later, means, target) * s).sum(1)
        return means - rate * (pull(means, later) + reaction), after


@dataclass(frozen=True)
class Optimal:
    """Optimal dynamics: the generator descends against the best discriminator, as the schedule `best_response`."""

    def __call__(self, target: Array, rate: Array, means: Array, ends: Array) -> tuple[Array, Array]:
        """One step of every trajectory."""
        ends = jax.vmap(TwoGaussians(target).best_response, 1, 1)(means)
        return means - rate * pull(means, ends), ends


Dynamics = FirstOrder | Unrolled | Optimal


# Sixteen floats at a time where the processor can: 1.7 times as fast as XLA's usual eight. No difference elsewhere.
WIDE = {"xla_cpu_prefer_vector_width": 512}


@functools.partial(jax.jit, static_argnames=("dynamics", "records"), compiler_options=WIDE)
def advance(
    dynamics: Dynamics, target: Array, rate: Array, means: Array, ends: Array, *, every: Array, records: int = 1
) -> Path:
    """Compute trajectories from their start, `records` times `every` steps, in one compiled program.

    **Arguments:**
    - `dynamics`: whose steps.
    - `target`: μ*, `(2,)`; `rate`: η, of both players.
    - `means`, `ends`: `(2, runs)` and `(4, runs)`, of one precision, which is the one computed in.

    **Returns:** the `Path`, its start included.
    """
    target, rate = jnp.asarray(target, means.dtype), jnp.asarray(rate, means.dtype)

    def stretch(position, _):
        position = jax.lax.fori_loop(0, every, lambda _, now: dynamics(target, rate, *now), position)
        return position, position

    start = jnp.asarray(means), jnp.asarray(ends)
    _, path = jax.lax.scan(stretch, start, length=records)
    return Path(*(jnp.concatenate([first[None], rest]) for first, rest in zip(start, path, strict=True)))


def side_by_side(
    function: Callable[[Any, Any], Any], means: Array | np.ndarray, ends: Array | np.ndarray, block: int = BLOCK
) -> Array:
    """Compute `function(means, ends)` of blocks of runs, a thread for each core, joined along their last axis."""
    blocks = max(1, -(-means.shape[-1] // block))
    parts = (np.array_split(players, blocks, axis=-1) for players in (means, ends))
    results = on_all_cores(lambda *part: jax.tree.map(np.asarray, function(*part)), *parts)
    return jax.tree.map(lambda *several: np.concatenate(several, axis=-1), *results)
