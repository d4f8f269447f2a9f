"""The rule of simultaneous gradient descent: each player descends its own gradient."""

from saddlery.game import gradients
from saddlery.rules.rule import Rule, RuleInput
from saddlery.types import Memory, Players


class Simultaneous(Rule):
    """Simultaneous gradient descent: each player follows its own, as in the original GAN (Goodfellow et al., 2014):

    descend ξ = (∇_g L_g, ∇_d L_d)

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Simultaneous()(inputs, ())[0]).tolist()
        [10.0, -6.0]
    """

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: one, the gradient."""
        return 1

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The simultaneous gradient; there is no state."""
        return gradients(inputs.game, inputs.players, inputs.batch), state
