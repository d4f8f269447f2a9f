"""Gradient penalties: terms of the discriminator's loss that bound how steeply its scores vary with the sample.

∇D is the gradient of a sample's score in that sample. It is taken as the gradient of the sum of all scores, which is
the same when no sample's score depends on another sample: all penalties here assume it, as their papers do, and
under batch normalisation they are another quantity.
"""

import abc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.arrays import numbers
from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.text.call import build
from saddlery.types import Batch, Key, Scalar

Samples = Float[Array, "batch ..."]
Score = Callable[[Samples], Float[Array, " batch"]]


class Penalty(eqx.Module):
    """A gradient penalty, a term to add to the discriminator's loss.

    **Arguments:**
    - `weight`: its factor, an array leaf: another weight is another argument of the same compiled program.

    Subclasses compute the term in `__call__`; one that is random draws what it needs in `draw`, so that all
    randomness of a game is in its batch.
    """

    weight: Any = eqx.field(converter=partial(numbers, "weight", least=0.0), default=10.0)

    def draw(self, key: Key, real: Samples) -> Batch:
        """The randomness of one evaluation, for real samples `(batch, …)`: none."""
        return ()

    @abc.abstractmethod
    def __call__(self, score: Score, real: Samples, generated: Samples, draw: Batch) -> Float[Array, ""]:
        """The penalty, a scalar.

        **Arguments:**
        - `score`: from samples `(batch, …)` to scores `(batch,)`.
        - `real`, `generated`: samples `(batch, …)`.
        - `draw`: what `draw` returned.
        """


class R1(Penalty):
    """The R1 penalty, the squared gradient norm on real samples (Mescheder, Geiger, Nowozin, 2018, equation 9).

    ½ weight · E_P‖∇D(x)‖²

        >>> import saddlery as sd
        >>> score = lambda x: x @ jnp.array([3.0, 4.0])  # ‖∇D‖ = 5 everywhere
        >>> real, generated = jnp.zeros((2, 2)), jnp.ones((2, 2))
        >>> penalty = sd.losses.R1(2.0)
        >>> round(float(penalty(score, real, generated, ())), 4)  # ½ · 2 · 5²
        25.0
    """

    def __call__(self, score: Score, real: Samples, generated: Samples, draw: Batch) -> Scalar:
        """½ weight · E‖∇D‖² over the real samples."""
        return 0.5 * self.weight * _squared_norms(score, real).mean()


class R2(Penalty):
    """The R2 penalty, the squared gradient norm on generated samples (Mescheder, Geiger, Nowozin, 2018, equation 10).

    ½ weight · E_Q‖∇D(x)‖²

        >>> import saddlery as sd
        >>> score = lambda x: x @ jnp.array([3.0, 4.0])  # ‖∇D‖ = 5 everywhere
        >>> real, generated = jnp.zeros((2, 2)), jnp.ones((2, 2))
        >>> penalty = sd.losses.R2(2.0)
        >>> round(float(penalty(score, real, generated, ())), 4)  # ½ · 2 · 5²
        25.0
    """

    def __call__(self, score: Score, real: Samples, generated: Samples, draw: Batch) -> Scalar:
        """½ weight · E‖∇D‖² over the generated samples."""
        return 0.5 * self.weight * _squared_norms(score, generated).mean()


class WGANGP(Penalty):
    """The WGAN-GP penalty: gradients of norm 1 between real and generated samples (Gulrajani et al., 2017, equation 3).

        weight · E(‖∇D(x̂)‖ − 1)²,   x̂ = ε x_P + (1 − ε) x_Q,   ε uniform in [0, 1), one for each pair

    Pairs are by position, so there must be as many generated samples as real ones.

        >>> import saddlery as sd
        >>> score = lambda x: x @ jnp.array([3.0, 4.0])  # ‖∇D‖ = 5 everywhere
        >>> real, generated = jnp.zeros((2, 2)), jnp.ones((2, 2))
        >>> penalty = sd.losses.WGANGP(1.0)
        >>> round(float(penalty(score, real, generated, penalty.draw(jax.random.key(0), real))), 4)  # (5 − 1)²
        16.0
    """

    def draw(self, key: Key, real: Samples) -> Batch:
        """The interpolation weights ε, `(batch, 1, …)`."""
        return jax.random.uniform(key, (len(real), *[1] * (real.ndim - 1)), real.dtype)

    def __call__(self, score: Score, real: Samples, generated: Samples, draw: Batch) -> Scalar:
        """weight · E(‖∇D‖ − 1)² over the interpolated samples."""
        if real.shape != generated.shape:
            raise InvalidValue(
                f"generated: got shape {generated.shape}, expected that of the real samples, {real.shape}: "
                "WGAN-GP interpolates between the two"
            )
        return self.weight * _from_one(score, draw * real + (1 - draw) * generated)


