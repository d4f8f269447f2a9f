"""Consensus optimisation and its relatives: each player also makes the field's norm smaller."""

from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.rules.independent import average, independent
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
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
    - `batches`: 1 for both factors of Hᵀξ from one batch, as published: on average ∇½E‖ξ‖², which also makes the
      gradient's variance smaller. 2 for factors from two independent batches, ½(H₁ᵀξ₂ + H₂ᵀξ₁), whose average is
      ∇½‖E ξ‖²; ξ is then the mean of both. The estimate is ours; that one batch's is biased is in the docstring of
      `saddlery.rules.independent`.

    **Raises:** `ValueError` when a number is negative or not finite, for a γ of another shape, and for other batches.
    """

    gamma: Any = eqx.field(converter=partial(numbers, "gamma", least=0.0), default=10.0)
    batches: int = eqx.field(static=True, converter=partial(whole, "batches", most=2), default=1)

    def __check_init__(self) -> None:
        if jnp.shape(self.gamma) not in ((), (2, 2)):
            raise InvalidValue(f"gamma: got shape {jnp.shape(self.gamma)}, expected a number or a 2×2 matrix")

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations of a batch: the gradient and a product with Hᵀ, of a matrix γ one for each player."""
        return self.batches * (2 if self.gamma.ndim == 0 else 3)

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The regularised gradient; there is no state."""
        xi, factors = independent(inputs, self.batches)
        return optax.tree.add(xi, average([_pulled(self.gamma, *each) for each in factors])), state


def _pulled(gamma: Array, field: Any, transposed: Any, xi: Pair) -> Pair:
    """Σ_j γ_ij H_jiᵀ ξ_j for both players i."""
    if gamma.ndim == 0:
        return optax.tree.scale(gamma, transposed(xi)[0])
    weighted = [Pair(*map(optax.tree.scale, row, xi)) for row in gamma]
    return Pair(transposed(weighted[0])[0][0], transposed(weighted[1])[0][1])
