"""The Dirac-GAN, the smallest GAN: one real point, one generated point, a linear discriminator."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.games.analytic import Analytic
from saddlery.losses import LossLike, PenaltyLike, as_loss, as_penalties
from saddlery.text.provenance import with_call
from saddlery.types import Batch, Key, Losses, Pair


class Dirac(Analytic):
    """The Dirac-GAN: one real point at 0 against one generated point θ; see `dirac`."""

    loss: Any = eqx.field(converter=as_loss)
    penalty: Any = eqx.field(converter=as_penalties)

    def init(self, key: Key) -> Pair[Array]:
        """Initial players, both standard normal, a number each."""
        return Pair(*jax.random.normal(key, (2,)))

    def draw(self, key: Key) -> Batch:
        """The randomness of each penalty, for the one real point; nothing else is random."""
        real = jnp.zeros(1)
        return tuple(penalty.draw(jax.random.fold_in(key, i), real) for i, penalty in enumerate(self.penalty))

    def act(self, generator: Array, batch: Batch) -> Array:
        """The generated point, a batch of one."""
        return generator[None]

    def losses(self, discriminator: Array, samples: Array, batch: Batch) -> Losses:
        """The losses from the two scores ψ·0 and ψθ, the penalties added to the discriminator's."""

        def score(x):
            return discriminator * x

        real = jnp.zeros_like(samples)
        losses = self.loss(score(real), score(samples))
        for penalty, draw in zip(self.penalty, batch, strict=True):
            losses = losses._replace(discriminator=losses.discriminator + penalty(score, real, samples, draw))
        return losses

    def equilibrium(self) -> Pair[Array]:
        """The equilibrium: the generated point on the real one, and a flat discriminator."""
        return Pair(jnp.zeros(()), jnp.zeros(()))


@with_call()
def dirac(loss: LossLike = "minimax", penalty: PenaltyLike = None) -> Dirac:
    """The Dirac-GAN (Mescheder, Geiger, Nowozin, 2018, definition 2.1).

        data: a point at 0;   generator: a point at θ;   discriminator: D(x) = ψx

    The players are the numbers (θ, ψ), of shape (). A large score says "real", as of every loss, so that θ moves along
    its score's slope ψ and ψ against θ; the real point has the score 0, whatever ψ. `R1(weight)` adds ½ weight ψ², its
    paper's γ.

    Its equilibrium is (0, 0). There J has the eigenvalues ±i f′(0) without a penalty, f′(0) = ½ for `minimax` and
    `nonsaturating` and 1 for `wasserstein`: descent without a penalty does not converge linearly.

        >>> import saddlery as sd
        >>> game = dirac("wasserstein")
        >>> [float(each) for each in game.losses(jnp.array(2.0), game.act(jnp.array(1.0), ()), ())]  # θ = 1, ψ = 2: ∓ψθ
        [-2.0, 2.0]
        >>> at = sd.Pair(jnp.array(1.0), jnp.array(2.0))
        >>> [float(each) for each in sd.gradients(dirac("wasserstein", "r1(weight=3.0)"), at, ((),))]  # −ψ, θ + 3ψ
        [-2.0, 7.0]

    **Arguments:**
    - `loss`: a name of `saddlery.losses.LOSSES` or a function of real and generated scores to a `Pair`.
    - `penalty`: one of `saddlery.losses`' penalties, such as `R1(1.0)` or `"r1(weight=1.0)"`, several in a tuple, or
      `None`; added to the discriminator's loss.

    **Raises:** `ValueError` for an unknown loss or penalty, naming the nearest.
    """
    return Dirac(loss, penalty)
