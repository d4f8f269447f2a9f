"""Two means in one dimension against linear discriminators: which starts end at the target."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.scipy.stats import norm
from jaxtyping import Array

from saddlery._system import signals
from saddlery.data import Mixture
from saddlery.game import Fixed, Pair, fixed
from saddlery.games.gan import Batch
from saddlery.games.random_features import LinearGan
from saddlery.methods import METHODS
from saddlery.networks import RandomFeatures, from_functions
from saddlery.studies.study import Progress
from saddlery.studies.trained import once
from saddlery.text.call import parse

TARGET, BOX, NEAR = (-0.5, 0.5), 2.0, 0.1
WIDTHS = (0.3, 1.0, 3.0)  # of the kernels, in standard deviations
CHUNK = 100  # steps that are taken at once


class Scale(NamedTuple):
    """The scale: starting means a side, steps, step sizes, samples of a batch and features."""

    side: int
    steps: int
    rates: tuple[float, ...]
    batch: int
    number: int


def measure(parts: Path, size: Scale, methods: Mapping[str, str], progress: Progress | None = None) -> xr.Dataset:
    """Run dynamics, methods as texts, at every step size from a grid of starting means, the discriminator from zero.

    **Returns:** `within` (`dynamics`, `rate`, `mean1`, `mean2`): whether both means end within 0.1 of the target's, up
    to swapping.
    """
    line = np.linspace(-BOX, BOX, size.side)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    cases, found = [(name, rate) for name in methods for rate in size.rates], []
    for done, (name, rate) in enumerate(cases):
        if progress:
            progress(done, len(cases))
        values = once(parts / f"{name} {rate:g}.npz", lambda name=name, rate=rate: {
            "within": _within(methods[name], rate, grid, size)
        })  # fmt: skip
        found.append(values["within"])
    within = np.array(found).reshape(len(methods), len(size.rates), size.side, size.side)
    return xr.Dataset(
        {"within": (("dynamics", "rate", "mean1", "mean2"), within)},
        {"dynamics": list(methods), "rate": list(size.rates), "mean1": line, "mean2": line},
    )


def game(size: Scale) -> Fixed:
    """The game: generator means μ, samples μᵢ + z with z the normal's quantiles, real ones alike, one batch for all."""
    quantiles = norm.ppf((jnp.arange(size.batch // 2) + 0.5) / (size.batch // 2))[:, None]
    generator = from_functions(lambda key: jnp.zeros(2), _samples)
    discriminator = RandomFeatures(1, size.number, WIDTHS)
    data = Mixture(np.array(TARGET)[:, None], 1.0)
    gan = LinearGan(generator, discriminator, data, "minimax", None, 1, size.batch)
    return fixed(gan, Batch(quantiles, _samples(jnp.array(TARGET), quantiles), ()))


def _samples(means: Array, noise: Array) -> Array:
    return jnp.concatenate([noise + means[0], noise + means[1]])


def _within(text: str, rate: float, grid: np.ndarray, size: Scale) -> np.ndarray:
    """Which starts end within `NEAR` of the target."""
    still, call, sgd = game(size), parse(text), f"sgd(learning_rate={rate})"
    method = METHODS[call.name](**call.arguments, generator=sgd, discriminator=sgd).for_game(still)
    # In one piece: batched factorisations wait inside XLA's threads, and two programs of them wait for each other.
    means, target = np.sort(_ends(still, method, grid, size.steps), axis=1), np.sort(TARGET)
    return np.all(np.abs(means - target) < NEAR, axis=1)


def _ends(still: Any, method: Any, starts: np.ndarray, steps: int) -> np.ndarray:
    """The means after so many steps from each start; stopped by a signal after any hundred of them."""
    now = _begun(still, method, starts)
    for first in range(0, steps, CHUNK):
        now = jax.block_until_ready(_advance(still, method, now, jnp.asarray(min(CHUNK, steps - first))))
        signals.check()
    return np.asarray(now[0].generator)


@eqx.filter_jit
def _begun(still: Any, method: Any, starts: Any) -> Any:
    def one(means):
        players = Pair(means, still.init(jax.random.key(0)).discriminator)
        return players, method.init(still, players)

    return jax.vmap(one)(starts)


@eqx.filter_jit
def _advance(still: Any, method: Any, now: Any, steps: Array) -> Any:
    def step(_, now):
        return jax.vmap(lambda each: method.step(still, *each, jax.random.key(0)))(now)

    return jax.lax.fori_loop(0, steps, step, now)
