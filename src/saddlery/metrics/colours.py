"""Divergence of colours: how far the colours of a generator's digits are from those of the data."""

import numpy as np
from jaxtyping import Array, Float
from scipy.special import rel_entr

from saddlery.errors import InvalidValue
from saddlery.metrics.modes import Expected
from saddlery.text.arguments import whole

BINS = 256  # along an axis at most
FAR = 1.0  # how far colours may lie outside [0, 1]


def colour_divergence(
    colours: Float[Array | np.ndarray, "n 3"], reference: Float[Array | np.ndarray, "m 3"], bins: int = 5
) -> float:
    """The Jensen–Shannon divergence of two sets of colours, in nats, 0 to log 2 (Metz et al., 2017, unrolled GANs).

        JS(p, q) = ½ KL(p ‖ ½(p+q)) + ½ KL(q ‖ ½(p+q))

    of the histograms p and q over bins × bins × bins equal cubes of [0, 1]³. It is not zero for equal distributions:
    compare with `perfect_colours` of as many samples.

        >>> black, white = np.zeros((4, 3)), np.ones((4, 3))
        >>> round(colour_divergence(black, white), 4)  # nothing in common: log 2
        0.6931

    **Arguments:**
    - `colours`, `reference`: `(n, 3)` and `(m, 3)` in [0, 1], such as `saddlery.data.colours` of generated and real
      images, or uint8. What lies a little outside is counted in the nearest cube.
    - `bins`: along each axis.

    **Returns:** the divergence; NaN when one of the colours is.

    **Raises:** `ValueError` for another shape, no colours, colours that are further than 1 outside [0, 1], or `bins`
    that are no whole number from 1 to 256.
    """
    whole("bins", bins, 1, BINS)
    return _divergence(_histogram("colours", colours, bins), _histogram("reference", reference, bins))


def perfect_colours(n: int, m: int, bins: int = 5, draws: int = 500, seed: int = 0) -> Expected:
    """The expected `colour_divergence` of `n` and `m` samples that are both uniform in the cube of colours.

    The mean and interval of `draws` simulated pairs of histograms.

        >>> perfect_colours(10, 10, bins=1).mean
        0.0

    **Raises:** `ValueError` for numbers that are not whole, or less than 1.
    """
    n, m, draws = whole("n", n), whole("m", m), whole("draws", draws)
    cells = whole("bins", bins, 1, BINS) ** 3
    random = np.random.default_rng(seed)
    pairs = zip(*(random.multinomial(size, np.full(cells, 1 / cells), draws) / size for size in (n, m)), strict=True)
    values = [_divergence(p, q) for p, q in pairs]
    low, high = np.quantile(values, [0.025, 0.975])
    return Expected(float(np.mean(values)), float(low), float(high))


def _histogram(argument, colours, bins):
    given = np.asarray(colours)
    colours = given / 255 if given.dtype == np.uint8 else given.astype(float)
    if colours.ndim != 2 or colours.shape[1] != 3 or not len(colours):
        raise InvalidValue(f"{argument}: got shape {colours.shape}, expected (n, 3), n at least 1")
    if np.isnan(colours).any():
        return np.full(bins**3, np.nan)
    if colours.min() < -FAR or colours.max() > 1 + FAR:
        raise InvalidValue(f"{argument}: got values from {colours.min():g} to {colours.max():g}, expected [0, 1]")
    cells = np.clip((colours * bins).astype(int), 0, bins - 1) @ [bins**2, bins, 1]
    return np.bincount(cells, minlength=bins**3) / len(colours)


def _divergence(p, q):
    middle = (p + q) / 2
    return float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2
