"""Competitive gradient descent: each player plays the equilibrium of the local bilinear game."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import optax

from saddlery.arrays import numbers
from saddlery.game import gradient_field
from saddlery.rules.linear import VECTORS, solve
from saddlery.rules.rule import Rule, RuleInput, repeated
from saddlery.text.arguments import number
from saddlery.types import Memory, Pair, Players


class Competitive(Rule):
    """Competitive gradient descent: both moves solve the local bilinear game (Schäfer, Anandkumar, 2019, equation 4).

    With η the step and H₁₂ = ∂ξ_g/∂d, H₂₁ = ∂ξ_d/∂g, the directions p solve

        p_g + η H₁₂ p_d = ξ_g,   p_d + η H₂₁ p_g = ξ_d

    that is (I − η² H₁₂ H₂₁) p_g = ξ_g − η H₁₂ ξ_d by GMRES (general-sum games are not symmetric), then p_d by
    substitution. The published method is this rule under `sgd(η)` for both players with the same η.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Competitive(step=0.5)(inputs, ())[0]).round().tolist()  # sum 10, difference 6
        [8.0, 2.0]

    **Arguments:**
    - `step`: η.
    - `tolerance`: relative residual at which GMRES stops.
    - `iterations`: restarts at the most, each of up to 20 Krylov vectors; an iteration costs two Jacobian products.
    """

    step: Any = eqx.field(converter=partial(numbers, "step", least=0.0), default=0.1)
    tolerance: float = eqx.field(static=True, converter=partial(number, "tolerance", least=0.0), default=1e-6)
    iterations: int = eqx.field(static=True, converter=repeated("iterations"), default=10)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: one, two products for right-hand side and substitution, two a vector of GMRES."""
        return evaluations(dimension, self.iterations)

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The solution of the local game; there is no state."""
        xi, push = jax.linearize(gradient_field(inputs.game, inputs.batch), inputs.players)
        scale = partial(optax.tree.scale, self.step)
        return equilibrium(xi, lambda p: scale(push(p)), self.tolerance, self.iterations), state


def evaluations(dimension: int, iterations: int) -> int:
    """Gradient evaluations of an `equilibrium` at most: the gradient, two products, and two a vector of GMRES.

    >>> evaluations(dimension=4, iterations=10)  # one restart, of four vectors and one more
    13
    """
    vectors = min(dimension, VECTORS)
    return 3 + 2 * (1 if dimension <= VECTORS else iterations) * (vectors + 1)


def equilibrium(xi: Pair, push: Callable[[Pair], Pair], tolerance: float, iterations: int) -> Pair:
    """The equilibrium of a bilinear game with the gradient ξ at 0 and the coupling K: p + K p = ξ, by GMRES.

        (I − K₁₂ K₂₁) p_g = ξ_g − K₁₂ ξ_d,   p_d = ξ_d − K₂₁ p_g

    K holds the blocks of `push` off its diagonal; the others are not used.

        >>> import jax.numpy as jnp
        >>> turn = lambda p: Pair(p.discriminator, -p.generator)
        >>> found = equilibrium(Pair(jnp.array([10.0]), jnp.array([-6.0])), turn, tolerance=1e-6, iterations=1)
        >>> jnp.concatenate(found).round().tolist()  # p_g + p_d = 10, p_d − p_g = −6
        [8.0, 2.0]

    **Arguments:** `push`: from a pytree of both players to K's product with it; `tolerance`, `iterations` as of
    `Competitive`.
    """
    zero = optax.tree.zeros_like(xi)

    def of_generator(p):  # K₁₂ p
        return push(Pair(zero.generator, p)).generator

    def of_discriminator(p):  # K₂₁ p
        return push(Pair(p, zero.discriminator)).discriminator

    def product(p):  # (I − K₁₂ K₂₁) p
        return optax.tree.sub(p, of_generator(of_discriminator(p)))

    target = optax.tree.sub(xi.generator, of_generator(xi.discriminator))
    generator = solve(product, target, tolerance, iterations)
    return Pair(generator, optax.tree.sub(xi.discriminator, of_discriminator(generator)))
