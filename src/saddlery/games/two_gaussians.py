"""Two Gaussians against two intervals: a GAN whose losses, best discriminator and distance are closed forms."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jax.scipy.stats import norm
from jaxtyping import Array, ArrayLike, Float

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.games.analytic import Analytic
from saddlery.text.arguments import quoted
from saddlery.text.provenance import with_call
from saddlery.types import Batch, Key, Losses, Numbers, Pair

Means = Float[Array, "2"]
Intervals = Float[Array, "4"]
FAR = 40.0  # standard deviations beyond which the normal density is 0 and its distribution 0 or 1, in float64 too


class TwoGaussians(Analytic):
    """A GAN on a mixture of two Gaussians, whose means the generator is to match; see `two_gaussians`."""

    target: Means
    project: bool = eqx.field(static=True, default=False)

    def init(self, key: Key) -> Pair[Array]:
        """Initial means `(2,)`, uniform within 2 of the target's centre, and ordered ends of intervals, `(4,)`, too."""
        z = self.target.mean() + jax.random.uniform(key, (6,), minval=-2.0, maxval=2.0)
        return Pair(z[:2], jnp.sort(z[2:]))

    def losses(self, discriminator: Array, samples: Array, batch: Batch) -> Losses:
        """The losses: L for the generator, −L for the discriminator."""
        value = 1.0 + self.advantage(samples, self.played(discriminator))
        return Pair(value, -value)

    def played(self, intervals: Intervals) -> Intervals:
        """The intervals of the discriminator's numbers: themselves, or their projection."""
        return ordered(intervals) if self.project else intervals

    def advantage(self, means: Means, intervals: Intervals) -> Float[Array, ""]:
        """The advantage L − 1: the intervals' probability under the target minus that under the generator."""
        centres = jnp.stack([self.target.astype(means.dtype), means])
        within = norm.cdf(jnp.clip(intervals - centres[..., None], -FAR, FAR)) @ jnp.array([-0.5, 0.5, -0.5, 0.5])
        return within[0].sum() - within[1].sum()

    def best_response(self, means: Means) -> Intervals:
        """The best response, the intervals that make L largest: where the target's density exceeds the generator's.

        That set is one interval or two, or none when the means are the target's. They are ordered; ends may be ±∞,
        and an interval that is not there is (∞, ∞). Ends so far out that the densities underflow, 13 standard
        deviations from all means in float32 and 37 in float64, are infinite too.

        Ends are as accurate when the means all but coincide with the target's as when they do not. Their derivatives
        in the means are those of the implicit function theorem, zero for infinite ends.
        """
        means = jnp.asarray(means) * 1.0
        return _excess(self.target.astype(means.dtype), means)

    def total_variation(self, means: Means) -> Float[Array, ""]:
        """The total variation distance of target and generator, ½ ∫ |p − q|: L − 1 at the best response."""
        means = jnp.asarray(means) * 1.0
        return self.advantage(means, self.best_response(means))


