"""Second-order directions compared at equal gradient evaluations, and how far consensus is a Newton step."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair
from saddlery.games import quadratic
from saddlery.method import Method
from saddlery.optimisers import optimiser
from saddlery.rules import Consensus, Krylov, Neumann, Newton, Rule, Simultaneous
from saddlery.schedules import Schedule, extragradient, simultaneous

BUDGET = 1000  # gradient evaluations
REACHED = 1e-4  # of the distance at the start
PLAYER = 6  # numbers of each player
STARTS = 3
STEPS = np.geomspace(0.003, 3.0, 19)
GAMMAS = np.geomspace(0.01, 100.0, 22)


class Direction(NamedTuple):
    """A direction to compare: `rule(γ)` under a schedule that calls it `calls` times a step; γ counts where `tuned`."""

    name: str
    rule: Callable[[float], Rule]
    tuned: bool = True
    schedule: Schedule = simultaneous()
    calls: int = 1

    @property
    def cost(self) -> int:
        """The gradient evaluations of a step."""
        return self.calls * int(self.rule(1.0).evaluations(2 * PLAYER) or 1)


DIRECTIONS = (
    Direction("simultaneous", lambda gamma: Simultaneous(), False),
    Direction("extragradient", lambda gamma: Simultaneous(), False, extragradient(), 2),
    Direction("consensus", Consensus),
    Direction("neumann(order=2)", lambda gamma: Neumann(2, gamma)),
    Direction("neumann(order=4)", lambda gamma: Neumann(4, gamma)),
    Direction("krylov(order=1)", lambda gamma: Krylov(1), False),
    Direction("krylov(order=3)", lambda gamma: Krylov(3), False),
    Direction("krylov(order=1, transposed=False)", lambda gamma: Krylov(1, False), False),
    Direction("krylov(order=3, transposed=False)", lambda gamma: Krylov(3, False), False),
    Direction("newton(damping=γ)", lambda gamma: Newton(gamma, tolerance=1e-10)),
)


def problems() -> dict[str, tuple[Any, str]]:
    """Quadratic games of 6 numbers against 6, curvatures from 0.03 to 1, couplings from 0.1 to 1, in random bases."""
    random = np.random.default_rng(0)
    turn = lambda: np.linalg.qr(random.standard_normal((PLAYER, PLAYER)))[0]  # noqa: E731

    def curved(low):
        basis = turn()
        return basis @ np.diag(np.geomspace(low, 1.0, PLAYER)) @ basis.T

    zero, coupled = np.zeros((PLAYER, PLAYER)), turn() @ np.diag(np.geomspace(0.1, 1.0, PLAYER)) @ turn()
    A, C = curved(0.03), curved(0.03)
    return {
        "minimisation": (quadratic(A, zero, C), "Two minimisations"),
        "rotation": (quadratic(zero, coupled, zero), "A pure rotation"),
        "both": (quadratic(0.3 * A, coupled, 0.3 * C), "Rotation with curvature"),
        "general": (quadratic(0.3 * A, coupled, 0.3 * C, 0.1 * turn() - 0.8 * coupled.T), "General-sum"),
    }


def comparison() -> xr.Dataset:
    """Each direction's best training over steps and γ on each problem, in double precision.

    **Returns:** with dimensions `problem`, `direction`: `needed`, the gradient evaluations after which the distance to
    the equilibrium, a geometric mean over starts, is 1e-4 of that at the start (NaN when not within 1000), `best_step`,
    `best_gamma` (NaN where there is none), and `remaining` (…, evaluation), the relative distance along that training.
    `cost` (direction) is that of a step. `reading` (turn): see `gap`. `abscissa` (problem): the least real part of an
    eigenvalue of H.
    """
    with jax.enable_x64(True):
        games = problems()
        found = [_best(direction, [game for game, _ in games.values()]) for direction in DIRECTIONS]
        abscissae = [np.linalg.eigvals(np.asarray(game.jacobian())).real.min() for game, _ in games.values()]
        turns = np.linspace(0.0, 1.0, 21)
        gaps = [gap(share) for share in turns]
    variables = {
        name: (("problem", "direction"), np.stack([each[name] for each in found], axis=1))
        for name in ("needed", "best_step", "best_gamma")
    }
    remaining = np.stack([each["remaining"] for each in found], axis=1)
    return xr.Dataset(
        variables
        | {
            "remaining": (("problem", "direction", "evaluation"), remaining),
            "reading": ("turn", gaps),
            "abscissa": ("problem", abscissae),
        },
        coords={
            "problem": list(games),
            "problem_title": ("problem", [title for _, title in games.values()]),
            "direction": [direction.name for direction in DIRECTIONS],
            "cost": ("direction", [direction.cost for direction in DIRECTIONS]),
            "evaluation": np.arange(BUDGET + 1),
            "turn": turns,
        },
    )


def gap(share: float, gamma: float = 1e-3) -> float:
    """The distance of consensus from the damped Newton direction (I + γH)⁻¹ξ, in units of what damping changes.

        ‖(ξ + γHᵀξ) − (I + γH)⁻¹ξ‖ / ‖ξ − (I + γH)⁻¹ξ‖

    averaged over random ξ, for H = cos(½π share) S + sin(½π share) A, S and A a random symmetric and antisymmetric
    matrix of equal norm. 0 is Newton's step, 1 as far from it as the plain gradient, 2 a step the wrong way.
    """
    random = np.random.default_rng(1)
    M, xi = random.standard_normal((2 * PLAYER, 2 * PLAYER)), random.standard_normal((2 * PLAYER, 64))
    S, A = M @ M.T / np.linalg.norm(M @ M.T), (M - M.T) / np.linalg.norm(M - M.T)
    H = np.cos(np.pi * share / 2) * S + np.sin(np.pi * share / 2) * A
    newton = np.linalg.solve(np.eye(len(H)) + gamma * H, xi)
    off = np.linalg.norm(xi + gamma * H.T @ xi - newton, axis=0)
    return float(np.mean(off / np.linalg.norm(xi - newton, axis=0)))


def _best(direction: Direction, games: list[Any]) -> dict[str, np.ndarray]:
    """On each game the training that gets there first, or else nearest."""
    gammas = GAMMAS if direction.tuned else GAMMAS[:1]
    methods = [_method(direction, h, gamma) for h in STEPS for gamma in gammas]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *methods)
    found = _train(jax.tree.map(lambda *leaves: jnp.stack(leaves), *games), stacked, BUDGET // direction.cost)
    with np.errstate(all="ignore"):
        paths = np.exp(np.log(np.maximum(np.asarray(found), 1e-16)).mean(2))  # over starts: (game, method, step)
    paths = np.where(np.isfinite(paths), paths, np.inf)
    reached = paths <= REACHED
    first = np.where(reached.any(-1), reached.argmax(-1), np.inf)
    chosen = np.lexsort((paths[..., -1], first), axis=-1)[:, 0]
    own, rows = np.arange(len(games)), np.arange(BUDGET + 1) // direction.cost
    return {
        "needed": np.where(np.isfinite(first[own, chosen]), first[own, chosen] * direction.cost, np.nan),
        "best_step": STEPS[chosen // len(gammas)],
        "best_gamma": gammas[chosen % len(gammas)] if direction.tuned else np.full(len(games), np.nan),
        "remaining": paths[own, chosen][:, np.minimum(rows, paths.shape[-1] - 1)],
    }


def _method(direction: Direction, h: float, gamma: float) -> Method:
    sgd = optimiser("sgd", learning_rate=h)
    return Method(direction.rule(gamma), direction.schedule, generator=sgd, discriminator=sgd)


@eqx.filter_jit
def _train(games, methods, steps):
    """Relative distances along training, `(game, method, start, steps + 1)`."""
    starts = jax.random.normal(jax.random.key(0), (STARTS, 2, PLAYER))

    def train(game, method, start):
        def step(carry, _):
            players, state = method.step(game, *carry, jax.random.key(0))
            return (players, state), jnp.linalg.norm(ravel_pytree(players)[0])

        players = Pair(*start)
        distances = jax.lax.scan(step, (players, method.init(game, players)), length=steps)[1]
        return jnp.concatenate([jnp.ones(1), distances / jnp.linalg.norm(start)])

    of_method = lambda game, method: jax.vmap(lambda start: train(game, method, start))(starts)  # noqa: E731
    return jax.vmap(jax.vmap(of_method, (None, 0)), (0, None))(games, methods)
