"""Historical averaging and delayed discriminators, ablations of the unrolled paper."""

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


def _answering(inputs, discriminator):
    """The generator's gradient against another discriminator, the discriminator's own as ever."""
    samples, through_act = jax.vjp(lambda g: inputs.game.act(g, inputs.batch), inputs.players.generator)
    of_samples = jax.grad(lambda s: inputs.game.losses(discriminator, s, inputs.batch).generator)(samples)
    of_discriminator = jax.grad(lambda d: inputs.game.losses(d, samples, inputs.batch).discriminator)(
        inputs.players.discriminator
    )
    return Pair(through_act(of_samples)[0], of_discriminator)


class Averaged(Rule):
    """Historical averaging: the generator answers the average of all discriminators so far instead of the unrolled one.

        d̄ₜ = d̄ₜ₋₁ + (dₜ − d̄ₜ₋₁) · max(1/t, 1 − decay),   descend (∇_g L_g(g, d̄), ∇_d L_d(g, d))

    With `decay` 1 this is the plain mean of all the discriminator's positions so far, below it an exponential one.
    (An ablation of Metz, Poole, Pfau, Sohl-Dickstein, 2017.)

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
        return _answering(inputs, average), (seen + 1, average)


class Delayed(Rule):
    """Delayed discriminator: the generator answers that of `steps` steps ago instead of the unrolled one.

        descend (∇_g L_g(gₜ, dₜ₋ₛ), ∇_d L_d(gₜ, dₜ)),   the first discriminator standing in for those before it

    (An ablation of Metz, Poole, Pfau, Sohl-Dickstein, 2017.) Memory: `steps` + 1 discriminators.

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
        return _answering(inputs, jax.tree.map(lambda kept: kept[0], past)), past
