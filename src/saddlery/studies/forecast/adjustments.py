"""Changes of a method's direction by rotation or curvature alone, and steps as long as they would be without them."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

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

        descend_i = r_i + ‖r_i‖ Σ_k w_k a_k,i / ‖a_k,i‖,   r the rule's direction

    | adjustment | a | changes |
    |---|---|---|
    | symplectic | ½(Hᵀ − H)ξ (Balduzzi et al., 2018) | rotation |
    | off-diagonal | a_i = Σ_{j≠i} H_jiᵀ ξ_j, ∇_i ½‖ξ_j‖² (Nie, Patel, 2019) | rotation |
    | diagonal | a_i = H_iiᵀ ξ_i, ∇_i ½‖ξ_i‖² | curvature |
    | random | a standard normal vector, another one at each evaluation | neither |

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> rule = Adjusted(sd.rules.Simultaneous(), jnp.array([1.0, 0.0, 0.0, 0.0]))  # ξ = (10, −6), Hᵀξ = (12, 20)
        >>> directions, _ = rule(sd.rules.RuleInput(game, players, (), None, None), rule.init(game, players))
        >>> jnp.concatenate(directions).tolist()
        [20.0, 0.0]

    **Arguments:** `rule`: what is adjusted; `weights` (4,): w, of `ADJUSTMENTS`. With other weights it is the same
    program.
    """

    rule: Any
    weights: Float[Array, " adjustment"]

    def init(self, game: Game, players: Players) -> Memory:
        """The rule's own memory, and how often a random direction was drawn."""
        return getattr(self.rule, "init", lambda game, players: ())(game, players), jnp.int32(0)

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Pair, Memory]:
        """The adjusted direction, and the new memory."""
        memory, count = state
        directions, memory = self.rule(inputs, memory)
        _, [each] = independent(inputs, 1)
        none = optax.tree.zeros_like(each.xi)
        of_generator = each.transposed(each.xi._replace(discriminator=none.discriminator))[0]
        of_discriminator = each.transposed(each.xi._replace(generator=none.generator))[0]
        pushed = jax.jvp(each.field, (inputs.players,), (each.xi,))[1]
        drawn: Any = optax.tree.random_like(jax.random.fold_in(jax.random.key(0), count), tuple(inputs.players))
        adjustments = (
            optax.tree.scale(0.5, optax.tree.sub(optax.tree.add(of_generator, of_discriminator), pushed)),
            Pair(of_discriminator.generator, of_generator.discriminator),
            Pair(of_generator.generator, of_discriminator.discriminator),
            Pair(*drawn),
        )
        for weight, adjustment in zip(self.weights, adjustments, strict=True):
            directions = Pair(*(_added(r, weight, a) for r, a in zip(directions, adjustment, strict=True)))
        return directions, (memory, count + 1)


def _added(direction: Any, weight: Any, adjustment: Any) -> Any:
    """A direction with a weighted adjustment of its own length; as it is where the adjustment is zero."""
    size = optax.tree.norm(adjustment)
    factor = jnp.where(size > 0, weight * optax.tree.norm(direction) / jnp.where(size > 0, size, 1.0), 0.0)
    return optax.tree.add_scale(direction, factor, adjustment)


class EqualSteps(Schedule):
    """A schedule whose steps are, for each player, as long as those without an adjustment would be from there.

        θ_i ← θ_i + f ‖Δ_i‖ Δ′_i / ‖Δ′_i‖

    Δ is the step of the schedule by the rule as it was, with optimisers' states of its own, Δ′ by the `Adjusted` rule,
    both on the same batches. Its memory is that of the schedule and the whole state of the method as it was; it is
    begun by `forked`, not by `Method.init`.

    **Arguments:** `schedule`: what is made equal; `factor`: f, a number.
    """

    schedule: Any
    factor: Float[Array, ""]

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step."""
        memory, plain = state.schedule
        step = self.schedule.step
        ahead, plain = step(game, rule.rule, optimisers, players, plain, key)  # type: ignore[attr-defined]
        changed, state = step(game, rule, optimisers, players, state._replace(schedule=memory), key)
        moved = Pair(*(self._moved(*each) for each in zip(players, ahead, changed, strict=True)))
        return moved, state._replace(schedule=(state.schedule, plain))

    def _moved(self, before: Any, ahead: Any, changed: Any) -> Any:
        length, update = optax.tree.norm(optax.tree.sub(ahead, before)), optax.tree.sub(changed, before)
        size = optax.tree.norm(update)
        factor = jnp.where(size > 0, self.factor * length / jnp.where(size > 0, size, 1.0), 0.0)
        return optax.tree.add_scale(before, factor, update)


def forked(method: Method, state: State, adjustment: str = "", factor: float = 1.0) -> tuple[Method, State]:
    """A method with an adjustment and steps of a length as without, and its state from that of the method.

    **Arguments:** `adjustment`: one of `ADJUSTMENTS`, or none; `factor`: of the steps' length.
    """
    weights = jnp.array([float(each == adjustment) for each in ADJUSTMENTS])
    changed = dataclasses.replace(
        method,
        rule=Adjusted(method.rule, weights),
        schedule=EqualSteps(method.schedule, jnp.asarray(factor)),
    )
    return changed, State(state.optimisers, (state.rule, jnp.int32(0)), (state.schedule, state))
