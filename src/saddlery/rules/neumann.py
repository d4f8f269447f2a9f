"""The Neumann series of consensus: more powers of the transposed Jacobian."""

from typing import Any

import equinox as eqx
import jax
import optax

from saddlery.game import gradient_field
from saddlery.rules.rule import Rule, number


class Neumann(Rule):
    """The truncated Neumann series of (I − γHᵀ)⁻¹ξ, which continues consensus:

        descend Σ_{k ≤ order} (γHᵀ)ᵏ ξ,   that is v moves along Σ (−γJᵀ)ᵏ v

    Order 0 is the simultaneous gradient and order 1 consensus optimisation. A reviewer of Mescheder, Nowozin and
    Geiger (2017) read the latter as the first step of a damped Newton method. That holds only in part: for a pure
    minimisation H is symmetric and the series sums to (I − γH)⁻¹ξ, which *amplifies* directions of curvature
    where Newton's (I + γH)⁻¹ξ damps them; for a pure rotation Hᵀ = −H and it does damp.

    An order costs one product with Hᵀ, about one and a half gradients.
    """

    order: int = eqx.field(static=True, default=1)
    gamma: Any = eqx.field(converter=number, default=0.1)

    def __check_init__(self):
        if isinstance(self.order, bool) or not isinstance(self.order, int) or self.order < 0:
            raise ValueError(f"order: got {self.order!r}, expected a whole number, 0 or more")

    def __call__(self, turn, state):
        """The truncated series; there is no state."""
        xi, transposed = jax.vjp(gradient_field(turn.game, turn.batch), turn.players)
        term = total = xi
        for _ in range(self.order):
            term = optax.tree.scale(self.gamma, transposed(term)[0])
            total = optax.tree.add(total, term)
        return total, state
