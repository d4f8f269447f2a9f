"""Changes of a method's direction by rotation or curvature alone, and steps as long as they would be without them."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from saddlery.game import Game
from saddlery.method import Method
from saddlery.rules import Rule
from saddlery.rules.independent import independent
from saddlery.rules.rule import RuleInput
from saddlery.schedules.schedule import Schedule, State
from saddlery.types import Key, Memory, Pair, Players

ADJUSTMENTS = ("symplectic", "off-diagonal", "diagonal", "random")


class Adjusted(Rule):
    """A rule's direction with an adjustment as long as itself added, for each player alone.

        descend_i = r_i + ‖r_i‖ a_i / ‖a_i‖,   r the rule's direction

    | adjustment | a | changes |
    |---|---|---|
    | symplectic | ½(Hᵀ − H)ξ (Balduzzi et al., 2018) | rotation |
    | off-diagonal | a_i = Σ_{j≠i} H_jiᵀ ξ_j, ∇_i ½‖ξ_j‖² (Nie, Patel, 2019) | rotation |
    | diagonal | a_i = H_iiᵀ ξ_i, ∇_i ½‖ξ_i‖² | curvature |
    | random | a standard normal vector, another one at each evaluation | neither |

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> rule = Adjusted.by("symplectic", sd.rules.Simultaneous())  # ξ = (10, −6), Hᵀξ = (12, 20)
        >>> directions, _ = rule(sd.rules.RuleInput(game, players, (), None, None), rule.init(game, players))
        >>> jnp.concatenate(directions).tolist()
        [20.0, 0.0]

    **Arguments:** `rule`: what is adjusted; `place`: of the adjustment among `ADJUSTMENTS`, from 1 on, 0 for none. Each
    is the same program.
    """

    rule: Any
    place: Int[Array, ""]

    @classmethod
    def by(cls, adjustment: str, rule: Rule) -> "Adjusted":
        """A rule with one of `ADJUSTMENTS`, or none."""
        return cls(rule, jnp.int32(ADJUSTMENTS.index(adjustment) + 1 if adjustment else 0))

    def init(self, game: Game, players: Players) -> Memory:
        """The rule's own memory, and how often a random direction was drawn."""
        return getattr(self.rule, "init", lambda game, players: ())(game, players), jnp.int32(0)

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Pair, Memory]:
        """The adjusted direction, and the new memory."""
        memory, count = state
        directions, memory = self.rule(inputs, memory)
        key = jax.random.fold_in(jax.random.key(0), count)
        of = (_none, _symplectic, _off_diagonal, _diagonal, partial(_random, key=key))
        adjustment = jax.lax.switch(self.place, [partial(each, inputs) for each in of])  # which takes arrays only
        return Pair(*map(_added, directions, adjustment)), (memory, count + 1)


def _none(inputs: RuleInput) -> Pair:
    return Pair(*optax.tree.zeros_like(tuple(inputs.players)))


def _symplectic(inputs: RuleInput) -> Pair:
    """½(Hᵀ − H)ξ."""
    _, [each] = independent(inputs, 1)
    pushed = jax.jvp(each.field, (inputs.players,), (each.xi,))[1]
    return Pair(*optax.tree.scale(0.5, optax.tree.sub(each.transposed(each.xi)[0], pushed)))


def _parts(inputs: RuleInput) -> tuple[Pair, Pair]:
    """The products Hᵀ(ξ_g, 0) and Hᵀ(0, ξ_d)."""
    _, [each] = independent(inputs, 1)
    none = optax.tree.zeros_like(each.xi)
    return (
        each.transposed(each.xi._replace(discriminator=none.discriminator))[0],
        each.transposed(each.xi._replace(generator=none.generator))[0],
    )


def _off_diagonal(inputs: RuleInput) -> Pair:
    of_generator, of_discriminator = _parts(inputs)
    return Pair(of_discriminator.generator, of_generator.discriminator)


def _diagonal(inputs: RuleInput) -> Pair:
    of_generator, of_discriminator = _parts(inputs)
    return Pair(of_generator.generator, of_discriminator.discriminator)


def _random(inputs: RuleInput, key: Key) -> Pair:
    drawn: Any = optax.tree.random_like(key, tuple(inputs.players))
    return Pair(*drawn)


def _added(direction: Any, adjustment: Any) -> Any:
    """A direction with an adjustment of its own length; as it is where the adjustment is zero."""
    return optax.tree.add_scale(direction, _to_length(adjustment, optax.tree.norm(direction)), adjustment)


def _to_length(tree: Any, length: Any) -> Any:
    """The factor by which a pytree gets a length; 0 of one that is zero."""
    size = optax.tree.norm(tree)
    return jnp.where(size > 0, length / jnp.where(size > 0, size, 1.0), 0.0)


class EqualSteps(Schedule):
    """A schedule whose steps are, for each player, as long as those without an adjustment would be from there.

        θ_i ← θ_i + ‖Δ_i‖ Δ′_i / ‖Δ′_i‖

    Δ is the step of the schedule by the rule as it was, with optimisers' states of its own, Δ′ by the `Adjusted` rule,
    both on the same batches. Its memory is that of the schedule and the whole state of the method as it was; it is
    begun by `forked`, not by `Method.init`.

    **Arguments:** `schedule`: what is made equal.
    """

    schedule: Any

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step."""
        memory, plain = state.schedule
        step = self.schedule.step
        ahead, plain = step(game, rule.rule, optimisers, players, plain, key)  # type: ignore[attr-defined]
        changed, state = step(game, rule, optimisers, players, state._replace(schedule=memory), key)
        moved = Pair(*map(_moved, players, ahead, changed))
        return moved, state._replace(schedule=(state.schedule, plain))


def _moved(before: Any, ahead: Any, changed: Any) -> Any:
    """Parameters moved as `changed` is, by the length of the way to `ahead`."""
    update = optax.tree.sub(changed, before)
    return optax.tree.add_scale(before, _to_length(update, optax.tree.norm(optax.tree.sub(ahead, before))), update)


def forked(method: Method, state: State, adjustment: str = "") -> tuple[Method, State]:
    """A method with an adjustment and steps of a length as without, and its state from that of the method.

    **Arguments:** `adjustment`: one of `ADJUSTMENTS`, or none.
    """
    rule, schedule = Adjusted.by(adjustment, method.rule), EqualSteps(method.schedule)
    changed = dataclasses.replace(method, rule=rule, schedule=schedule)
    return changed, State(state.optimisers, (state.rule, jnp.int32(0)), (state.schedule, state))
