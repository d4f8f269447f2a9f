"""Losses: functions of the scores of real and generated samples to both players' losses.

Each is `loss(real, generated) -> Pair`: two scalars, both minimised, means over scores `(batch,)` that have been
through no sigmoid. A large score says "real". P is the distribution of the data, Q the generator's, v a score.

The zero-sum losses share one objective, which the discriminator makes large and the generator small,

    F = E_P[a(v)] − E_Q[b(v)]          generator: F,   discriminator: −F

and differ in a and b. At the best discriminator F is a divergence of P and Q:

| name | a(v) | b(v) | F at the best discriminator |
|---|---|---|---|
| `minimax` | −softplus(−v) | softplus(v) | 2 JS(P, Q) − 2 log 2 |
| `tv` | tanh v | tanh v | Σ abs(p − q), twice the total variation |
| `wasserstein` | v | v | the Wasserstein-1 distance, if the scores are 1-Lipschitz |

In the f-GAN family (Nowozin, Cseke, Tomioka, 2016, equation 7 and table 2) a is an output activation g_f and
b = f*(g_f), with f* the convex conjugate of f, so that F is D_f(P‖Q) = E_Q[f(p/q)] at the best discriminator:

| name | f(u) | g_f(v) | f*(t) | f*(g_f(v)) | D_f |
|---|---|---|---|---|---|
| `f_kl` | u log u | v | exp(t − 1) | exp(v − 1) | KL(P‖Q) |
| `f_reverse_kl` | −log u | −exp(−v) | −1 − log(−t) | v − 1 | KL(Q‖P) |
| `f_pearson` | (u − 1)² | v | t²/4 + t | v²/4 + v | Σ(p − q)²/q |
| `f_hellinger` | (√u − 1)² | 1 − exp(−v) | t/(1 − t) | exp(v) − 1 | Σ(√p − √q)² |
| `f_js` | u log u − (u + 1) log(½(u + 1)) | log 2 − softplus(−v) | −log(2 − exp t) | softplus(v) − log 2 | 2 JS |

The compositions are computed as simplified here, which neither overflows nor cancels where the value itself does not:
exponentials of scores, and only they, leave float32 beyond |v| ≈ 88.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.nn import relu
from jaxtyping import Array, Float

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.text.names import nearest
from saddlery.types import Losses, Pair

Scores = Float[Array, "*batch"]
Real = Float[Array, " real"]
Generated = Float[Array, " generated"]
Loss = Callable[[Real, Generated], Losses]
LossLike: TypeAlias = str | Loss  # a name of `LOSSES`, or a loss itself


@jax.custom_jvp
def softplus(v: Scores) -> Scores:
    """Softplus, log(1 + eᵛ), with the sigmoid as its derivative, which is cheaper than deriving the logarithm.

    >>> round(float(softplus(jnp.array(0.0))), 4)  # log 2
    0.6931
    """
    return jax.nn.softplus(v)


softplus.defjvps(lambda tangent, _, v: tangent * jax.nn.sigmoid(v))


def _saddle(a: Real, b: Generated) -> Losses:
    """The zero-sum game of F = E_P[a] − E_Q[b], out of a(v) of the real and b(v) of the generated scores."""
    value = a.mean() - b.mean()
    return Pair(value, -value)


def _classify(real: Real, generated: Generated) -> Float[Array, ""]:
    """The cross-entropy of telling real from generated, E_P[softplus(−v)] + E_Q[softplus(v)]."""
    return softplus(-real).mean() + softplus(generated).mean()


def minimax(real: Real, generated: Generated) -> Losses:
    """The minimax loss of the first GAN, F = E_P[log σ(v)] + E_Q[log(1 − σ(v))] (Goodfellow et al., 2014, equation 1).

    The Numerics paper's "JS", and what the unrolled GAN's generator descends.

        >>> [round(float(each), 4) for each in minimax(jnp.array([0.0]), jnp.array([0.0]))]  # ∓2 log 2
        [-1.3863, 1.3863]
    """
    return _saddle(-softplus(-real), softplus(generated))


def nonsaturating(real: Real, generated: Generated) -> Losses:
    """The non-saturating loss: the generator minimises −E_Q[log σ(v)] instead (Goodfellow et al., 2014, section 3).

        generator: E_Q[softplus(−v)],   discriminator: E_P[softplus(−v)] + E_Q[softplus(v)]

    The Numerics paper's "standard".

        >>> [round(float(each), 4) for each in nonsaturating(jnp.array([0.0]), jnp.array([0.0]))]  # log 2 and 2 log 2
        [0.6931, 1.3863]
    """
    return Pair(softplus(-generated).mean(), _classify(real, generated))


def kl(real: Real, generated: Generated) -> Losses:
    """The KL loss: the generator minimises −E_Q[v] against the original GAN's discriminator (Mescheder et al., 2017).

        generator: −E_Q[v],   discriminator: E_P[softplus(−v)] + E_Q[softplus(v)]

    At the best discriminator, v = log(p/q), the generator's loss is KL(Q‖P): zeros of the data are avoided.

        >>> [round(float(each), 4) for each in kl(jnp.array([0.0]), jnp.array([0.0, -99.0]))]  # 49½; log 2 + ½ log 2
        [49.5, 1.0397]
    """
    return Pair(-generated.mean(), _classify(real, generated))


def tv(real: Real, generated: Generated) -> Losses:
    """The total variation loss: F = E_P[tanh v] − E_Q[tanh v] (Mescheder, Nowozin, Geiger, 2017).

    >>> [round(float(each), 4) for each in tv(jnp.array([99.0]), jnp.array([-99.0]))]  # nothing in common
    [2.0, -2.0]
    """
    return _saddle(jnp.tanh(real), jnp.tanh(generated))


def wasserstein(real: Real, generated: Generated) -> Losses:
    """The Wasserstein loss, the difference of mean scores, F = E_P[v] − E_Q[v] (Arjovsky et al., 2017, equation 2).

    Unbounded in the scores: it needs a discriminator that is Lipschitz, by a penalty or by its architecture. The
    Numerics paper's "indicator".

        >>> [round(float(each), 4) for each in wasserstein(jnp.array([3.0, 5.0]), jnp.array([1.0]))]  # 4 − 1
        [3.0, -3.0]
    """
    return _saddle(real, generated)


def hinge(real: Real, generated: Generated) -> Losses:
    """The hinge loss (Lim, Ye, 2017; Miyato et al., 2018, equations 16 and 17).

    generator: −E_Q[v],   discriminator: E_P[max(0, 1 − v)] + E_Q[max(0, 1 + v)]

        >>> [round(float(each), 4) for each in hinge(jnp.array([2.0]), jnp.array([-0.5]))]  # ½; 0 + ½
        [0.5, 0.5]
    """
    return Pair(-generated.mean(), relu(1 - real).mean() + relu(1 + generated).mean())


def least_squares(real: Real, generated: Generated) -> Losses:
    """The least-squares loss (LSGAN): label 0 for generated, 1 for real, 1 wanted by the generator (Mao et al., 2017).

    generator: ½E_Q[(v − 1)²],   discriminator: ½E_P[(v − 1)²] + ½E_Q[v²]            (their equation 9)

        >>> [round(float(each), 4) for each in least_squares(jnp.array([1.0]), jnp.array([0.0]))]  # at its labels
        [0.5, 0.0]
    """
    return Pair(
        0.5 * jnp.square(generated - 1).mean(),
        0.5 * jnp.square(real - 1).mean() + 0.5 * jnp.square(generated).mean(),
    )


def relativistic(real: Real, generated: Generated) -> Losses:
    """The relativistic pairing loss: each real sample is to score above its generated partner, and inversely.

        generator: E[softplus(v_P − v_Q)],   discriminator: E[softplus(v_Q − v_P)]

    (Jolicoeur-Martineau, 2019; in R3GAN with R1 and R2: Huang et al., 2024, equation 2.) Pairs are by position. It is
    the non-saturating twin: the players' losses are each other's with real and generated exchanged, not negatives. So
    the generator's gradient does not vanish where the discriminator wins, as that of −E[softplus(v_Q − v_P)] would.

        >>> [round(float(each), 4) for each in relativistic(jnp.array([7.0]), jnp.array([7.0]))]  # log 2 both
        [0.6931, 0.6931]
        >>> jax.grad(lambda v: relativistic(jnp.array([20.0]), v).generator)(jnp.array([-20.0])).tolist()  # −σ(40)
        [-1.0]

    **Raises:** `ValueError` when the numbers of real and generated scores differ.
    """
    if real.shape != generated.shape:
        raise InvalidValue(
            f"generated: got scores of shape {generated.shape}, expected {real.shape}: "
            "relativistic pairs each real sample with a generated one"
        )
    return Pair(softplus(real - generated).mean(), softplus(generated - real).mean())


def f_kl(real: Real, generated: Generated) -> Losses:
    """f-GAN, Kullback–Leibler: F = E_P[v] − E_Q[exp(v − 1)], at best KL(P‖Q) (Nowozin et al., 2016).

    >>> [round(float(each), 4) for each in f_kl(jnp.array([2.0]), jnp.array([1.0]))]  # 2 − e⁰
    [1.0, -1.0]
    """
    return _saddle(real, jnp.exp(generated - 1))


def f_reverse_kl(real: Real, generated: Generated) -> Losses:
    """f-GAN, reverse Kullback–Leibler: F = E_P[−exp(−v)] − E_Q[v − 1], at best KL(Q‖P) (Nowozin et al., 2016).

    >>> [round(float(each), 4) for each in f_reverse_kl(jnp.array([0.0]), jnp.array([2.0]))]  # −1 − (2 − 1)
    [-2.0, 2.0]
    """
    return _saddle(-jnp.exp(-real), generated - 1)


def f_pearson(real: Real, generated: Generated) -> Losses:
    """f-GAN, Pearson χ²: F = E_P[v] − E_Q[v²/4 + v], at best Σ(p − q)²/q (Nowozin et al., 2016).

    Scores are all real numbers: f* is that of (u − 1)² on the whole line. Of a ratio u ≥ 0 alone it would be −1 for
    v < −2, where t²/4 + t rises again; the best discriminator v = 2(p/q − 1) is −2 or more, and the same.

    >>> [round(float(each), 4) for each in f_pearson(jnp.array([2.0]), jnp.array([2.0]))]  # 2 − (1 + 2)
    [-1.0, 1.0]
    >>> f_pearson(jnp.array([0.0]), jnp.array([-4.0])).generator.tolist()  # 0 − (4 − 4), not 0 − (−1)
    0.0
    """
    return _saddle(real, generated**2 / 4 + generated)


def f_hellinger(real: Real, generated: Generated) -> Losses:
    """f-GAN, squared Hellinger: F = E_P[1 − exp(−v)] − E_Q[exp(v) − 1], at best Σ(√p − √q)² (Nowozin et al., 2016).

    >>> [round(float(each), 4) for each in f_hellinger(jnp.array([99.0]), jnp.array([0.0]))]  # (1 − 0) − (1 − 1)
    [1.0, -1.0]
    """
    return _saddle(-jnp.expm1(-real), jnp.expm1(generated))


def f_js(real: Real, generated: Generated) -> Losses:
    """f-GAN, Jensen–Shannon: `minimax` with 2 log 2 added to F, at best 2 JS(P, Q) (Nowozin et al., 2016).

    >>> [round(float(each), 4) for each in f_js(jnp.array([99.0]), jnp.array([-99.0]))]  # apart: 2 log 2
    [1.3863, -1.3863]
    """
    return _saddle(math.log(2) - softplus(-real), softplus(generated) - math.log(2))


LOSSES: dict[str, Loss] = {
    "minimax": minimax,
    "nonsaturating": nonsaturating,
    "standard": nonsaturating,
    "kl": kl,
    "tv": tv,
    "wasserstein": wasserstein,
    "indicator": wasserstein,
    "hinge": hinge,
    "least_squares": least_squares,
    "relativistic": relativistic,
    "f_kl": f_kl,
    "f_reverse_kl": f_reverse_kl,
    "f_pearson": f_pearson,
    "f_hellinger": f_hellinger,
    "f_js": f_js,
}


def as_loss(loss: LossLike) -> Loss:
    """The loss of this name in `LOSSES`; a function is returned as it is.

        >>> as_loss("hinge").__name__
        'hinge'

    **Raises:** `ValueError` for an unknown name, naming the nearest; `TypeError` for anything else.
    """
    if callable(loss):
        return loss
    if not isinstance(loss, str):
        raise InvalidType(
            f"loss: got {quoted(loss)}, expected a name ({', '.join(LOSSES)}) or a function of two arrays of scores"
        )
    if loss not in LOSSES:
        raise InvalidValue(nearest("loss", loss, LOSSES))
    return LOSSES[loss]