@with_call()
def two_gaussians(target: Numbers = (-0.5, 0.5), project: bool = False) -> TwoGaussians:
    """A GAN on a mixture of two Gaussians, against two intervals (Li, Madry, Peebles, Schmidt, 2018).

        generator: means μ (2,) of  q = ½ N(μ₁, 1) + ½ N(μ₂, 1);   target  p = ½ N(μ*₁, 1) + ½ N(μ*₂, 1)
        discriminator: [l₁, r₁, l₂, r₂] (4,),  D = 1 on [l₁, r₁] and on [l₂, r₂], 0 elsewhere
        L(μ, D) = E_p[D] + E_q[1 − D]         generator: L,   discriminator: −L

    At the best discriminator L − 1 is the total variation distance of p and q.

    The four numbers are ends, infinite ones allowed; l = r is an empty interval, and the one that is not there in a
    best response is held as (∞, ∞), where no derivative moves it. First-order steps may carry l past r or one interval
    into the other. L is then continued by its formula, the signed measure: D is −1 between r and l, and where intervals
    overlap their D add up. So L is smooth everywhere, and an interval may shrink and open again the other way round.
    With `project`, the discriminator plays the nearest ordered numbers l₁ ≤ r₁ ≤ l₂ ≤ r₂ instead (Euclidean projection;
    its numbers stay where the steps took them), and an interval that has closed has no gradient that would open it.

        >>> game, means = two_gaussians(target=(0.0, 0.0)), jnp.array([2.0, 2.0])
        >>> round(float(game.total_variation(means)), 4)  # of N(0, 1) and N(2, 1): 2Φ(1) − 1
        0.6827
        >>> game.best_response(means).round(3).tolist()  # D = 1 where x < 1
        [-inf, 1.0, inf, inf]

    **Arguments:**
    - `target`: μ*, two numbers, in units of the standard deviation.
    - `project`: whether the discriminator's numbers are read through the projection.

    **Raises:** `ValueError` when the target is not two finite numbers.
    """
    means = jnp.asarray(numbers("target", target), float)
    if means.shape != (2,):
        raise InvalidValue(f"target: got {quoted(target)}, expected two finite numbers, the means")
    return TwoGaussians(means, project)


def ordered(intervals: Float[Array, "4 *rest"]) -> Float[Array, "4 *rest"]:
    """Isotonic regression by its max-min formula: the nearest numbers, in Euclidean distance, that do not decrease.

    Along the first axis, of 4.

        >>> ordered(jnp.array([0.0, 3.0, 1.0, 5.0])).tolist()  # 3 and 1 meet in the middle
        [0.0, 2.0, 2.0, 5.0]
    """
    x = jnp.clip(intervals, -1e9, 1e9)  # infinite ends of both signs have no mean
    mean = [[sum(x[j : k + 1]) / (k + 1 - j) for k in range(j, 4)] for j in range(4)]
    nearest = [
        functools.reduce(jnp.maximum, [functools.reduce(jnp.minimum, mean[j][i - j :]) for j in range(i + 1)])
        for i in range(4)
    ]
    return jnp.where(jnp.isinf(intervals), intervals, jnp.stack(nearest))


def difference(x: ArrayLike, target: Means, means: Means) -> Array:
    """The difference of the two mixtures' densities, p(x) − q(x), at finite x of any shape.

    >>> round(float(difference(0.0, jnp.zeros(2), jnp.full(2, 40.0))), 4)  # 1/√(2π)
    0.3989
    """
    density = norm.pdf(jnp.asarray(x)[..., None] - jnp.concatenate([target, means]))
    return density @ jnp.array([0.5, 0.5, -0.5, -0.5], density.dtype)


