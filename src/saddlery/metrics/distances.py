"""Distances between two sets of samples: sliced Wasserstein and maximum mean discrepancy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.text.arguments import quoted, whole

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)  # the bandwidths of `mmd`, in median distances


def sliced_wasserstein(
    x: Float[Array, "n *shape"],
    y: Float[Array, "m *shape"],
    key: Array,
    projections: int = 128,
    order: int = 2,
) -> Float[Array, ""]:
    """The sliced Wasserstein distance: that of random one-dimensional projections (Bonneel et al., 2015).

        SW_p(x, y) = (E_θ W_p(⟨θ, x⟩, ⟨θ, y⟩)^p)^{1/p},   θ uniform on the unit sphere

    In one dimension W_p^p is the integral of |F_x⁻¹ − F_y⁻¹|^p, computed exactly, also for n ≠ m.

        >>> x, y = jnp.array([[0.0], [1.0]]), jnp.array([[3.0], [4.0]])
        >>> round(float(sliced_wasserstein(x, y, jax.random.key(0))), 4)  # on a line the distance itself
        3.0

    **Arguments:**
    - `x`, `y`: `(n, …)` and `(m, …)`, each sample flattened.
    - `key`: of the projections; the same key gives the same projections.
    - `projections`: how many θ the expectation is estimated from.
    - `order`: p, 1 or 2.

    **Raises:** `ValueError` for another order, no projections, samples that are not finite, or of different shapes.
    """
    if order not in (1, 2):
        raise InvalidValue(f"order: got {quoted(order)}, expected 1 or 2")
    x, y = entry.samples("x", x), entry.samples("y", y)
    return _sliced_wasserstein(x, y, key, projections=whole("projections", projections), order=int(order))


@functools.partial(jax.jit, static_argnames=("projections", "order"))
def _sliced_wasserstein(x, y, key, projections, order):
    x, y = _flattened(x, y)
    directions = jax.random.normal(key, (projections, x.shape[1]), x.dtype)
    directions /= jnp.linalg.norm(directions, axis=1, keepdims=True)
    of_x, of_y, weights = _couples(len(x), len(y))
    gaps = jnp.abs(_sorted(directions, x)[:, of_x] - _sorted(directions, y)[:, of_y])
    return jnp.where(entry.finite(x, y), ((gaps**order * weights).sum(1).mean()) ** (1 / order), jnp.nan)


def _sorted(directions, samples):
    """The projections in order, `(projections, samples)`."""
    return ascending(jnp.matmul(directions, samples.T, precision="highest"))


def ascending(x: Float[Array, "*shape n"]) -> Float[Array, "*shape n"]:
    """The numbers in order along the last axis, as `jnp.sort`, which on CPUs takes four times as long.

    They are sorted as the integers that have the order of floating-point numbers: the bits, those behind the sign
    turned round where it is negative. A NaN comes last or first, by its sign.

        >>> ascending(jnp.array([1.0, -2.0, 0.5, -3.0])).tolist()
        [-3.0, -2.0, 0.5, 1.0]
    """
    kind = jnp.dtype(f"int{8 * x.dtype.itemsize}")

    def turned(bits):
        return jnp.where(bits < 0, bits ^ jnp.iinfo(kind).max, bits)

    bits = turned(jax.lax.bitcast_convert_type(x, kind))
    return jax.lax.bitcast_convert_type(turned(jax.lax.sort(bits)), x.dtype)


def _couples(n, m):
    """Which sorted sample of n is coupled with which of m, and the weight of each couple."""
    cuts = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)  # the levels of both quantile functions, times n m
    return cuts[:-1] // m, cuts[:-1] // n, np.diff(cuts) / (n * m)


def mmd_squared(
    x: Float[Array, "n *shape"],
    y: Float[Array, "m *shape"],
    bandwidths: Float[Array, " bandwidths"] | None = None,
) -> Float[Array, ""]:
    """The unbiased estimate of the squared maximum mean discrepancy (Gretton et al., 2012, equation 3).

        MMD²_u = Σ_{i≠j} k(x_i, x_j) / n(n−1) + Σ_{i≠j} k(y_i, y_j) / m(m−1) − 2 Σ_{ij} k(x_i, y_j) / n m

    with k the mean over bandwidths σ of the kernels exp(−‖x − y‖² / 2σ²). Its expectation is zero for equal
    distributions, so that it is then negative about half the time.

        >>> x, y = jnp.array([[0.0], [0.0]]), jnp.array([[99.0], [99.0]])
        >>> float(mmd_squared(x, y, jnp.array([1.0])))  # k(0) + k(0) − 2 k(99)
        2.0

    **Arguments:**
    - `x`, `y`: `(n, …)` and `(m, …)`, at least two of each, each sample flattened.
    - `bandwidths`: the σ; when `None`, `SCALES` times the median distance within both sets together. Values compare
      only where the bandwidths are the same: measure a run with those of its real samples (`median_distance`).

    **Raises:** `ValueError` for fewer than two samples, samples that are not finite or of different shapes, or
    bandwidths that are not positive.
    """
    x, y = entry.samples("x", x, 2), entry.samples("y", y, 2)
    return _mmd_squared(x, y, None if bandwidths is None else entry.positive("bandwidths", bandwidths))


@jax.jit
def _mmd_squared(x, y, bandwidths):
    x, y = _flattened(x, y)
    if bandwidths is None:
        sigmas = jnp.asarray(SCALES) * _median_distance(jnp.concatenate([x, y]))
    else:
        sigmas = jnp.atleast_1d(bandwidths)

    def total(squares):
        return jnp.stack([jnp.exp(-squares / (2 * sigma**2)).sum() for sigma in sigmas]).mean()

    def within(samples):
        n = len(samples)
        return (total(_squared_distances(samples, samples)) - n) / (n * (n - 1))

    return within(x) + within(y) - 2 * total(_squared_distances(x, y)) / (len(x) * len(y))


def mmd(
    x: Float[Array, "n *shape"],
    y: Float[Array, "m *shape"],
    bandwidths: Float[Array, " bandwidths"] | None = None,
) -> Float[Array, ""]:
    """The maximum mean discrepancy as a distance, √max(0, MMD²_u) of the unbiased `mmd_squared`.

    >>> x, y = jnp.array([[0.0], [0.0]]), jnp.array([[99.0], [99.0]])
    >>> round(float(mmd(x, y, jnp.array([1.0]))), 4)  # √2
    1.4142
    """
    return jnp.sqrt(jnp.maximum(mmd_squared(x, y, bandwidths), 0.0))


def median_distance(samples: Float[Array, "n *shape"]) -> Float[Array, ""]:
    """The median distance between two samples of a set, the usual scale of a kernel; 1 where it is 0.

        >>> float(median_distance(jnp.array([[0.0], [1.0], [3.0]])))  # of 1, 2 and 3
        2.0

    **Raises:** `ValueError` for fewer than two samples, or samples that are not finite.
    """
    return _median_distance(entry.samples("samples", samples, 2))


@jax.jit
def _median_distance(samples):
    samples, _ = _flattened(samples, samples)
    distances = jnp.sqrt(_squared_distances(samples, samples))
    median = jnp.nanmedian(jnp.where(jnp.eye(len(samples), dtype=bool), jnp.nan, distances))
    return jnp.where(entry.finite(samples), jnp.where(median > 0, median, 1.0), jnp.nan)


def _flattened(x, y):
    """Both sets as matrices of the same origin, which keeps the rounding of squared distances small."""
    if jnp.shape(x)[1:] != jnp.shape(y)[1:]:
        raise InvalidValue(f"x, y: got samples of shapes {jnp.shape(x)[1:]} and {jnp.shape(y)[1:]}, expected the same")
    x, y = (jnp.asarray(samples, float).reshape(len(samples), -1) for samples in (x, y))
    origin = y.mean(0)
    return x - origin, y - origin


def _squared_distances(x, y):
    products = jnp.matmul(x, y.T, precision="highest")
    return jnp.maximum((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * products, 0.0)
