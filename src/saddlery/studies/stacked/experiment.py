"""The experiment of the study `stacked`: stacked digits, and how many of their 1,000 modes a generator finds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array

from saddlery.data import as_data
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.games import Gan, stacked
from saddlery.metrics import class_coverage, classifier, perfect_classes
from saddlery.studies import depths
from saddlery.studies.depths import unrolled
from saddlery.studies.study import Progress
from saddlery.studies.trained import named_digits, train_and_measure
from saddlery.types import Key, Players

FRACTIONS = (0.25, 0.5)  # the discriminator's size as a fraction of the generator's
SAMPLES, AT_ONCE = 26_000, 2_000  # customary; and how many are made together
RECORDED = 2000  # samples of each record along training
SURE = 0.9  # the probability from which a classifier is sure of a digit
CONTROLS = ("real images", "untrained generator")

# Metz, Poole, Pfau, Sohl-Dickstein (2017), table 1: on MNIST, by the discriminator's size and K: modes of 1,000, and
# KL, which is the model's from the data: the other is infinite as soon as a mode is missed.
PUBLISHED: dict[tuple[float, float], tuple[float, float]] = {
    (0.25, 0): (30.6, 5.99), (0.25, 1): (65.4, 5.91), (0.25, 5): (236.4, 4.67), (0.25, 10): (327.2, 4.66),
    (0.5, 0): (628.0, 2.58), (0.5, 1): (523.6, 2.44), (0.5, 5): (732.0, 1.66), (0.5, 10): (817.4, 1.43),
}  # fmt: skip


class Scale(NamedTuple):
    """The scale of the experiment: the unrolled GANs, and the relativistic baseline with its networks and penalties."""

    unrolled: depths.Scale
    baseline: str
    weight: float


ADAM = "adam(learning_rate=2e-3, b1=0.5)"
SCALES = {
    "tiny": Scale(
        depths.Scale("digits", "stacked(width=4, fraction={}, normalised=False)", 4, 2, 8, 4, ADAM, ADAM, (0, 1)),
        "stacked(width=4, fraction=1.0, normalised=False)", 0.1,
    ),
    "quick": Scale(
        depths.Scale("digits", "stacked(fraction={}, normalised=False)", 6000, 3, 64, 64, ADAM, ADAM),
        "stacked(width=32, fraction=1.0, normalised=False)", 0.1,
    ),
    "paper": Scale(
        depths.Scale(
            "mnist", "stacked(fraction={})", 50_000, 5, 256, 256,
            "adam(learning_rate=1e-3, b1=0.5)", "adam(learning_rate=1e-4, b1=0.5)",
        ),
        "dcgan4_nobn(width=32)", 1.0,
    ),
}  # fmt: skip


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train unrolled GANs of K = 0, 1, 5 and 10 with discriminators of a quarter and a half of the generator's size.

    After Metz, Poole, Pfau and Sohl-Dickstein (2017, section 3.3.1), and beside them the relativistic pairing loss with
    R1 and R2 (Huang et al., 2024) on networks of equal size without batch normalisation.

    **Returns:** an experiment's dataset (`setting`, `seed`, `step`), its settings with the levels `method`, `depth` and
    `fraction`, NaN for the baseline; and (`setting`, `seed`) of 26,000 samples of the trained generators `found`, the
    modes, and `model_kl`, `data_kl`, `variation`, `chi`, `p`: `modes`, `kl`, `reverse_kl`, `total_variation`,
    `chi_square` and `p_value` of `saddlery.metrics.ClassCoverage`; `sure`, the share of their digits that the
    classifier is sure of; and `counts` (`setting`, `seed`, `rank`) of the modes, the greatest first. The same of
    `CONTROLS` (`control`) as `control_<measure>`; of a perfect sampler the attributes `perfect_<measure>`, and its
    interval `interval_<measure>`.
    """
    of = size.unrolled
    results = train_and_measure(parts, experiments(size), of_players, named, progress)
    return results.assign_attrs(
        note=_note(size),
        game=f"stacked(data={of.data!r}, batch={of.batch}, noise={of.noise})",
        samples_found=SAMPLES,
        accuracy=classifier(as_data(of.data)).accuracy,
        **_perfect(),
    ).merge(_controls(of))


