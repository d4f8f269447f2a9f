"""Training steps as compiled programs: of one run, and of many runs mapped together."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from saddlery.game import Game, Pair
from saddlery.method import Method
from saddlery.runs.cell import Carry
from saddlery.runs.finiteness import finite
from saddlery.runs.options import options
from saddlery.types import Key, Keys, Scalar

T = TypeVar("T")

Integer: TypeAlias = Int[Array, ""]
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # for what runs once
SHARE = 0.8  # of the device's memory that runs mapped together may take
MOST = 256  # runs mapped together


def advance(game: Game, method: Method, carry: Carry, decay: Scalar, key: Key, first: Integer, n: Integer) -> Carry:
    """Take `n` steps of training from step number `first`, in one compiled program for any `n`.

    The key of a step is folded from the run's key and the step's number, so the numbers do not depend on how a run is
    cut into calls.
    """
    return program(game, carry)(game, method, carry, decay, key, first, n)


def program(game: Game, carry: Carry) -> Callable[..., Carry]:
    """The jitted `advance`, by the compiler's options that suit the game."""
    return _jitted(tuple(options(game, carry.players).items()))


@functools.cache
def _jitted(chosen: tuple[tuple[str, str], ...]) -> Callable[..., Carry]:
    return eqx.filter_jit(_advance, compiler_options=dict(chosen))  # type: ignore[call-overload]


def _advance(game: Game, method: Method, carry: Carry, decay: Scalar, key: Key, first: Integer, n: Integer) -> Carry:
    """`advance`, not yet compiled."""

    def step(i, carry):
        players, state = method.step(game, carry.players, carry.state, jax.random.fold_in(key, i))
        average = jax.tree.map(
            lambda mean, now: mean + (1.0 - decay).astype(now.dtype) * (now - mean), carry.average, players.generator
        ) if carry.average is not None else None  # fmt: skip
        return Carry(players, state, average)

    return jax.lax.fori_loop(first, first + n, step, carry)


@eqx.filter_jit
def advance_together(
    batch: tuple[Any, Any],
    carry: Carry,
    decay: Scalar,
    keys: Keys,
    first: Integer,
    n: Integer,
    watched: tuple[bool, ...],
) -> tuple[Carry, Any]:
    """Take `n` steps of every run from step number `first`; returns also which of them are still finite."""
    mapped, shared = batch

    def one(mapped, carry, key):
        game, method = eqx.combine(mapped, shared)
        reached = _advance(game, method, carry, decay, key, first, n)
        return reached, finite(reached, watched)

    return jax.vmap(one)(mapped, carry, keys)


def before(game: Game, method: Method, key: Key, players: Pair | None, averaged: bool) -> Carry:
    """The initial carry: the players, the state and the average before the first step."""
    players = Pair(*game.init(key)) if players is None else players
    return strongly_typed(Carry(players, method.init(game, players), players.generator if averaged else None))


start = eqx.filter_jit(before, compiler_options=UNOPTIMISED)  # type: ignore[call-overload]  # its stubs leave it out


def strongly_typed(tree: T) -> T:
    """A pytree without JAX's weak types, which would compile the same program twice."""
    return jax.tree.map(lambda x: jax.lax.convert_element_type(x, x.dtype), tree)


def steps_from(game: Game, method: Method, carry: Carry, decay: Scalar, key: Key, step: int, n: int) -> Carry:
    """Take `n` steps from `step`, and wait for the result."""
    numbers = jnp.asarray(step, jnp.int32), jnp.asarray(n, jnp.int32)
    return jax.block_until_ready(advance(game, method, carry, decay, key, *numbers))


def stack(trees: Sequence[Any], always: bool = False) -> tuple[Any, Any]:
    """Stack pytrees of one structure into two: arrays with an axis in front, and what all hold the same.

    An array that is the same object in all of them is held once, unless `always`.
    """
    flat, structure = zip(*(jax.tree.flatten(tree) for tree in trees), strict=True)
    same = [
        not eqx.is_array(each[0]) or (not always and all(one is each[0] for one in each))
        for each in zip(*flat, strict=True)
    ]
    mapped = [None if shared else jnp.stack(each) for shared, each in zip(same, zip(*flat, strict=True), strict=True)]
    held = [leaf if shared else None for shared, leaf in zip(same, flat[0], strict=True)]
    return jax.tree.unflatten(structure[0], mapped), jax.tree.unflatten(structure[0], held)


def fitting(count: int) -> int:
    """The number of `count` runs that fit into the device's memory together; all, where the device does not say."""
    statistics = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" not in statistics:
        return min(count, MOST)
    held = statistics["bytes_in_use"]
    of_one = max(statistics["peak_bytes_in_use"] - held, 1)
    return max(1, min(count, MOST, int(SHARE * (statistics["bytes_limit"] - held) / of_one)))
