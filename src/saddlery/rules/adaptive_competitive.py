"""Adaptive competitive gradient descent: the local bilinear game with a step of its own for every parameter."""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from saddlery.arrays import numbers
from saddlery.game import Game, gradient_field
from saddlery.rules.competitive import equilibrium, evaluations
from saddlery.rules.rule import Rule, RuleInput, repeated
from saddlery.text.arguments import number
from saddlery.types import Pair, Players


class Moments(NamedTuple):
    """The state of adaptive steps: how many gradients were seen, and the average of their squares, entry by entry."""

    seen: Int[Array, ""]
    squares: Players


class AdaptiveCompetitive(Rule):
    """Adaptive competitive gradient descent: `Competitive` with RMSProp's steps (Schäfer, Zheng, Anandkumar, 2020).

        sₜ = β sₜ₋₁ + (1 − β) ξ²,   D = diag(1 / (√(sₜ / (1 − βᵗ)) + ε)),   A = η D
        p_g + H₁₂ A_d p_d = ξ_g,   p_d + H₂₁ A_g p_g = ξ_d,   descend D p

    Under `sgd(η)` the players move by −A p: the equilibrium of the local game in which each player's move m costs it
    ½ mᵀA⁻¹m in the place of competitive gradient descent's ½‖m‖²/η. It is solved for A^½ p, of which the system is
    symmetric in a zero-sum game; in others it is solved as it is. At η = 0 the direction is RMSProp's. Steps,
    β and ε are those of the authors' code, but for ε, which is added there before the correction by 1 − βᵗ, and after
    it here.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), so first D = (1/10, 1/6)
        >>> rule = sd.rules.AdaptiveCompetitive(step=1.5, eps=1e-8)  # p_g + ½ p_d = 10, p_d − 0.3 p_g = −6
        >>> move = jnp.concatenate(rule(inputs, rule.init(game, players))[0])
        >>> (1.15 * jnp.array([10.0, 6.0]) * move).round().tolist()  # 1.15 p
        [13.0, -3.0]

    **Arguments:**
    - `step`: η.
    - `decay`: β; `eps`: ε, above 0.
    - `tolerance`, `iterations`: of GMRES, as of `Competitive`.

    **Raises:** `ValueError` for numbers out of range.
    """

    step: Any = eqx.field(converter=partial(numbers, "step", least=0.0), default=1e-3)
    decay: Any = eqx.field(converter=partial(numbers, "decay", least=0.0, below=1.0), default=0.99)
    eps: Any = eqx.field(converter=partial(numbers, "eps", above=0.0), default=1e-5)
    tolerance: float = eqx.field(static=True, converter=partial(number, "tolerance", least=0.0), default=1e-6)
    iterations: int = eqx.field(static=True, converter=repeated("iterations"), default=10)

    def init(self, game: Game, players: Players) -> Moments:
        """The initial state: no gradient seen."""
        return Moments(jnp.zeros((), jnp.int32), jax.tree.map(lambda x: jnp.zeros_like(jnp.real(x)), players))

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations at most: as of `Competitive`."""
        return evaluations(dimension, self.iterations)

    def __call__(self, inputs: RuleInput, state: Moments) -> tuple[Players, Moments]:
        """The solution of the local game, and the moments with the present gradient in them."""
        xi, push = jax.linearize(gradient_field(inputs.game, inputs.batch), inputs.players)
        seen = state.seen + 1
        squares = jax.tree.map(
            lambda mean, now: mean + (1 - self.decay).astype(mean.dtype) * (jnp.abs(now) ** 2 - mean),
            state.squares,
            xi,
        )
        roots = jax.tree.map(lambda mean: _root(mean / (1 - self.decay**seen).astype(mean.dtype), self.eps), squares)

        def scaled(p):  # D^½ p
            return jax.tree.map(jnp.multiply, roots, p)

        def coupling(q):  # η D^½ H D^½ q
            return optax.tree.scale(self.step, scaled(push(scaled(q))))

        found = equilibrium(scaled(xi), coupling, self.tolerance, self.iterations)
        return Pair(*scaled(found)), Moments(seen, squares)


def _root(square: Array, eps: Array) -> Array:
    """D^½ = (√s + ε)^−½, with a derivative of zero where s = 0."""
    above = square > 0
    size = jnp.where(above, jnp.sqrt(jnp.where(above, square, 1.0)), 0.0)
    return jax.lax.rsqrt(size + eps.astype(size.dtype))
