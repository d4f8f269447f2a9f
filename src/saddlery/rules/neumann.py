"""The Neumann series of consensus: more powers of the transposed Jacobian."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import optax

from saddlery.arrays import numbers
from saddlery.game import gradient_field
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
from saddlery.types import Memory, Players


class Neumann(Rule):
    """Truncated Neumann series of (I − γHᵀ)⁻¹ξ, which continues consensus optimisation:

        descend Σ_{k ≤ order} (γHᵀ)ᵏ ξ,   that is v moves along Σ (−γJᵀ)ᵏ v

    Order 0 is the simultaneous gradient and order 1 consensus optimisation. A reviewer of Mescheder, Nowozin and
    Geiger (2017) read the latter as the first step of a damped Newton method, (I + γH)⁻¹ξ = ξ − γHξ + …, which is
    `Newton(1/γ)` times 1/γ. With H = S + A, symmetric and antisymmetric, consensus is ξ + γSξ − γAξ and Newton's
    first order is ξ − γSξ − γAξ: the reading holds exactly for the rotation A and has the wrong sign for the
    curvature S. For a pure rotation (Hᵀ = −H) the series *is* Newton's and damps; for a pure minimisation (Hᵀ = H) it
    sums to (I − γH)⁻¹ξ, which *amplifies* directions of curvature, without bound as γ times a curvature
    nears 1, where Newton's damps them. The series converges when γ is below 1/‖H‖.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Neumann(order=2, gamma=0.5)(inputs, ())[0]).tolist()  # ξ + ½ Hᵀξ − ξ
        [6.0, 10.0]
    """

    order: int = eqx.field(
        static=True,
        converter=partial(whole, "order", least=0, most=100, why="each power is compiled by itself"),
        default=1,
    )
    gamma: Any = eqx.field(converter=partial(numbers, "gamma"), default=0.1)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: the gradient and a product with Hᵀ for each power."""
        return 1 + self.order

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The truncated series; there is no state."""
        xi, transposed = jax.vjp(gradient_field(inputs.game, inputs.batch), inputs.players)
        term = total = xi
        for _ in range(self.order):
            term = optax.tree.scale(self.gamma, transposed(term)[0])
            total = optax.tree.add(total, term)
        return total, state