class DRAGAN(Penalty):
    """The DRAGAN penalty: gradients of norm 1 around the real samples (Kodali et al., 2017).

        weight · E(‖∇D(x + scale · s · ε)‖ − 1)²,   x ~ P,   ε ~ N(0, I)

    with s the standard deviation of all entries of the batch of real samples. This is the paper's formula, √c being
    scale · s as in the authors' code; their code's noise is not Gaussian but uniform in [0, 1), which shifts the
    samples, and stops at a random point of the way.

        >>> import saddlery as sd
        >>> score = lambda x: x @ jnp.array([3.0, 4.0])  # ‖∇D‖ = 5 everywhere
        >>> real, generated = jnp.zeros((2, 2)), jnp.ones((2, 2))
        >>> penalty = sd.losses.DRAGAN(1.0)
        >>> round(float(penalty(score, real, generated, penalty.draw(jax.random.key(0), real))), 4)  # (5 − 1)²
        16.0

    **Arguments:**
    - `weight`: λ.
    - `scale`: the noise's standard deviation in units of the data's.
    """

    scale: Any = eqx.field(converter=partial(numbers, "scale", least=0.0), default=0.5)

    def draw(self, key: Key, real: Samples) -> Batch:
        """The perturbations ε, of the real samples' shape."""
        return jax.random.normal(key, real.shape, real.dtype)

    def __call__(self, score: Score, real: Samples, generated: Samples, draw: Batch) -> Scalar:
        """weight · E(‖∇D‖ − 1)² over the perturbed real samples."""
        return self.weight * _from_one(score, real + self.scale * jnp.std(real) * draw)


def _squared_norms(score: Score, x: Samples) -> Float[Array, " batch"]:
    """‖∇D(x)‖² of each sample."""
    gradients = jax.grad(lambda x: score(x).sum())(x)
    return jnp.square(gradients).reshape(len(x), -1).sum(axis=1)


def _from_one(score: Score, x: Samples) -> Float[Array, ""]:
    """E(‖∇D(x)‖ − 1)².

    The norm has no derivative at zero. A norm below the machine's ε, which beside 1 is zero, is taken as the constant
    zero, so that derivatives of every order are finite.
    """
    squares = _squared_norms(score, x)
    positive = squares > jnp.finfo(squares.dtype).eps ** 2
    norms = jnp.where(positive, jnp.sqrt(jnp.where(positive, squares, 1.0)), 0.0)
    return jnp.square(norms - 1).mean()


PENALTIES: dict[str, type[Penalty]] = {"r1": R1, "r2": R2, "wgan_gp": WGANGP, "dragan": DRAGAN}


PenaltyLike: TypeAlias = str | Penalty | Sequence[str | Penalty] | None  # one, several or none, by name or themselves


def as_penalties(penalty: PenaltyLike) -> tuple[Penalty, ...]:
    """Gradient penalties from one or several, each a `Penalty` or text such as `"r1(weight=1.0)"`; `None` is none.

    The names are those of `PENALTIES`: `r1`, `r2`, `wgan_gp` and `dragan`.

        >>> [type(each).__name__ for each in as_penalties(("r1(weight=1.0)", R2(1.0)))]
        ['R1', 'R2']

    **Raises:** `ValueError` for text that names none, naming the nearest; `TypeError` for anything else.
    """
    several: Any = () if penalty is None else penalty if isinstance(penalty, tuple | list) else (penalty,)
    made = tuple(build("penalty", one, PENALTIES) if isinstance(one, str) else one for one in several)
    for one in made:
        if not (callable(one) and callable(getattr(one, "draw", None))):
            raise InvalidType(f"penalty: got {quoted(one)}, expected a penalty or its name ({', '.join(PENALTIES)})")
    return made
