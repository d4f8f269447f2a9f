"""Nonlinear dynamics of the non-saturating Dirac-GAN, beyond multipliers: its limit cycle and slow convergence."""

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery.game import Pair
from saddlery.games import dirac
from saddlery.method import Method
from saddlery.methods import METHODS
from saddlery.optimisers import optimiser

CYCLE_STEPS = (0.05, 0.1, 0.2, 0.4)
SLOW_STEPS = (0.1, 0.3, 1.0)
TIMES = 33  # at which the slow approach is recorded, up to 100,000 steps


def facts() -> xr.Dataset:
    """The radius of the limit cycle of simultaneous descent, and the alternating approach along time, in float64.

    **Returns:** `cycle_radius` (cycle_step), the root mean square distance from the equilibrium over the last quarter
    of a training of 40/h² steps, ten times as long as the approach to the cycle takes to fall by e; `slow_distance`
    (slow_step, time).
    """
    with jax.enable_x64(True):
        cycles = [cycle_radius(h) for h in CYCLE_STEPS]
        times = np.unique(np.geomspace(1, 1e5, TIMES).astype(int))
        slow = [distances(_method("alternating", h), 0.5, times) for h in SLOW_STEPS]
    return xr.Dataset(
        {"cycle_radius": ("cycle_step", cycles), "slow_distance": (("slow_step", "time"), np.array(slow))},
        coords={"cycle_step": list(CYCLE_STEPS), "slow_step": list(SLOW_STEPS), "time": times},
    )


def cycle_radius(h: float) -> float:
    """The radius of the limit cycle of simultaneous descent with step h: the root mean square distance.

    With u = θψ, d(θ² + ψ²)/dt = −u² + h(θ² + ψ²)/4 to leading order; over a turn u² is r⁴/8, so that r = √(2h).
    """
    steps = int(40 / h**2)
    found = distances(_method("simultaneous", h), 1.3 * np.sqrt(2 * h), np.arange(3 * steps // 4, steps))
    return float(np.sqrt(np.mean(found**2)))


def distances(method: Method, start: float, times: np.ndarray) -> np.ndarray:
    """The distances from the equilibrium after these numbers of steps, from a start that far away."""
    game = dirac("nonsaturating")
    players = Pair(jnp.asarray(0.6 * start), jnp.asarray(-0.8 * start))

    def step(carry, _):
        players, state = method.step(game, carry[0], carry[1], jax.random.key(0))
        return (players, state), jnp.hypot(players[0], players[1])

    walk = jax.jit(lambda carry: jax.lax.scan(step, carry, length=int(times[-1]))[1])
    return np.asarray(walk((players, method.init(game, players))))[times - 1]


def _method(name, h):
    sgd = optimiser("sgd", learning_rate=h)
    return METHODS[name](generator=sgd, discriminator=sgd)
