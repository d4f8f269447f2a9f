"""Mode coverage of a mixture by samples, and what a perfect sampler would score."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import kl_div
from jaxtyping import Array, Float, Int, Num
from scipy.special import chdtr

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.text.arguments import whole
from saddlery.types import Numbers, Scalar


class Divergences(NamedTuple):
    """Divergences of histograms p over m modes from the uniform u = 1/m, in nats.

    - `kl`: KL(p‖u), between 0 and log m.
    - `js`: the Jensen–Shannon divergence ½KL(p‖½(p+u)) + ½KL(u‖½(p+u)), between 0 and log 2.
    - `total_variation`: ½Σ|p_i − u_i|, between 0 and 1 − 1/m.
    """

    kl: Float[Array, "..."]
    js: Float[Array, "..."]
    total_variation: Float[Array, "..."]


class ModeCoverage(NamedTuple):
    """Mode coverage: modes covered, share of high quality, divergences, counts of each mode."""

    modes: Int[Array, ""]
    high_quality: Scalar
    kl: Scalar
    js: Scalar
    total_variation: Scalar
    counts: Int[Array, " modes"]


class Expected(NamedTuple):
    """The expectation of a measure, and the interval that holds it with probability 95%."""

    mean: float
    low: float
    high: float


def histogram_divergences(counts: Num[Array | np.ndarray, "*batch modes"]) -> Divergences:
    """Divergences of the histogram of `counts` from uniform: KL, Jensen–Shannon and total variation.

    An empty histogram is given the values of total collapse, everything in one mode, the greatest there are:
    the worst sampler then scores worst, and curves and medians over seeds have no holes.

        >>> found = histogram_divergences(np.array([4, 0]))  # all in one of two modes
        >>> round(float(found.kl), 4), float(found.total_variation)  # log 2, and 1 − ½
        (0.6931, 0.5)

    **Arguments:**
    - `counts`: `(…, modes)`, not negative; histograms along the last axis.

    **Returns:** `Divergences`, each of shape `(…)`.

    **Raises:** `ValueError` for counts that are negative or not finite; in a compiled program, theirs are NaN.
    """
    return _divergences(histograms(counts))


def histograms(counts: Numbers) -> Array | np.ndarray:
    """Check counts `(…, modes)`, and return them as they are.

        >>> histograms([[4, 0], [2, 2]]).shape
        (2, 2)

    **Raises:** `ValueError` for another shape or, where they are known, counts that are negative or not finite.
    """
    found = entry.numbers("counts", np.asarray(counts) if entry.known(counts) else counts)
    if entry.known(found) and (found < 0).any():
        raise InvalidValue(f"counts: got {found.min()}, expected no less than 0")
    return found


@jax.jit
def _divergences(counts):
    counts = jnp.asarray(counts, float)
    modes = counts.shape[-1]
    total = counts.sum(-1, keepdims=True)
    collapsed = jnp.zeros(modes).at[0].set(1.0)
    p = jnp.where(total > 0, counts / jnp.where(total > 0, total, 1.0), collapsed)
    p = jnp.where(((counts >= 0) & jnp.isfinite(counts)).all(-1, keepdims=True), p, jnp.nan)
    middle = (p + 1 / modes) / 2
    return Divergences(
        kl_div(p, 1 / modes).sum(-1),
        (kl_div(p, middle) + kl_div(1 / modes, middle)).sum(-1) / 2,
        jnp.abs(p - 1 / modes).sum(-1) / 2,
    )


def mode_coverage(
    samples: Float[Array, "samples dimension"],
    centres: Float[Array, "modes dimension"],
    std: Float[Array, ""] | float,
    within: float = 3.0,
    least: int = 1,
) -> ModeCoverage:
    """Mode coverage: how many modes of a mixture of Gaussians the samples cover, how well, and how evenly.

    A sample belongs to its nearest centre, and is of high quality when it lies within `within` standard
    deviations of it, ‖x − c‖ ≤ `within` · `std`: on the border it counts (Srivastava et al., 2017). The histogram is
    that of the high-quality samples; where there are none, it counts as totally collapsed (`histogram_divergences`).

        >>> centres = jnp.array([[0.0], [10.0], [20.0]])
        >>> found = mode_coverage(jnp.array([[0.1], [10.1], [5.0], [9.9]]), centres, std=1.0)
        >>> int(found.modes), float(found.high_quality), found.counts.tolist()  # 5 is too far from all
        (2, 0.75, [1, 2, 0])
        >>> int(mode_coverage(jnp.array([[3.0]]), centres, std=1.0).modes)  # on the border
        1

    **Arguments:**
    - `samples`: `(samples, dimension)`.
    - `centres`: `(modes, dimension)`, all different.
    - `std`: the standard deviation of each mode in every direction.
    - `within`: the radius of high quality, in standard deviations.
    - `least`: how many high-quality samples make a mode covered.

    **Returns:** `ModeCoverage`, from a compiled program; can be mapped. Where values are not known beforehand, as in a
    program that calls it, samples that are not finite, or a `std` that is not positive, make all of it NaN, and counts
    0.

    **Raises:** `ValueError` when the shapes do not fit, samples or centres are not finite, `std` or `within` is not
    positive, or `least` no whole number from 1.
    """
    samples, centres = entry.samples("samples", samples), entry.samples("centres", centres)
    if samples.ndim != 2 or centres.ndim != 2 or samples.shape[1] != centres.shape[1]:
        raise InvalidValue(
            f"samples, centres: got shapes {samples.shape} and {centres.shape}, "
            "expected (samples, dimension) and (modes, dimension)"
        )
    least = whole("least", least) if entry.known(least) else least
    return _mode_coverage(samples, centres, entry.positive("std", std), entry.positive("within", within), least)


@jax.jit
def _mode_coverage(samples, centres, std, within, least):
    sound = entry.finite(samples, centres, std) & (std > 0)
    distances = jnp.linalg.norm(samples[:, None] - centres, axis=-1)
    good = distances.min(1) <= within * std
    counts = jnp.zeros(len(centres), int).at[distances.argmin(1)].add(good & sound)
    divergences = _divergences(jnp.where(sound, counts, jnp.nan))._asdict()
    return ModeCoverage((counts >= least).sum(), jnp.where(sound, good.mean(), jnp.nan), **divergences, counts=counts)


def perfect_sampler(
    n: int,
    modes: int,
    dimension: int = 2,
    within: float = 3.0,
    least: int = 1,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, Expected]:
    """The expected `mode_coverage` of `n` independent samples of the mixture itself.

    Even a perfect sampler leaves samples beyond `within` standard deviations, and its histogram is never quite
    uniform: KL is about (modes − 1) / 2n. A sample is of high quality with probability P(χ²_dimension ≤ within²),
    and then of each mode equally often; the measures are those of `draws` simulated histograms, but the share of
    high quality, whose mean has this closed form. Modes are taken to lie more than 2 · `within` · `std` apart.

        >>> round(perfect_sampler(n=100, modes=8, draws=10)["high_quality"].mean, 4)  # P(χ²₂ ≤ 9) = 1 − exp(−4.5)
        0.9889

    **Arguments:**
    - `n`, `modes`, `dimension`: the number of samples, and the mixture's.
    - `within`, `least`: as for `mode_coverage`.
    - `draws`, `seed`: of the simulation.

    **Returns:** `Expected` by the names of `ModeCoverage`, without the counts.

    **Raises:** `ValueError` for a number that makes no sense.
    """
    for name, value in (("n", n), ("modes", modes), ("dimension", dimension), ("least", least), ("draws", draws)):
        whole(name, value)
    entry.positive("within", within)
    quality = float(chdtr(dimension, within**2))
    chances = np.append(np.full(modes, quality / modes), 1 - quality)
    counts = np.random.default_rng(seed).multinomial(n, chances, size=draws)[:, :-1]
    measured = {
        "modes": (counts >= least).sum(1),
        "high_quality": counts.sum(1) / n,
        **histogram_divergences(counts)._asdict(),
    }
    expected = {name: _expected(np.asarray(values)) for name, values in measured.items()}
    return expected | {"high_quality": expected["high_quality"]._replace(mean=quality)}


def _expected(values: np.ndarray) -> Expected:
    low, high = np.quantile(values, [0.025, 0.975], method="inverted_cdf")
    return Expected(float(values.mean(dtype=float)), float(low), float(high))
