"""Measures suited to each kind of data: one table for probes and for evaluation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery.data import Coloured, Images, Mixture, Stacked, colours
from saddlery.data.distinct import comparable, distinct
from saddlery.data.images import in_range, shape_of
from saddlery.game import Game
from saddlery.games.gan import Gan, as_gan
from saddlery.metrics.classes import class_coverage, perfect_classes
from saddlery.metrics.classifier import classifier
from saddlery.metrics.colours import colour_divergence, perfect_colours
from saddlery.metrics.distances import SCALES, median_distance
from saddlery.metrics.image_features import Features, channel_features, trained_features
from saddlery.metrics.modes import mode_coverage, perfect_sampler
from saddlery.metrics.probes import AXES, IMAGES, Classes, Colours, Distances, Losses, Modes, Samples, as_seen
from saddlery.text.arguments import whole

REFERENCE = 1000  # how many real samples set the bandwidths of the kernel
JUDGED_MODES = ("modes", "kl", "total_variation", "high_quality")
JUDGED_CLASSES = ("modes", "kl", "reverse_kl", "total_variation", "p_value")


class Suited(NamedTuple):
    """The measures suited to a kind of data.

    - `probes`: from a GAN and a number of samples to what is recorded along training, by name.
    - `perfect`: from a GAN, a number of samples and of repetitions to what a perfect sampler would score.
    - `judge`: from a GAN, samples and as many real ones to the values of the measures `judged`, by name.
    - `facts`: from the data to what is known of it beforehand.
    - `features`: from the data to the features by which its images are compared.
    - `labelled`: from the data and a number to at most as many images in [-1, 1] and their labels, equally many of each
      class where there are; `None` without labels.
    """

    probes: Callable[[Gan, int], dict[str, Callable[..., Any]]]
    perfect: Callable[[Gan, int, int], dict[str, float]]
    judge: Callable[[Gan, Any, Any], dict[str, float]] = lambda gan, samples, real: {}
    facts: Callable[[Any], dict[str, float]] = lambda data: {}
    features: Callable[[Any], Features] = trained_features
    labelled: Callable[[Any, int], tuple[jax.Array, np.ndarray] | None] = lambda data, number: None
    judged: tuple[str, ...] = ()


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
    axes = AXES.get(len(shape_of(gan.data)))
    if axes is not None and shown:
        chosen |= {"samples": Samples(axes, shown if len(axes) == 1 else min(shown, IMAGES))}
    return chosen


def perfect(game: Game, samples: int = 2500, repeats: int = 4) -> dict[str, float]:
    """The expected scores of a perfect sampler in the measures of `probes`.

    For a mixture these are `perfect_sampler`'s; for other data the mean distances of `repeats` pairs of
    disjoint sets of real samples, `samples` each or half of the data. Empty for a game that is no GAN.

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
    return {name: float(getattr(found, name)) for name in JUDGED_MODES}


def _of_classes(gan: Gan, samples: Any, real: Any) -> dict[str, float]:
    """How many classes of stacked digits samples are of, and how evenly."""
    found = class_coverage(classifier(gan.data.digits()).classify(as_seen(samples)), gan.data.modes)
    return {name: float(getattr(found, name)) for name in JUDGED_CLASSES}


def _of_colours(gan: Gan, samples: Any, real: Any) -> dict[str, float]:
    """How the colours of samples differ from the data's."""
    return {"colour_js": colour_divergence(colours(samples), colours(real))}


def _labelled(data: Images, number: int) -> tuple[jax.Array, np.ndarray] | None:
    """Random images with their labels, equally many of each class, or all that there are."""
    if data.labels is None:
        return None
    labels, random = np.asarray(data.labels), np.random.default_rng(0)
    order = random.permutation(len(labels))
    classes = np.unique(labels)
    each = max(1, number // len(classes))
    chosen = np.concatenate([order[labels[order] == label][:each] for label in classes])
    return in_range(data.images[chosen]), labels[chosen]


def _perfect_distances(gan: Gan, samples: int, repeats: int) -> dict[str, float]:
    """The mean distances of pairs of disjoint sets of real samples."""
    if not _of_distances(gan, samples):
        return {}
    probe = _distances(gan, samples)
    found = [_real_to_real(probe, gan.data, key) for key in jax.random.split(jax.random.key(1), repeats)]
    return {name: float(sum(pair[name] for pair in found) / repeats) for name in found[0]}


def _of_distances(gan: Gan, samples: int) -> dict[str, Callable[..., Any]]:
    """The probe of distances, where there are samples enough to have any within a set."""
    return {"distances": _distances(gan, samples)} if comparable(gan.data, samples) > 1 else {}


def _distances(game, samples):
    """The probe whose kernel has the scale of the game's real samples."""
    return Distances(jnp.asarray(SCALES) * _scale(game.data, jax.random.key(0)), samples)


@eqx.filter_jit
def _scale(data, key):
    return median_distance(*distinct(data, key, REFERENCE))


@eqx.filter_jit
def _real_to_real(probe, data, key):
    drawn, projections = jax.random.split(key)
    return probe.between(*distinct(data, drawn, probe.samples, sets=2), projections)


def _means(expected: dict[str, Any]) -> dict[str, float]:
    return {name: value.mean for name, value in expected.items()}


OTHER = Suited(_of_distances, _perfect_distances)
SUITED: dict[type, Suited] = {
    Mixture: Suited(
        lambda gan, samples: {"modes": Modes(samples)},
        lambda gan, samples, repeats: _means(perfect_sampler(samples, *gan.data.centres.shape)),
        _of_modes,
        lambda data: {"modes_total": float(len(data.centres)), "mode_std": float(data.std)},
        judged=JUDGED_MODES,
    ),
    Stacked: Suited(
        lambda gan, samples: {"modes": Classes(classifier(gan.data.digits()), samples)},
        lambda gan, samples, repeats: _means(perfect_classes(samples, gan.data.modes)),
        _of_classes,
        lambda data: {"modes_total": float(data.modes)},
        channel_features,
        judged=JUDGED_CLASSES,
    ),
    Coloured: Suited(
        lambda gan, samples: {**_of_distances(gan, samples), "colours": Colours(samples)},
        lambda gan, samples, repeats: {
            **_perfect_distances(gan, samples, repeats),
            "colour_js": perfect_colours(samples, samples).mean,
        },
        _of_colours,
        judged=("colour_js",),
    ),
    Images: Suited(OTHER.probes, OTHER.perfect, labelled=_labelled),
}
