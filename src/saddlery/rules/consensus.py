"""Consensus optimisation and its relatives: each player also makes the field's norm smaller."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.game import Game, gradient_field
from saddlery.rules.rule import Rule, RuleInput
from saddlery.types import Memory, Pair, Players


class Consensus(Rule):
    """Consensus optimisation: each player descends its own loss and, weighted, the squared gradient norms.

        descend_i = ξ_i + Σ_j γ_ij ∇_i ½‖ξ_j‖²

    | γ | method |
    |---|---|
    | a number | consensus optimisation, v − γ Jᵀv (Mescheder, Nowozin, Geiger, 2017, equation 6) |
    | [[0, γ], [γ, 0]] | JARE: each player is penalised by the other's gradient only (Nie, Patel, 2019) |
    | [[0, 0], [γ, 0]] | "smooth": the discriminator alone makes the generator's gradient small |
    | [[0, 0], [γ, γ]] | consensus on the discriminator only, the reviewers' ablation |

    Rows are the player that moves, columns the player whose gradient is made small, generator first.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Consensus(gamma=0.5)(inputs, ())[0]).tolist()  # ξ + ½ Hᵀξ, Hᵀξ = (12, 20)
        [16.0, 4.0]

    **Arguments:**
    - `gamma`: γ, a number or a 2×2 matrix, 0 or more.
    - `rate`, `target`: with a `rate` ρ > 0, γ adapts as the multiplier of the constraint ½‖v‖² ≤ `target` does, by
      dual ascent once per step: γ ← max(0, γ + ρ(½‖v‖² − target)), of a matrix every entry that is not zero.

    **Raises:** `ValueError` when a number is negative or not finite, and for a γ of another shape.
    """

    gamma: Any = eqx.field(converter=partial(numbers, "gamma", least=0.0), default=10.0)
    rate: Any = eqx.field(
        converter=lambda rate: None if rate is None else numbers("rate", rate, least=0.0), default=None
    )
    target: Any = eqx.field(converter=partial(numbers, "target", least=0.0), default=0.0)

    def __check_init__(self) -> None:
        if jnp.shape(self.gamma) not in ((), (2, 2)):
            raise InvalidValue(f"gamma: got shape {jnp.shape(self.gamma)}, expected a number or a 2×2 matrix")

    def init(self, game: Game, players: Players) -> Memory:
        """The initial memory: the multiplier γ where it adapts; otherwise nothing."""
        return () if self.rate is None else self.gamma.astype(jnp.result_type(*jax.tree.leaves(players)))

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: the gradient and a product with Hᵀ, of a matrix γ one for each player."""
        return 2 if self.gamma.ndim == 0 else 3

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The regularised gradient, and γ's new value where it adapts."""
        gamma = self.gamma if self.rate is None else state
        xi, transposed = jax.vjp(gradient_field(inputs.game, inputs.batch), inputs.players)
        if jnp.ndim(gamma) == 0:
            (pulled,) = transposed(xi)
            regulariser = optax.tree.scale(gamma, pulled)
        else:
            weighted = [Pair(*map(optax.tree.scale, row, xi)) for row in gamma]
            regulariser = Pair(transposed(weighted[0])[0][0], transposed(weighted[1])[0][1])
        if self.rate is not None:
            excess = 0.5 * optax.tree.norm(xi, squared=True) - self.target
            grown = jnp.maximum(0.0, gamma + self.rate * excess)
            state = jnp.where(self.gamma != 0, grown, 0.0) if jnp.ndim(gamma) else grown
        return optax.tree.add(xi, regulariser), state