@jax.custom_jvp
def _excess(target: Means, means: Means) -> Intervals:
    """Where p exceeds q, as ordered intervals, missing ones (∞, ∞).

    Let a ≤ b be the target's means and a + α ≤ b + β the generator's. With the target's posterior weights w of its
    components at x, and A, B the logarithms of the ratios of the matched components' densities,

        q/p − 1 = w_a (eᴬ − 1) + w_b (eᴮ − 1)
        A = α (x − a − ½α),   B = β (x − b − ½β),   w_b/w_a = exp((b − a) (x − ½(a + b)))

    which no cancellation spoils. It has three roots at most, log(p/q) two turning points at most: those x at which the
    posterior means y of target and generator agree. As a function of y, x is c + log((y − a)/(b − y))/(b − a), and the
    difference of the two such functions is stationary at one y only, (α (b + β) + β a)/(α + β). That value separates
    the turning points, these and the limits of what can be represented separate the roots, and bisection finds them.
    """
    (a, b), (m, n) = (jnp.stack([pair.min(), pair.max()]) for pair in (target, means))
    alpha, beta, gap = m - a, n - b, b - a
    reach = jnp.sqrt(-2.0 * jnp.log(jnp.finfo(means.dtype).tiny))
    left, right = jnp.minimum(a, m) - reach, jnp.maximum(b, n) + reach

    def ratios(x):
        return alpha * (x - (a + m) / 2), beta * (x - (b + n) / 2)

    def exceeds(x):
        A, B = ratios(x)
        first_leads = _log_abs_expm1(A) - gap * (x - (a + b) / 2) > _log_abs_expm1(B)
        return jnp.where(first_leads, A, B) < 0

    def rises(x):  # whether the generator's posterior mean is below the target's, so that log(p/q) rises
        A, B = ratios(x)
        of_target, of_generator = gap * (x - (a + b) / 2), (n - m) * (x - (m + n) / 2)
        low, high = jnp.minimum(of_target, of_generator), jnp.maximum(of_target, of_generator)
        change = jnp.sign(B - A) * -jnp.expm1(-jnp.abs(B - A)) * sigmoid(high) * sigmoid(-low)
        return alpha * sigmoid(-of_generator) + beta * sigmoid(of_generator) + gap * change < 0

    total = alpha + beta
    y = jnp.where(total == 0, a, (alpha * n + beta * a) / jnp.where(total == 0, 1.0, total))
    y = jnp.clip(y, jnp.maximum(a, m), jnp.minimum(b, n))
    low, high = jnp.where(n - m > gap, jnp.stack([m, n]), jnp.stack([a, b]))  # the wider pair: its x(y) is the tamer
    y = jnp.clip(y, low, high)
    middle = (low + high) / 2 + jnp.where(high > low, (jnp.log(y - low) - jnp.log(high - y)) / (high - low), 0.0)
    middle = jnp.clip(middle, left, right)

    turning = _crossing(rises, jnp.stack([left, middle]), jnp.stack([middle, right]))
    splits = jnp.stack([left, *turning, right])
    inside = exceeds(splits)
    roots = _crossing(exceeds, splits[:-1], splits[1:])
    opens, closes = ~inside[:-1] & inside[1:], inside[:-1] & ~inside[1:]
    first = jnp.where(inside[:1], -jnp.inf, jnp.inf).astype(means.dtype)
    starts = jnp.sort(jnp.concatenate([first, jnp.where(opens, roots, jnp.inf)]))
    stops = jnp.sort(jnp.where(closes, roots, jnp.inf))
    return jnp.stack([starts[0], stops[0], starts[1], stops[1]])


@_excess.defjvp
def _excess_jvp(primals, tangents):
    """The ends move as p(x) − q(x) = 0 requires: ẋ = −∂(p − q)/∂μ μ̇ / (p − q)′."""
    ends = _excess(*primals)
    x = jnp.where(jnp.isfinite(ends), ends, 0.0)
    change = jax.jvp(lambda *pair: difference(x, *pair), primals, tangents)[1]
    slope = jax.jvp(lambda x: difference(x, *primals), (x,), (jnp.ones_like(x),))[1]
    moving = jnp.isfinite(ends) & (slope != 0)
    return ends, jnp.where(moving, -change / jnp.where(moving, slope, 1.0), 0.0)


def _log_abs_expm1(t: Any) -> Any:
    """log|eᵗ − 1|, −∞ at 0, without overflow."""
    return jnp.maximum(t, 0.0) + jnp.log(-jnp.expm1(-jnp.abs(t)))


def _crossing(test: Any, low: Any, high: Any) -> Any:
    """Where a test that changes at most once between `low` and `high` does, by bisection; `high` if it does not."""
    start = test(low)

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        same = test(middle) == start
        return jnp.where(same, middle, low), jnp.where(same, high, middle)

    low, high = jax.lax.fori_loop(0, jnp.finfo(low.dtype).nmant + 4, halve, (low, high))
    return (low + high) / 2
