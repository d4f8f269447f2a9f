"""Likelihood of images under a generator with Gaussian noise on its pixels, by annealed importance sampling (AIS)."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from saddlery._system.cores import on_all_cores
from saddlery.metrics.inversion import check_generator, log_prior, targets_of
from saddlery.networks import Network
from saddlery.text.arguments import number, whole
from saddlery.types import Key, Parameters

LANES = {"cpu": 256}  # chains in one program; on the CPU as many as stay in its caches, elsewhere all
ACCEPTED = 0.65  # the share of accepted proposals that step sizes are tuned to (Neal, 2011)
TUNING = 0.5  # how fast


class Likelihood(NamedTuple):
    """Likelihood estimates, log p(x) in nats (NumPy arrays).

    - `value`: log of the mean weight of each image's chains; below log p(x) in expectation.
    - `log_weights`: of each chain.
    - `effective`: the effective number of chains, (Σw)² / Σw²: near 1, one chain decides, and more temperatures are
      needed.
    - `accepted`: the mean share of accepted proposals.
    """

    value: Float[np.ndarray, " images"]
    log_weights: Float[np.ndarray, "images chains"]
    effective: Float[np.ndarray, " images"]
    accepted: Float[np.ndarray, " images"]


def log_likelihood(
    generator: Network,
    parameters: Parameters,
    images: Float[Array, "images *shape"],
    key: Key,
    *,
    noise: int,
    std: float,
    temperatures: int = 1000,
    chains: int = 16,
    leapfrog: int = 10,
    lanes: int | None = None,
) -> Likelihood:
    """Log-likelihood of a decoder, p(x) = ∫ N(z; 0, I) N(x; G(z), σ² I) dz, by AIS (Wu et al., 2017).

    Annealed importance sampling (Neal, 2001): chains start at z ~ N(0, I), pass through
    p_t(z) ∝ N(z; 0, I) N(x; G(z), σ² I)^β_t with 0 = β_0 < … < β_T = 1, and weigh

        log w = Σ_t (β_t − β_{t−1}) log N(x; G(z_{t−1}), σ² I),   E w = p(x).

    Each passage is a Hamiltonian trajectory, accepted or not (Neal, 2011). Step sizes are tuned in a first run, one for
    each image and temperature, and then left alone, so that E w = p(x) is exact. The β are spaced so that
    log(σ² + β s²) grows evenly, s² being the variance of all pixels of G(z) for each dimension of z: where G is linear,
    the posterior of an average direction then sharpens evenly. Unlike an inversion's error, this asks how much of the
    prior makes the image.

        >>> from saddlery.metrics import Identity
        >>> x, key = jnp.zeros((1, 1)), jax.random.key(0)
        >>> found = log_likelihood(Identity((1,)), (), x, key, noise=1, std=1.0, temperatures=50, chains=64)
        >>> round(float(found.value[0]), 1)  # x ~ N(0, 2): −½ log 4π = −1.27
        -1.3

    **Arguments:**
    - `generator`, `parameters`, `noise`: as for `invert`.
    - `images`: `(images, …)` in [-1, 1] or uint8.
    - `std`: σ, of the noise on each pixel: part of the model; compare generators at the same one, or each at its best.
    - `temperatures`: T.
    - `chains`: for each image.
    - `leapfrog`: steps of a trajectory.
    - `lanes`: how many chains run in one program.

    **Raises:** `ValueError` when the shapes do not fit, images are not finite or in another range, the generator's
    samples see each other, σ is not positive, or another number makes no sense.
    """
    std = number("std", std, above=0)
    counts = {"noise": noise, "temperatures": temperatures, "chains": chains, "leapfrog": leapfrog}
    for name, value in counts.items():
        whole(name, value)
    images = targets_of(images)
    check_generator(generator, parameters, noise, images.shape[1:])
    total = len(images)
    lanes = LANES.get(jax.default_backend(), total * chains) if lanes is None else whole("lanes", lanes)
    block = min(max(1, lanes // chains), total)
    blocks = [np.arange(first, first + block) % total for first in range(0, total, block)]

    def anneal(number):
        chosen = images[blocks[number]]
        tuning, running = jax.random.split(jax.random.fold_in(key, number))
        arguments = (generator, parameters, chosen, jnp.asarray(std, float), noise, chains, leapfrog)
        start = jnp.full((temperatures, block), 0.1)
        steps = _anneal(tuning, start, *arguments, tune=True)[0]
        return jax.tree.map(np.asarray, _anneal(running, steps, *arguments, tune=False)[1:])

    parts = zip(*on_all_cores(anneal, range(len(blocks))), strict=True)
    weights, accepted = (np.concatenate(part)[:total] for part in parts)
    value = np.asarray(logsumexp(weights, axis=1)) - np.log(chains)
    effective = np.exp(2 * logsumexp(weights, axis=1) - logsumexp(2 * weights, axis=1))
    return Likelihood(value, weights, np.asarray(effective), accepted)


@eqx.filter_jit
def _anneal(key, steps, generator, parameters, images, std, noise, chains, leapfrog, tune):
    """Step sizes `(temperatures, images)` as they were used, log weights `(images, chains)`, share of acceptance."""
    count = len(images)
    targets = jnp.repeat(images.reshape(count, -1), chains, axis=0)
    normalisation = targets.shape[1] * (jnp.log(std) + jnp.log(2 * jnp.pi) / 2)

    def fit(z):
        residuals = generator.apply(parameters, z).reshape(len(z), -1) - targets
        return -(residuals**2).sum(1) / (2 * std**2) - normalisation

    def turn(carry, given):
        z, now, weights, accepted, log_step = carry
        key, before, beta, size = given
        weights += (beta - before) * now
        size = jnp.exp(log_step) if tune else size
        z, now, moved = _trajectory(key, fit, z, now, beta, jnp.repeat(size, chains), leapfrog)
        share = moved.reshape(count, chains).mean(1)
        log_step = log_step + TUNING * (share - ACCEPTED)
        return (z, now, weights, accepted + share, log_step), size

    first, rest = jax.random.split(key)
    z = jax.random.normal(first, (count * chains, noise))
    ratio = std**2 * noise / generator.apply(parameters, z).var(0).sum()
    betas = _betas(len(steps), jnp.minimum(ratio, 1e6))  # of a generator that always makes the same it is infinite
    zeros = jnp.zeros(count)
    start = (z, fit(z), jnp.zeros(count * chains), zeros, jnp.log(steps[0]))
    given = (jax.random.split(rest, len(steps)), betas[:-1], betas[1:], steps)
    (_, _, weights, accepted, _), used = jax.lax.scan(turn, start, given)
    return used, weights.reshape(count, chains), accepted / len(steps)


def _trajectory(key, fit, z, now, beta, size, leapfrog):
    """One Hamiltonian proposal in every lane: z, its fit, and whether it was accepted."""
    momenta, decision = jax.random.split(key)
    size = size[:, None]

    def force(z):
        value, pull = jax.vjp(fit, z)
        return beta * pull(jnp.ones_like(value))[0] - z, value

    def step(_, carry):
        q, p, forced, _ = carry
        p = p + size / 2 * forced
        q = q + size * p
        forced, value = force(q)
        return q, p + size / 2 * forced, forced, value

    p = jax.random.normal(momenta, z.shape)
    q, end, _, value = jax.lax.fori_loop(0, leapfrog, step, (z, p, *force(z)))
    gain = beta * (value - now) + log_prior(q) - log_prior(z) + ((p**2).sum(1) - (end**2).sum(1)) / 2
    moved = jnp.log(jax.random.uniform(decision, gain.shape)) < gain
    return jnp.where(moved[:, None], q, z), jnp.where(moved, value, now), moved


def _betas(temperatures, ratio):
    """0 = β_0 < … < β_T = 1, evenly spaced in log(ratio + β)."""
    return ratio * jnp.expm1(jnp.linspace(0, 1, temperatures + 1) * jnp.log1p(1 / ratio))
