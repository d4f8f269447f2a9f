"""Measures suited to each kind of data: one table for probes and for evaluation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery.data import Coloured, Images, Mixture, Stacked, colours
from saddlery.data.images import in_range
from saddlery.game import Game
from saddlery.games.gan import Gan, as_gan
from saddlery.metrics.classes import class_coverage, perfect_classes
from saddlery.metrics.classifier import classifier
from saddlery.metrics.colours import colour_divergence, perfect_colours
from saddlery.metrics.distances import SCALES, median_distance
from saddlery.metrics.modes import mode_coverage, perfect_sampler
from saddlery.metrics.probes import AXES, IMAGES, Classes, Colours, Distances, Losses, Modes, Samples, as_seen
from saddlery.text.arguments import whole

REFERENCE = 1000  # how many real samples set the bandwidths of the kernel


class Features(NamedTuple):
    """The features by which images are compared, and the probabilities of their classes where there are any.

    Networks see images as they would be shown: what lies outside [-1, 1] is clipped.
    """

    features: Callable[[Any], np.ndarray]
    probabilities: Callable[[Any], np.ndarray] | None = None


PIXELS = Features(lambda images: np.asarray(images).reshape(len(images), -1))


class Suited(NamedTuple):
    """The measures suited to a kind of data.

    - `probes`: from a GAN and a number of samples to what is recorded along training, by name.
    - `perfect`: from a GAN, a number of samples and of repetitions to what a perfect sampler would score.
    - `judge`: from a GAN, samples and as many real ones to the values of measures, by name.
    - `facts`: from the data to what is known of it beforehand.
    - `features`: from the data to the features by which its images are compared.
    - `labelled`: from the data and a number to as many images in [-1, 1] and their labels; `None` without labels.
    """

    probes: Callable[[Gan, int], dict[str, Callable[..., Any]]]
    perfect: Callable[[Gan, int, int], dict[str, float]]
    judge: Callable[[Gan, Any, Any], dict[str, float]] = lambda gan, samples, real: {}
    facts: Callable[[Any], dict[str, float]] = lambda data: {}
    features: Callable[[Any], Features] = lambda data: PIXELS
    labelled: Callable[[Any, int], tuple[jax.Array, np.ndarray] | None] = lambda data, number: None


def suited(data: object) -> Suited:
    """The measures suited to a kind of data: its row of `SUITED`, or `OTHER` for data of which nothing is known.

    >>> suited(Mixture([[0.0], [1.0]], 0.5)).facts(Mixture([[0.0], [1.0]], 0.5))
    {'modes_total': 2.0, 'mode_std': 0.5}
    """
    return next((row for kind, row in SUITED.items() if isinstance(data, kind)), OTHER)


def probes(game: Game, samples: int = 2500, shown: int = 512) -> dict[str, Callable[..., Any]]:
    """The probes that suit a game, for `saddlery.train(probes=…)`.

    | game | variables |
    |---|---|
    | any | `generator_loss`, `discriminator_loss`, `generator_norm`, `discriminator_norm` |
    | a GAN on a `Mixture` | `modes`, `high_quality`, `kl`, `js`, `total_variation` |
    | a GAN on `Stacked` digits | `modes`, `kl`, `reverse_kl`, `total_variation`, `chi_square`, `p_value` |
    | a GAN on `Coloured` digits | `colour_js`, `sliced_wasserstein`, `mmd` |
    | a GAN on other data | `sliced_wasserstein`, `mmd` |
    | a GAN on vectors | `samples` (sample, coordinate), float32 |
    | a GAN on images | `samples` (sample, y, x, channel), uint8 |

        >>> import saddlery as sd
        >>> sorted(probes(sd.games.ring())), sorted(probes(sd.games.bilinear()))
        (['losses', 'modes', 'samples'], ['losses'])

    **Arguments:**
    - `game`: any game; a GAN is a `saddlery.games.Gan`.
    - `samples`: how many samples are measured.
    - `shown`: how many vectors are recorded to be looked at, 0 for none; of images at most 64.

    **Raises:** `ValueError` for numbers that are not whole, or too small.
    """
    samples, shown = whole("samples", samples, 2), whole("shown", shown, 0)
    chosen: dict[str, Callable[..., Any]] = {"losses": Losses()}
    gan = as_gan(game)
    if gan is None:
        return chosen
    chosen |= suited(gan.data).probes(gan, samples)
    axes = AXES.get(len(jax.eval_shape(lambda key: gan.data.draw(key, 1), jax.random.key(0)).shape) - 1)
    if axes is not None and shown:
        chosen |= {"samples": Samples(axes, shown if len(axes) == 1 else min(shown, IMAGES))}
    return chosen


def perfect(game: Game, samples: int = 2500, repeats: int = 4) -> dict[str, float]:
    """The expected scores of a perfect sampler in the measures of `probes`.

    For a mixture these are `perfect_sampler`'s; for other data the mean distances of `repeats` pairs of
    independent draws of `samples` real samples each. Empty for a game that is no GAN.

        >>> import saddlery as sd
        >>> round(perfect(sd.games.ring(), samples=100)["high_quality"], 4)  # 1 − exp(−4.5)
        0.9889

    **Raises:** `ValueError` for numbers that are not whole, or too small.
    """
    samples, repeats = whole("samples", samples, 2), whole("repeats", repeats)
    gan = as_gan(game)
    return {} if gan is None else suited(gan.data).perfect(gan, samples, repeats)


def _of_modes(gan: Gan, samples: Any, real: Any) -> dict[str, float]:
    """How many modes of a mixture samples cover, and how evenly."""
    found = mode_coverage(samples, gan.data.centres, gan.data.std)
    return {name: float(getattr(found, name)) for name in ("modes", "kl", "total_variation", "high_quality")}


def _of_classes(gan: Gan, samples: Any, real: Any) -> dict[str, float]:
    """How many classes of stacked digits samples are of, and how evenly."""
    found = class_coverage(classifier(gan.data.digits()).classify(as_seen(samples)), gan.data.modes)
    names = ("modes", "kl", "reverse_kl", "total_variation", "p_value")
    return {name: float(getattr(found, name)) for name in names}


def _of_colours(gan: Gan, samples: Any, real: Any) -> dict[str, float]:
    """How the colours of samples differ from the data's."""
    return {"colour_js": colour_divergence(colours(samples), colours(real))}


