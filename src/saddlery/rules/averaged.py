"""Generators against discriminators of the past: their average, a delayed one, an ensemble of them.

Metz, Poole, Pfau, Sohl-Dickstein (2017) compare unrolling with historical averaging and with an ensemble of past
discriminators, in an appendix. `Ensemble` is after that; the average in the space of parameters and the single delayed
discriminator are ours. (Historical averaging of Salimans et al., 2016, is a penalty on the distance of each player
from its average; none of these is.) How the paper combines its ensemble we have not been able to check.
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from saddlery.arrays import numbers
from saddlery.game import Game, afford
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
from saddlery.types import Memory, Pair, Parameters, Players


def _against(inputs, discriminator):
    """The generator's loss against another discriminator, as a function of the samples."""
    return lambda samples: inputs.game.losses(discriminator, samples, inputs.batch).generator


def _answering(inputs, loss):
    """The generator's gradient of a loss of its samples, the discriminator's own as ever."""
    samples, through_act = jax.vjp(lambda g: inputs.game.act(g, inputs.batch), inputs.players.generator)
    of_discriminator = jax.grad(lambda d: inputs.game.losses(d, samples, inputs.batch).discriminator)(
        inputs.players.discriminator
    )
    return Pair(through_act(jax.grad(loss)(samples))[0], of_discriminator)


class Averaged(Rule):
    """Averaged discriminator: the generator answers the average of all discriminators' parameters so far.

        d̄ₜ = d̄ₜ₋₁ + (dₜ − d̄ₜ₋₁) · max(1/t, 1 − decay),   descend (∇_g L_g(g, d̄), ∇_d L_d(g, d))

    With `decay` 1 this is the plain mean of all the discriminator's positions so far, below it an exponential one.
    (Ours, in the place of an unrolled discriminator: see the module.)

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> rule = sd.rules.Averaged()
        >>> _, state = rule(inputs, rule.init(game, players))
        >>> later = inputs._replace(players=players._replace(discriminator=jnp.array([7.0])))
        >>> rule(later, state)[0].generator.tolist()  # 2 · ½(5 + 7)
        [12.0]
    """

    decay: Any = eqx.field(converter=partial(numbers, "decay", least=0.0, most=1.0), default=1.0)

    def init(self, game: Game, players: Players) -> tuple[Array, Parameters]:
        """The initial memory: the number of positions seen, and their average."""
        return jnp.zeros((), jnp.int32), optax.tree.zeros_like(players.discriminator)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: the gradient, its players' parts taken against two discriminators."""
        return 1

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The generator's gradient against the average, and the average with the present position in it."""
        seen, average = state
        share = jnp.maximum(1.0 / (seen + 1), 1.0 - self.decay)
        average = jax.tree.map(
            lambda mean, now: mean + (now - mean) * share.astype(mean.dtype), average, inputs.players.discriminator
        )
        return _answering(inputs, _against(inputs, average)), (seen + 1, average)


class Delayed(Rule):
    """Delayed discriminator: the generator answers that of `steps` steps ago.

        descend (∇_g L_g(gₜ, dₜ₋ₛ), ∇_d L_d(gₜ, dₜ)),   the first discriminator standing in for those before it

    (Ours, in the place of an unrolled discriminator: see the module.) Memory: `steps` + 1 discriminators.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> rule = sd.rules.Delayed(steps=1)
        >>> later = inputs._replace(players=players._replace(discriminator=jnp.array([7.0])))
        >>> rule(later, rule.init(game, players))[0].generator.tolist()  # 2 · 5
        [10.0]
    """

    steps: int = eqx.field(static=True, converter=partial(whole, "steps", least=0, most=1_000_000), default=10)

    def init(self, game: Game, players: Players) -> Parameters:
        """The initial memory: positions of the discriminator, the oldest first."""
        afford("steps: so many discriminators", players.discriminator, copies=self.steps + 1)
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (self.steps + 1, *x.shape)), players.discriminator)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: the gradient, its players' parts taken against two discriminators."""
        return 1

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The generator's gradient against the oldest position kept, and the positions moved on by one."""
        past = jax.tree.map(
            lambda kept, now: jnp.concatenate([kept[1:], now[None]]), state, inputs.players.discriminator
        )
        return _answering(inputs, _against(inputs, jax.tree.map(lambda kept: kept[0], past))), past


class Ensemble(Rule):
    """Ensemble of past discriminators: the generator descends its mean loss against `members` of them.

        descend (1/M Σ_m ∇_g L_g(gₜ, dᵐ), ∇_d L_d(gₜ, dₜ)),   every `every` steps dₜ takes the oldest member's place

    With `every` 1 the members are the last M discriminators, the present one among them; with more the ensemble is
    older. At the start all are the first discriminator. (After Metz, Poole, Pfau, Sohl-Dickstein, 2017, appendix: see
    the module.) Memory: M discriminators.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> rule = sd.rules.Ensemble(members=4)
        >>> later = inputs._replace(players=players._replace(discriminator=jnp.array([9.0])))
        >>> rule(later, rule.init(game, players))[0].generator.tolist()  # 2 · ¼(5 + 5 + 5 + 9)
        [12.0]

    **Raises:** `ValueError` for numbers out of range, and for more members than there is memory for.
    """

    members: int = eqx.field(static=True, converter=partial(whole, "members", most=1_000_000), default=5)
    every: int = eqx.field(static=True, converter=partial(whole, "every"), default=1)

    def init(self, game: Game, players: Players) -> tuple[Array, Parameters]:
        """The initial memory: the steps taken, and the members, the oldest first."""
        afford("members: so many discriminators", players.discriminator, copies=self.members)
        kept = jax.tree.map(lambda x: jnp.broadcast_to(x, (self.members, *x.shape)), players.discriminator)
        return jnp.zeros((), jnp.int32), kept

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations at most: the gradient, the generator's against each member."""
        return self.members

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The generator's mean gradient against the members, and the members with the present one where it is due."""
        seen, kept = state
        due = seen % self.every == 0
        kept = jax.tree.map(
            lambda old, now: jnp.where(due, jnp.concatenate([old[1:], now[None]]), old),
            kept,
            inputs.players.discriminator,
        )

        def mean(samples):
            return jax.vmap(lambda each: _against(inputs, each)(samples))(kept).mean()

        return _answering(inputs, mean), (seen + 1, kept)
