"""Two means in one dimension against linear discriminators: which starts end at the target."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.scipy.stats import norm
from jaxtyping import Array

from saddlery._system.cores import on_all_cores
from saddlery.data import Mixture
from saddlery.game import Fixed, Pair, fixed
from saddlery.games.gan import Batch
from saddlery.games.random_features import LinearGan
from saddlery.methods import METHODS
from saddlery.networks import RandomFeatures, from_functions
from saddlery.text.call import parse

TARGET, BOX, NEAR = (-0.5, 0.5), 2.0, 0.1
WIDTHS = (0.3, 1.0, 3.0)  # of the kernels, in standard deviations


class Scale(NamedTuple):
    """The scale: starting means a side, steps, step sizes, samples of a batch and features."""

    side: int
    steps: int
    rates: tuple[float, ...]
    batch: int
    number: int


def measure(size: Scale, methods: Mapping[str, str]) -> xr.Dataset:
    """Run dynamics, methods as texts, at every step size from a grid of starting means, the discriminator from zero.

    **Returns:** `within` (`dynamics`, `rate`, `mean1`, `mean2`): whether both means end within 0.1 of the target's, up
    to swapping.
    """
    line = np.linspace(-BOX, BOX, size.side)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    found = np.array([[_within(text, rate, grid, size) for rate in size.rates] for text in methods.values()])
    within = found.reshape(len(methods), len(size.rates), size.side, size.side)
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
    """Which starts end within `NEAR` of the target, a thread for each core."""
    still, call, sgd = game(size), parse(text), f"sgd(learning_rate={rate})"
    method = METHODS[call.name](**call.arguments, generator=sgd, discriminator=sgd).for_game(still)
    ends = on_all_cores(
        lambda some: np.asarray(_ends(still, method, some, size.steps)), np.array_split(grid, max(1, len(grid) // 64))
    )
    means, target = np.sort(np.concatenate(ends), axis=1), np.sort(TARGET)
    return np.all(np.abs(means - target) < NEAR, axis=1)


@eqx.filter_jit
def _ends(still: Any, method: Any, starts: Array, steps: int) -> Array:
    """The means after so many steps from each start."""

    def one(means):
        players = Pair(means, still.init(jax.random.key(0)).discriminator)

        def step(_, now):
            return method.step(still, *now, jax.random.key(0))

        (players, _) = jax.lax.fori_loop(0, steps, step, (players, method.init(still, players)))
        return players.generator

    return jax.vmap(one)(starts)
