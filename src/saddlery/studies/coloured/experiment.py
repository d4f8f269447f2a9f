"""The experiment of the study `coloured`: unrolled GANs on digits in a random colour."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array

from saddlery.data import colours
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.games import Gan, coloured
from saddlery.metrics import colour_divergence, perfect_colours
from saddlery.studies import depths
from saddlery.studies.depths import Scale, unrolled
from saddlery.studies.study import Progress
from saddlery.studies.trained import named_digits, train_and_measure
from saddlery.types import Key, Players

FRACTIONS = (0.25, 0.5)  # the discriminator's size as a fraction of the generator's
SAMPLES, AT_ONCE, SHOWN = 10_000, 1_000, 400  # measured, made together, and whose colours are kept
BINS = 5  # along each axis of the cube of colours
CONTROLS = ("real images", "one image", "untrained generator")
ADAM = "adam(learning_rate=2e-3, b1=0.5)"
SCALES = {
    "tiny": Scale(
        "digits",
        "stacked(width=4, fraction={}, normalised=False)",
        4,
        2,
        8,
        4,
        ADAM,
        ADAM,
        (0, 1),
    ),
    "quick": Scale("digits", "stacked(fraction={}, normalised=False)", 2000, 3, 64, 64, ADAM, ADAM),
    "paper": Scale(
        "mnist",
        "stacked(fraction={})",
        50_000,
        5,
        256,
        256,
        "adam(learning_rate=1e-3, b1=0.5)",
        "adam(learning_rate=1e-4, b1=0.5)",
    ),
}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train unrolled GANs of K = 0, 1, 5 and 10 on digits in colours that are uniform in the cube of colours.

    After Metz, Poole, Pfau and Sohl-Dickstein (2017, section 3.3.2), where divergence falls as K grows: collapse onto a
    part of a continuum.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`), its settings with the levels `method`, `depth` and
    `fraction`; and (`setting`, `seed`) of 10,000 samples of the trained generators `js`, the Jensen–Shannon divergence
    of their colours from those of as many real images, in nats; `cells`, the cubes of colours that are found, and
    `spread`, the standard deviation of the colours as a share of the data's; and the colours of some,
    `colours` (…, `dot`, `channel`). The same of `CONTROLS` (`control`) as `control_<measure>`; of a perfect sampler the
    attributes `perfect_<measure>` and `interval_js`.
    """
    results = train_and_measure(parts, experiments(size), of_players, named, progress)
    expected = perfect_colours(SAMPLES, SAMPLES, BINS)
    return results.assign_attrs(
        note=(
            f"{named_digits(size.data)}, each in a colour drawn uniformly from the cube of red, green and "
            f"blue; the networks of stacked digits, {size.network.format('…')}. Divergence is that of histograms of "
            f"{BINS}×{BINS}×{BINS} cubes."
        ),
        game=f"coloured(data={size.data!r}, batch={size.batch}, noise={size.noise})",
        samples_found=SAMPLES,
        perfect_js=expected.mean,
        interval_js=[expected.low, expected.high],
        perfect_cells=float(BINS**3 * (1 - (1 - 1 / BINS**3) ** SAMPLES)),
        perfect_spread=1.0,
    ).merge(_controls(size))


def experiments(size: Scale) -> dict[str, Experiment]:
    """The experiments of the study: every K with both sizes of discriminator."""
    game = size.game("coloured", size.networks(FRACTIONS))
    return {"unrolled": size.experiment(game, unrolled(size.depths), samples=1000)}


def named(_: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting."""
    return depths.named(setting, FRACTIONS)


def of_players(game: Gan, players: Players, key: Key) -> dict[str, Any]:
    """The divergence of the colours of a trained generator's samples from the data's."""
    return of_samples(game, lambda key, n: game.sample(players.generator, key, n), key)


of_players.dims = {"colours": ("dot", "channel")}  # type: ignore[attr-defined]


def of_samples(game: Gan, draw: Callable[[Key, int], Array], key: Key) -> dict[str, Any]:
    """The divergence of the colours of any images, `draw(key, n)`, from the data's."""
    one, other = jax.random.split(key)
    found = _colours(draw, one)
    real = _colours(game.data.draw, other)
    cells = np.clip((found * BINS).astype(int), 0, BINS - 1) @ [BINS**2, BINS, 1]
    return {
        "js": colour_divergence(found, real, BINS),
        "cells": len(np.unique(cells)),
        "spread": float(np.sqrt(found.var(0).sum() / real.var(0).sum())),
        "colours": found[:SHOWN].astype(np.float32),
    }


def _colours(draw: Callable[[Any, int], Any], key: Key) -> np.ndarray:
    """The colours of as many images as are measured."""
    parts = [np.asarray(colours(draw(part, AT_ONCE))) for part in jax.random.split(key, -(-SAMPLES // AT_ONCE))]
    return np.concatenate(parts)[:SAMPLES]


def _controls(size: Scale) -> xr.Dataset:
    """What real images, one image repeated, and an untrained generator score."""
    game = coloured(size.data, network=size.network.format(FRACTIONS[-1]), batch=size.batch, noise=size.noise)
    untrained = game.init(jax.random.key(1)).generator
    one = game.data.draw(jax.random.key(3), 1)
    draws: tuple[Callable[[Any, int], Any], ...] = (
        game.data.draw,
        lambda key, n: jnp.repeat(one, n, 0),
        lambda key, n: game.sample(untrained, key, n),
    )
    found = [of_samples(game, draw, jax.random.key(2)) for draw in draws]
    names = [name for name in found[0] if name != "colours"]
    return xr.Dataset(
        {f"control_{name}": ("control", [float(each[name]) for each in found]) for name in names},
        {"control": list(CONTROLS)},
    )