def _digit_features(images: Images) -> Features:
    """Those of a classifier of these digits, where they have labels and one channel, else pixels."""
    if images.labels is None or images.images.shape[-1] != 1:
        return PIXELS
    judge = classifier(images)
    return Features(
        lambda images: np.asarray(judge.features(as_seen(images))),
        lambda images: np.asarray(judge.probabilities(as_seen(images))),
    )


def _channel_features(data: Stacked) -> Features:
    """Those of a classifier of the digits in each channel, side by side."""
    judge = classifier(data.digits())

    def features(images):
        parts = [as_seen(images[..., i : i + 1]) for i in range(images.shape[-1])]
        return np.concatenate([np.asarray(judge.features(part)) for part in parts], 1)

    return Features(features)


def _labelled(data: Images, number: int) -> tuple[jax.Array, np.ndarray] | None:
    """The first images with their labels."""
    return None if data.labels is None else (in_range(data.images[:number]), data.labels[:number])


def _perfect_distances(gan: Gan, samples: int, repeats: int) -> dict[str, float]:
    """The mean distances of pairs of independent draws of real samples."""
    probe = _distances(gan, samples)
    found = [_real_to_real(probe, gan.data, key) for key in jax.random.split(jax.random.key(1), repeats)]
    return {name: float(sum(pair[name] for pair in found) / repeats) for name in found[0]}


def _distances(game, samples):
    """The probe whose kernel has the scale of the game's real samples."""
    return Distances(jnp.asarray(SCALES) * _scale(game.data, jax.random.key(0)), samples)


@eqx.filter_jit
def _scale(data, key):
    return median_distance(data.draw(key, REFERENCE))


@eqx.filter_jit
def _real_to_real(probe, data, key):
    one, other, projections = jax.random.split(key, 3)
    return probe.between(data.draw(one, probe.samples), data.draw(other, probe.samples), projections)


def _means(expected: dict[str, Any]) -> dict[str, float]:
    return {name: value.mean for name, value in expected.items()}


MEASURES: dict[str, Callable] = {}  # probes of plugins, by name
OTHER = Suited(lambda gan, samples: {"distances": _distances(gan, samples)}, _perfect_distances)
SUITED: dict[type, Suited] = {
    Mixture: Suited(
        lambda gan, samples: {"modes": Modes(samples)},
        lambda gan, samples, repeats: _means(perfect_sampler(samples, *gan.data.centres.shape)),
        _of_modes,
        lambda data: {"modes_total": float(len(data.centres)), "mode_std": float(data.std)},
    ),
    Stacked: Suited(
        lambda gan, samples: {"modes": Classes(classifier(gan.data.digits()), samples)},
        lambda gan, samples, repeats: _means(perfect_classes(samples, gan.data.modes)),
        _of_classes,
        lambda data: {"modes_total": float(data.modes)},
        _channel_features,
    ),
    Coloured: Suited(
        lambda gan, samples: {"distances": _distances(gan, samples), "colours": Colours(samples)},
        lambda gan, samples, repeats: {
            **_perfect_distances(gan, samples, repeats),
            "colour_js": perfect_colours(samples, samples).mean,
        },
        _of_colours,
    ),
    Images: Suited(OTHER.probes, OTHER.perfect, features=_digit_features, labelled=_labelled),
}
