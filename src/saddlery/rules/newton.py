"""Newton's method on the field: the step that makes its linearisation vanish."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import optax

from saddlery.arrays import numbers
from saddlery.game import gradient_field
from saddlery.rules.linear import solve
from saddlery.rules.rule import Rule, RuleInput, repeated
from saddlery.text.arguments import number
from saddlery.types import Memory, Players


class Newton(Rule):
    """Damped Newton's method for the equation ξ = 0, its direction:

        descend (H + δI)⁻¹ ξ = (J − δI)⁻¹ v,   δ = damping

    so that the players move along (δI − J)⁻¹ v. Under `sgd(1)` and without damping a quadratic game is solved in one
    step; as δ → ∞ the direction becomes v/δ, the simultaneous one. The solve is GMRES on products with H.

    Newton's method looks for any zero of ξ. It is drawn as well to equilibria that repel the players: there
    undamped `sgd(h)` has the multiplier 1 − h in every direction, whatever the eigenvalues of J. An eigenvalue μ of
    H becomes 1 − h μ/(μ + δ), so that δ ≥ 0 is no cure for a small negative μ, for which the direction turns round or
    has no bound.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Newton(damping=0.0)(inputs, ())[0]).round().tolist()  # to the equilibrium at 0
        [3.0, 5.0]

    **Arguments:**
    - `damping`: δ. The system is singular where −δ is an eigenvalue of H.
    - `tolerance`: relative residual at which GMRES stops.
    - `iterations`: restarts at the most, each of up to 20 Krylov vectors; a vector costs one Jacobian product. A
      solve that has not converged by then, as when H + δI is all but singular, gives the best direction found, and
      where the system of its derivative has no solution either, that is NaN: `multipliers` then says so.
    """

    damping: Any = eqx.field(converter=partial(numbers, "damping"), default=0.1)
    tolerance: float = eqx.field(static=True, converter=partial(number, "tolerance", least=0.0), default=1e-6)
    iterations: int = eqx.field(static=True, converter=repeated("iterations"), default=10)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations at most: the gradient, and for every restart a residual and its vectors."""
        vectors = min(dimension, 20)
        return 1 + (1 if dimension <= 20 else self.iterations) * (vectors + 1)

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The solution of the damped system; there is no state."""
        xi, push = jax.linearize(gradient_field(inputs.game, inputs.batch), inputs.players)
        damped = lambda p: optax.tree.add_scale(push(p), self.damping, p)  # noqa: E731
        return solve(damped, xi, self.tolerance, self.iterations), state
