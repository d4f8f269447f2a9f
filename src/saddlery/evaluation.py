"""Evaluation of two trained players by every measure, beside the scores of real samples and noise."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saddlery import metrics
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.errors import InvalidType
from saddlery.game import Game, Pair
from saddlery.games import Gan, as_gan
from saddlery.metrics.probes import as_seen
from saddlery.metrics.suited import Features, suited
from saddlery.text.arguments import whole
from saddlery.types import Key

PAIRS = 1000  # samples of which all pairs are compared
LABELLED = 2000  # images whose labels the linear probe tells
INVERTED = 24  # images that are inverted
POINTS = 64  # where the generator's smoothness is measured


class Measured(NamedTuple):
    """A measure's result, beside those of real samples and controls.

    - `name`: of `saddlery.analysis.measures.MEASURES`, where its `title` and its `meaning` are.
    - `value`: of the generator.
    - `real`: what fresh real samples score in its place, which is as good as it gets; `None` where that has no meaning.
    - `noise`: the control, what noise with the real pixels' own distributions scores, or an untrained player.
    """

    name: str
    value: float
    real: float | None = None
    noise: float | None = None

    @property
    def measure(self) -> Measure:
        """Which measure it is: what it is called, what it means, whether more of it is better."""
        return MEASURES[self.name]


def evaluate(
    game: Game,
    players: Pair,
    key: Key,
    *,
    samples: int = 2500,
    inception: Callable | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> list[Measured]:
    """Evaluate a GAN by every measure that suits it; NaN where its generator or discriminator gives non-finite numbers.

    | data | measures |
    |---|---|
    | a `Mixture`, `Stacked` digits | modes found, and how evenly |
    | `Coloured` digits | divergence of colours |
    | images | Inception score, Fréchet and kernel distance, precision, recall, density, coverage, pairwise distances, support size, inversion, smoothness |
    | images with labels | the linear probe of the discriminator |

    Features are those of a digit classifier (of each channel, for stacked digits), of Inception where it is given, and
    pixels where there is neither.

    **Arguments:**
    - `game`, `players`: a `Gan` and its players.
    - `key`: of all samples.
    - `samples`: how many are measured; values depend on it.
    - `inception`: from `saddlery.metrics.inception`.
    - `on_progress`: called with the name of what is measured next.

    **Raises:** `TypeError` for a game that is no `Gan`; `ValueError` for too few samples.
    """  # noqa: E501
    gan = as_gan(game)
    if gan is None:
        raise InvalidType(f"game: got a {type(game).__name__}, expected a GAN: other games have no samples to measure")
    game = gan
    samples = whole("samples", samples, 100)
    on_progress = on_progress or (lambda name: None)
    drawn, first, second, noise, search = jax.random.split(key, 5)
    generated = game.sample(players.generator, drawn, samples)
    real, other = game.data.draw(first, samples), game.data.draw(second, samples)
    columns = [generated, other, metrics.noise_like(real, noise)]
    found: list[dict[str, float]] = [{}, {}, {}]
    for measure in (_judged, _quality, _pairs):
        on_progress(measure.__name__.strip("_"))
        for values, column in zip(found, columns, strict=True):
            values |= measure(game, column, real, inception) if _finite(column) else {}
    measured = [
        Measured(name, found[0].get(name, math.nan), value, found[2].get(name)) for name, value in found[1].items()
    ]
    on_progress("players")
    return [*measured, *_players(game, players, real, search)]


def _judged(game: Gan, samples: Any, real: Any, inception: Any) -> dict[str, float]:
    """What is known of samples of this kind of data: how many modes or classes, how evenly, which colours."""
    return suited(game.data).judge(game, samples, real)


def _quality(game: Gan, samples: Any, real: Any, inception: Any) -> dict[str, float]:
    """How samples' features lie among the real ones'."""
    if samples.ndim != 4:
        return {}
    found = {}
    features, probabilities = features_of(game, inception)
    x, y = features(samples), features(real)
    if probabilities is not None:
        found["inception_score"] = metrics.inception_score(probabilities(samples)).mean
    found["frechet"] = metrics.frechet_distance(x, y)
    found["kernel_distance"] = metrics.kernel_distance(x, y, subsets=20, size=min(500, len(x))).mean
    found["precision"], found["recall"] = metrics.precision_recall(x, y)
    found["density"], found["coverage"] = metrics.density_coverage(x, y)
    return found


def _pairs(game: Gan, samples: Any, real: Any, inception: Any) -> dict[str, float]:
    """How far samples are from each other."""
    if samples.ndim != 4:
        return {}
    features, _ = features_of(game, inception)
    some, of_real = samples[:PAIRS], real[:PAIRS]
    threshold = metrics.real_threshold(of_real, features)
    return {
        "pairwise_pixels": float(np.median(metrics.pairwise_distances(some))),
        "pairwise_features": float(np.median(metrics.pairwise_distances(some, features))),
        "support_size": metrics.support_size(some, threshold, features).size,
    }


def _players(game: Gan, players: Pair, real: Any, key: Key) -> list[Measured]:
    """What the networks themselves know: the discriminator of labels, the generator of real images."""
    found, fresh = [], game.init(key)
    data = game.data
    if (labelled := suited(data).labelled(data, LABELLED)) is not None:
        images, labels = labelled
        features = [metrics.penultimate(game.discriminator, each.discriminator)(images) for each in (players, fresh)]
        values = [metrics.linear_probe(each, labels).mean if _finite(each) else math.nan for each in features]
        found.append(Measured("linear_probe", values[0], None, values[1]))
    if real.ndim != 4 or not game.generator.independent:
        return found
    rows = []
    for each in (players, fresh):
        inverted = metrics.invert(
            game.generator, each.generator, real[:INVERTED], key, noise=game.noise, restarts=3, iterations=100
        )
        z = jax.random.normal(key, (POINTS, game.noise))
        norms = metrics.jacobian_norms(game.generator, each.generator, z, key, probes=20)
        rows.append(
            {
                "inversion_error": float(np.median(inverted.best_error)),
                "inversion_log_density": float(np.median(inverted.log_density)),
                "searches_converged": float(inverted.converged.mean()) if _finite(inverted.error) else math.nan,
                "generator_jacobian": float(jnp.median(norms.frobenius)),
            }
        )
    return [*found, *(Measured(name, rows[0][name], None, rows[1][name]) for name in rows[0])]


def _finite(values: Any) -> bool:
    """Whether all are finite numbers."""
    return bool(np.isfinite(np.asarray(values)).all())


def features_of(game: Gan, inception: Callable | None = None) -> Features:
    """Inception's features where it is given, else those that suit the data."""
    if inception is None:
        return suited(game.data).features(game.data)
    return Features(
        lambda images: inception(as_seen(images)).features, lambda images: inception(as_seen(images)).probabilities
    )
