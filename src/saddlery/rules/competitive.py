"""Competitive gradient descent: each player plays the equilibrium of the local bilinear game."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax
import optax

from saddlery.game import Pair, gradient_field
from saddlery.rules.rule import Rule, number


class Competitive(Rule):
    """Both players' moves solve the game's bilinear approximation together (Schäfer, Anandkumar, 2019, equation 4).

    With η the step and H₁₂ = ∂ξ_g/∂d, H₂₁ = ∂ξ_d/∂g, the directions p solve

        p_g + η H₁₂ p_d = ξ_g,   p_d + η H₂₁ p_g = ξ_d

    that is (I − η² H₁₂ H₂₁) p_g = ξ_g − η H₁₂ ξ_d by GMRES (general-sum games are not symmetric), then p_d by
    substitution. The published method is this rule under `sgd(η)` for both players with the same η.

    **Arguments:**
    - `step`: η.
    - `tolerance`: relative residual at which GMRES stops.
    - `iterations`: restarts at the most, each of up to 20 Krylov vectors; an iteration costs two Jacobian products.
    """

    step: Any = eqx.field(converter=number, default=0.1)
    tolerance: float = eqx.field(static=True, default=1e-6)
    iterations: int = eqx.field(static=True, default=10)

    def __call__(self, turn, state):
        """The solution of the local game; there is no state."""
        field = gradient_field(turn.game, turn.batch)
        xi, push = jax.linearize(field, turn.players)
        zero = optax.tree.zeros_like(xi)

        def reaction_of_generator(p):  # η H₁₂ p
            return optax.tree.scale(self.step, push(Pair(zero.generator, p)).generator)

        def reaction_of_discriminator(p):  # η H₂₁ p
            return optax.tree.scale(self.step, push(Pair(p, zero.discriminator)).discriminator)

        operator = lineax.FunctionLinearOperator(
            lambda p: optax.tree.sub(p, reaction_of_generator(reaction_of_discriminator(p))),
            jax.eval_shape(lambda: xi.generator),
        )
        # Its own relative test is entry by entry, undefined where a dead unit's entry is zero: scale to length one.
        solver = lineax.GMRES(
            rtol=0.0, atol=self.tolerance, norm=optax.tree.norm, max_steps=self.iterations + 1
        )  # the first of its steps is only the residual at zero
        target = optax.tree.sub(xi.generator, reaction_of_generator(xi.discriminator))
        length = optax.tree.norm(target)
        length = jnp.where(length > 0, length, 1.0)
        unit = optax.tree.scale(1 / length, target)
        generator = optax.tree.scale(length, lineax.linear_solve(operator, unit, solver, throw=False).value)
        discriminator = optax.tree.sub(xi.discriminator, reaction_of_discriminator(generator))
        return Pair(generator, discriminator), state
