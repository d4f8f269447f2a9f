"""Unrolled GANs: the generator's gradient flows through the discriminator's future updates."""

import equinox as eqx
import jax
import optax

from saddlery.game import afford, gradients
from saddlery.rules.rule import Rule, RuleInput, repeated
from saddlery.types import Memory, Pair, Players


class Unrolled(Rule):
    """Unrolled GANs: the generator answers the discriminator as it will be after `steps` (K) more of its updates.

        d⁰ = d,   dᵏ⁺¹ = dᵏ + update(∇_d L_d(g, dᵏ))          (the discriminator's real optimiser, from its state)
        descend (d/dg L_g(g, dᴷ(g)),  ∇_d L_d(g, d))

    The derivative is total: its second term is how the discriminator would react to the generator. All K updates
    see the same batch. K = 0 is the simultaneous gradient. (Metz, Poole, Pfau, Sohl-Dickstein, 2017, equations 5–9.)

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> sgd = sd.optimiser("sgd", learning_rate=0.25)  # d¹ = d + g/2, so that L_g(g, d¹) = 2gd + g²
        >>> inputs = sd.rules.RuleInput(game, players, (), sd.Pair(sgd, sgd), sd.Pair(*map(sgd.init, players)))
        >>> jnp.concatenate(sd.rules.Unrolled(steps=1)(inputs, ())[0]).tolist()  # 2d + 2g, and −2g
        [16.0, -6.0]

    **Arguments:**
    - `steps`: K, how many of the discriminator's updates to look ahead.
    - `second_order`: with `False` the discriminator's path is held fixed, dᴷ a constant in the derivative: the
      paper's ablation without the second gradient term.

    The derivative is carried back by the adjoint of each update, with the discriminator's gradient recomputed there,
    so memory grows with K by a few copies of the discriminator only. An optimiser that divides by a square root
    needs `eps_root` > 0, or a dead unit gives NaN; `methods.unrolled` sets it.
    """

    steps: int = eqx.field(static=True, converter=repeated("steps", least=0), default=10)
    second_order: bool = eqx.field(static=True, default=True)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: the gradient, K gradients ahead and K products back, the discriminator's alone."""
        return 1 + 2 * self.steps

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The unrolled gradient of the generator, the ordinary one of the discriminator."""
        if self.steps == 0:
            return gradients(inputs.game, inputs.players, inputs.batch), state
        game, batch, optimiser = inputs.game, inputs.batch, inputs.optimisers.discriminator
        samples, through_act = jax.vjp(lambda g: game.act(g, batch), inputs.players.generator)

        def gradient(discriminator):  # of the discriminator's loss, in itself and in the samples
            return jax.grad(lambda d, s: game.losses(d, s, batch).discriminator, (0, 1))(discriminator, samples)

        def update(discriminator, memory, descended):
            updates, memory = optimiser.update(descended, memory, discriminator)
            return optax.apply_updates(discriminator, updates), memory

        def ahead(position, _):
            discriminator, memory = position
            descended = gradient(discriminator)[0]
            return update(discriminator, memory, descended), (discriminator, memory, descended)

        def back(adjoints, visited):
            (*of_position, of_samples), (discriminator, memory, descended) = adjoints, visited
            _, through_update = eqx.filter_vjp(update, discriminator, memory, descended)
            of_discriminator, of_memory, of_descended = through_update(tuple(of_position))
            # λᵀ ∂(∇_d L)/∂(d, s) = d/dε ∇_{d,s} L(d + ελ, s): the Hessian is symmetric, and this side is the cheaper
            curved, mixed = jax.jvp(gradient, (discriminator,), (of_descended,))[1]
            add = optax.tree.add
            return (add(of_discriminator, curved), of_memory, add(of_samples, mixed)), None

        start = inputs.players.discriminator, inputs.states.discriminator
        afford("steps: so many positions of the discriminator", (start, start[0]), copies=self.steps)
        (later, memory), path = jax.lax.scan(ahead, start, length=self.steps)
        of_later, of_samples = jax.grad(lambda d, s: game.losses(d, s, batch).generator, (0, 1))(later, samples)
        if self.second_order:
            of_memory = optax.tree.zeros_like(eqx.filter(memory, eqx.is_inexact_array))
            (_, _, of_samples), _ = jax.lax.scan(back, (of_later, of_memory, of_samples), path, reverse=True)
        ordinary = jax.tree.map(lambda gradients: gradients[0], path[2])  # the first update's is the one due now
        return Pair(through_act(of_samples)[0], ordinary), state
