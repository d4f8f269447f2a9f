"""Symplectic gradient adjustment: the gradient, corrected by the antisymmetric part of the Jacobian."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from saddlery.arrays import numbers
from saddlery.rules.independent import average, independent, transposed_products
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
from saddlery.types import Memory, Players


class Symplectic(Rule):
    """Symplectic gradient adjustment, by the antisymmetric part of the Jacobian (Balduzzi et al., 2018, section 3).

        A = ½(H − Hᵀ),   descend ξ + λ Aᵀξ,   λ = weight
        aligned: λ = weight · sign(⟨ξ, Hᵀξ⟩ ⟨Aᵀξ, Hᵀξ⟩ / n + 0.1),   n the number of parameters

    With v = −ξ and J = −H both products of the sign change twice: the same λ serves v + λ A_J v. With `align` the
    adjustment is attracted to stable equilibria and repelled by unstable ones. The products are divided by the number
    of parameters of both players together, so that 0.1 weighs more in larger games.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Symplectic(1.0, align=False)(inputs, ())[0]).tolist()  # A = H: ξ + Hᵀξ
        [22.0, 14.0]
        >>> game = sd.games.quadratic(A=[[-0.15]], B=[[1.0]], C=[[-0.15]], a=[1.0])  # at the origin ξ = (1, 0)
        >>> inputs = sd.rules.RuleInput(game, sd.Pair(jnp.zeros(1), jnp.zeros(1)), (), None, None)
        >>> jnp.concatenate(sd.rules.Symplectic(1.0)(inputs, ())[0]).tolist()  # the sign of −0.15/2 + 0.1
        [1.0, 1.0]

    **Arguments:**
    - `weight`: λ, of either sign.
    - `align`: whether the sign of λ is chosen as above.
    - `batches`: 1 for both factors of Aᵀξ from one batch; 2 for factors from two independent batches, each with the
      other's, whose average is (E A)ᵀ E ξ (ours). The aligned sign is that of a product of estimates, biased with two
      batches as well.
    """

    weight: Any = eqx.field(converter=partial(numbers, "weight"), default=1.0)
    align: bool = eqx.field(static=True, default=True)
    batches: int = eqx.field(static=True, converter=partial(whole, "batches", most=2), default=1)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations of a batch: the gradient, a product with H and one with Hᵀ."""
        return 3 * self.batches

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The adjusted gradient; there is no state."""
        xi, factors = independent(inputs, self.batches)
        h_transposed_xi = transposed_products(factors)
        h_xi = average([jax.jvp(each.field, (inputs.players,), (each.xi,))[1] for each in factors])
        adjustment = optax.tree.scale(0.5, optax.tree.sub(h_transposed_xi, h_xi))
        weight = self.weight
        if self.align:
            along = optax.tree.vdot(xi, h_transposed_xi) * optax.tree.vdot(adjustment, h_transposed_xi)
            weight = weight * jnp.sign(along / optax.tree.size(xi) + 0.1)
        return optax.tree.add_scale(xi, weight, adjustment), state