def _note(size: Scale) -> str:
    plain = ", but without batch normalisation" if "normalised=False" in size.unrolled.network else ""
    return (
        f"{named_digits(size.unrolled.data)}, three of them in three channels; the paper's deliberately small networks"
        f"{plain}. The relativistic baseline is of the networks {size.baseline}, its penalties of weight "
        f"{size.weight:g}."
    )


def experiments(size: Scale) -> dict[str, Experiment]:
    """The experiments of the study: unrolled GANs with both sizes of discriminator, and the baseline."""
    of = size.unrolled
    game = of.game("stacked", of.networks(FRACTIONS))
    penalty = (f"r1(weight={size.weight})", f"r2(weight={size.weight})")
    baseline = of.game("stacked", size.baseline, loss="relativistic", penalty=penalty)
    return {
        "unrolled": of.experiment(game, unrolled(of.depths), samples=RECORDED),
        "relativistic": of.experiment(baseline, ["alternating"], samples=RECORDED),
    }


def named(name: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting."""
    if name == "relativistic":
        return {"setting": "relativistic R1+R2", "method": "relativistic", "depth": float("nan"), "fraction": 1.0}
    return depths.named(setting, FRACTIONS)


def of_players(game: Gan, players: Players, key: Key) -> dict[str, Any]:
    """The classes of a trained generator's samples: how many, how evenly, and how sure the classifier is of them."""
    return of_samples(game, lambda key, n: game.sample(players.generator, key, n), key)


def of_samples(game: Gan, draw: Callable[[Key, int], Array], key: Key) -> dict[str, Any]:
    """The classes of any images, `draw(key, n)`: how many, how evenly, and how sure the classifier is."""
    judge = classifier(game.data.digits())
    classes, sure = [], []
    for part in jax.random.split(key, -(-SAMPLES // AT_ONCE)):
        drawn = draw(part, AT_ONCE)
        digits = jnp.moveaxis(drawn, -1, 1).reshape(-1, *drawn.shape[1:3], 1)
        seen = judge.probabilities(digits).reshape(AT_ONCE, 3, 10)
        classes.append(seen.argmax(-1) @ jnp.asarray([100, 10, 1]))
        sure.append((seen.max(-1) > SURE).mean())
    found = class_coverage(jnp.concatenate(classes)[:SAMPLES], game.data.modes)
    return {
        "found": found.modes,
        "model_kl": found.kl,
        "data_kl": found.reverse_kl,
        "variation": found.total_variation,
        "chi": found.chi_square,
        "p": found.p_value,
        "sure": jnp.stack(sure).mean(),
        "counts": jnp.sort(found.counts)[::-1],
    }


of_players.dims = {"counts": ("rank",)}  # type: ignore[attr-defined]


def _controls(size: depths.Scale) -> xr.Dataset:
    """What real images and an untrained generator score."""
    game = stacked(size.data, network=size.network.format(FRACTIONS[-1]), batch=size.batch, noise=size.noise)
    untrained = game.init(jax.random.key(1))
    found = [of_samples(game, game.data.draw, jax.random.key(2)), of_players(game, untrained, jax.random.key(2))]
    values = {name: np.stack([np.asarray(each[name]) for each in found]) for name in found[0]}
    return xr.Dataset(
        {f"control_{name}": (("control", "rank")[: value.ndim], value) for name, value in values.items()},
        {"control": list(CONTROLS)},
    )


def _perfect() -> dict[str, Any]:
    """What a perfect sampler of as many samples scores."""
    names = {
        "found": "modes", "model_kl": "kl", "data_kl": "reverse_kl", "variation": "total_variation",
        "chi": "chi_square", "p": "p_value",
    }  # fmt: skip
    expected = perfect_classes(SAMPLES)
    return {f"perfect_{mine}": expected[theirs].mean for mine, theirs in names.items()} | {
        f"interval_{mine}": [expected[theirs].low, expected[theirs].high] for mine, theirs in names.items()
    }
