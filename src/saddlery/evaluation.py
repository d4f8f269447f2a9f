"""Evaluation of two trained players by every measure, beside the scores of real samples and noise."""

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from saddlery import metrics
from saddlery.analysis.measures import MEASURES, Measure
from saddlery.data.distinct import distinct, without_copies
from saddlery.data.images import shape_of
from saddlery.errors import InvalidType, InvalidValue
from saddlery.game import Game, Pair
from saddlery.games import Gan, as_gan
from saddlery.metrics.distances import SCALES
from saddlery.metrics.image_features import Features, features_of
from saddlery.metrics.suited import suited
from saddlery.text.arguments import plain, whole
from saddlery.types import Key

PAIRS = 1000  # samples of which all pairs are compared
LABELLED = 2000  # images whose labels the linear probe tells
INVERTED = 24  # images that are inverted
POINTS = 64  # where the generator's smoothness is measured
COORDINATES = Features("coordinate", "the samples' own coordinates", np.asarray)
SPLIT = 100  # samples in each of the parts that an inception score is a mean over, at most ten


class Measured(NamedTuple):
    """A measure's result, beside those of a perfect generator and of a control.

    - `name`: of `saddlery.analysis.measures.MEASURES`, where its `title` and its `meaning` are.
    - `value`: of the generator; NaN where there is none, and then `why` says the reason.
    - `real`: a perfect generator's on as many samples: other real samples in place of the generated; `None` where that
      has no meaning.
    - `noise`: the control, what noise with the real pixels' own distributions scores, or an untrained player.
    - `samples`: how many were measured, of the generator, and as many real ones where both are compared.
    - `features`: by which images are compared, such as `"contrastive"`, and `of`: what they are; empty where there are
      none.
    """

    name: str
    value: float
    real: float | None = None
    noise: float | None = None
    samples: int = 0
    features: str = ""
    of: str = ""
    why: str = ""

    @property
    def title(self) -> str:
        """What it is called, with the features that it is of."""
        return f"{self.measure.title}, {self.features} features" if self.features else self.measure.title

    @property
    def measure(self) -> Measure:
        """Which measure it is: what it is called, what it means, whether more of it is better."""
        return MEASURES[self.name]


class Compared(NamedTuple):
    """Sets of equally many samples: the generator's, real ones, other real ones, and noise."""

    generated: Any
    real: Any
    other: Any
    noise: Any


class Task(NamedTuple):
    """What is measured together: the names of measures, how they are computed, and of how many samples.

    `measure` is a function of samples and of as many real ones, `least` to `most`, and returns a number for each name;
    where there are `features`, it is a function of these.
    """

    names: tuple[str, ...]
    least: int
    measure: Callable[[Any, Any], tuple[float, ...]]
    features: Features | None = None
    most: int | None = None


def evaluate(
    game: Game,
    players: Pair,
    key: Key,
    *,
    samples: int = 2500,
    features: str | Features = "trained",
    on_progress: Callable[[str], None] | None = None,
) -> list[Measured]:
    """Evaluate a GAN by every measure that suits it; NaN where its generator or discriminator gives non-finite numbers.

    | data | measures |
    |---|---|
    | a `Mixture`, `Stacked` digits | modes found, and how evenly |
    | `Coloured` digits | divergence of colours |
    | other points | sliced Wasserstein distance, MMD, and the measures of images' features on their coordinates |
    | images | Inception score, Fréchet and kernel distance, precision, recall, density, coverage, pairwise distances, support size, inversion, smoothness |
    | images with labels | the linear probe of the discriminator |

    Real samples are drawn without replacement, and each that is equal to another is left out. A perfect generator's
    value is that of other real samples: of N images each set has at most N / 2, and as many of the generator's are
    compared with them. A measure that cannot be computed says why, and does not touch the others.

    **Arguments:**
    - `game`, `players`: a `Gan` and its players.
    - `key`: of all samples.
    - `samples`: how many are measured at most; values depend on it.
    - `features`: by which images are compared: `"trained"`, those of a small network that is trained on the data (see
      `saddlery.metrics.image_features`); `"pixels"`, averaged to at most 2,048 numbers; `"inception"`, of an extra; or
      `saddlery.metrics.Features` of your own.
    - `on_progress`: called with the name of what is measured next.

    **Raises:** `TypeError` for a game that is no `Gan`; `ValueError` for too few samples, or features that are not to
    be had.
    """  # noqa: E501
    gan = as_gan(game)
    if gan is None:
        raise InvalidType(f"game: got a {type(game).__name__}, expected a GAN: other games have no samples to measure")
    game = gan
    samples = whole("samples", samples, 100)
    on_progress = on_progress or (lambda name: None)
    drawn, first, noise, search = jax.random.split(key, 4)
    generated = game.sample(players.generator, drawn, samples)
    one, other = _halves(distinct(game.data, first, samples, sets=2))
    compared = Compared(generated[: len(one)], one, other, metrics.noise_like(one, noise))
    seen = functools.cache(lambda function, column, most: function(getattr(compared, column)[:most]))  # each once
    found = []
    for task in _tasks(game, features):
        on_progress(task.names[0])
        found += _measured(task, compared, seen)
    for measure in (_of_discriminator, _of_generator):
        on_progress(measure.__name__.strip("_"))
        found += measure(game, players, one, search)
    return found


def _halves(sets: Any) -> tuple[Any, Any]:
    """Two sets of equally many samples, of which none is equal to another."""
    different = without_copies(np.concatenate(sets))
    half = len(different) // 2
    return jnp.asarray(different[:half]), jnp.asarray(different[half : 2 * half])


def _tasks(game: Gan, kind: str | Features) -> Iterator[Task]:
    """All that is measured of samples of this game's data."""
    row = suited(game.data)
    if row.judged:
        yield Task(row.judged, 2, lambda x, real: tuple(row.judge(game, x, real)[name] for name in row.judged))
    axes = len(shape_of(game.data))
    if axes == 3:
        chosen = features_of(game.data, kind, row.features)
        yield from _of_features(chosen)
        yield Task(("pairwise_pixels",), 2, lambda x, _: (_median_distance(x),), None, PAIRS)
        yield from _of_pairs(chosen)
    elif not row.judged:
        yield Task(("sliced_wasserstein", "mmd"), 2, _distances)
        if axes == 1:
            yield from _of_features(COORDINATES)


def _of_features(chosen: Features) -> Iterator[Task]:
    """How samples' features lie among the real ones'."""
    if chosen.probabilities is not None:
        sure = chosen._replace(features=chosen.probabilities)
        yield Task(("inception_score",), SPLIT, lambda p, _: (_inception_score(p),), sure)
    yield Task(("frechet",), 2, lambda x, y: (_frechet(x, y),), chosen)
    yield Task(("kernel_distance",), 20, lambda x, y: (_kernel_distance(x, y),), chosen)
    yield Task(("precision", "recall"), 30, metrics.precision_recall, chosen)
    yield Task(("density", "coverage"), 50, metrics.density_coverage, chosen)


def _of_pairs(chosen: Features) -> Iterator[Task]:
    """How far samples are from each other, in features."""
    yield Task(("pairwise_features",), 2, lambda x, _: (_median_distance(x),), chosen, PAIRS)
    yield Task(("support_size",), 50, lambda x, y: (_support(x, y),), chosen, PAIRS)


def _measured(task: Task, compared: Compared, seen: Callable[..., Any]) -> list[Measured]:
    """The results of a task: of the generator, a perfect one and noise, each without regard to the others.

    **Arguments:** `seen`: gives what a function makes of one of the sets, by its name, or of its beginning.
    """
    have = len(compared.real[: task.most])
    features = (task.features.name, task.features.meaning) if task.features else ("", "")
    if have < task.least:
        why = f"needs {task.least:,} real samples, and as many for a perfect generator; there are {have:,} of each"
        return [Measured(name, math.nan, None, None, have, *features, why) for name in task.names]

    def of(column: str) -> Any:
        return seen(task.features.features if task.features else _itself, column, task.most)

    def measure(column: str) -> dict[str, float]:
        if not _finite(seen(_itself, column, task.most)):
            raise InvalidValue("the samples hold numbers that are not finite")
        return dict(zip(task.names, task.measure(of(column), of("real")), strict=True))

    found = [_tried(functools.partial(measure, column)) for column in ("generated", "other", "noise")]
    why = next((why for _, why in found if why), "")
    rows = ((each.get(name, math.nan) for each, _ in found) for name in task.names)
    return [
        Measured(name, value, real, noise, have, *features, why)
        for name, (value, real, noise) in zip(task.names, rows, strict=True)
    ]


def _itself(samples: Any) -> Any:
    """The samples, in the place of features."""
    return samples


def _tried(measure: Callable[[], dict[str, float]]) -> tuple[dict[str, float], str]:
    """What a measure returns, or why it cannot be computed: what goes wrong in one is no reason to lose the others."""
    try:
        return measure(), ""
    except Exception as error:
        return {}, plain(" ".join(str(error).split()) or type(error).__name__, 300)


def _distances(samples: Any, real: Any) -> tuple[float, float]:
    """The sliced Wasserstein distance and the MMD of samples themselves."""
    bandwidths = jnp.asarray(SCALES) * metrics.median_distance(real)
    return (
        float(metrics.sliced_wasserstein(samples, real, jax.random.key(0))),
        float(metrics.mmd(samples, real, bandwidths)),
    )


def _kernel_distance(x: np.ndarray, y: np.ndarray) -> float:
    """The kernel distance over 20 subsets of at most 500."""
    return metrics.kernel_distance(x, y, 20, min(500, len(x))).mean


def _median_distance(samples: Any) -> float:
    """The median distance of two samples."""
    return float(np.median(metrics.pairwise_distances(samples)))


def _frechet(x: np.ndarray, y: np.ndarray) -> float:
    """The Fréchet distance, where there are more samples than features."""
    if len(y) <= x.shape[1]:
        raise InvalidValue(
            f"needs more than {x.shape[1]:,} real samples, the number of features, and as many others for a perfect "
            f"generator; there are {len(y):,} of each"
        )
    return metrics.frechet_distance(x, y)


def _inception_score(probabilities: np.ndarray) -> float:
    """The inception score, a mean over ten parts of at least `SPLIT` samples, or fewer."""
    splits = min(10, len(probabilities) // SPLIT)
    return metrics.inception_score(probabilities, splits).mean


def _support(samples: Any, real: Any) -> float:
    """The support size, by the distances of real pairs."""
    return metrics.support_size(samples, metrics.real_threshold(real)).size


def _of_discriminator(game: Gan, players: Pair, real: Any, key: Key) -> list[Measured]:
    """What the discriminator knows of labels, beside an untrained one."""
    if (labelled := suited(game.data).labelled(game.data, LABELLED)) is None:
        return []
    images, labels = labelled

    def probed(each: Pair) -> dict[str, float]:
        features = metrics.penultimate(game.discriminator, each.discriminator)(images)
        if not _finite(features):
            raise InvalidValue("the discriminator's features hold numbers that are not finite")
        return {"linear_probe": metrics.linear_probe(features, labels).mean}

    return _beside_untrained(("linear_probe",), len(images), game, players, key, probed)


def _of_generator(game: Gan, players: Pair, real: Any, key: Key) -> list[Measured]:
    """What the generator knows of real images, and how smooth it is, beside an untrained one."""
    if real.ndim != 4 or not game.generator.independent:
        return []

    def inverted(each: Pair) -> dict[str, float]:
        found = metrics.invert(
            game.generator, each.generator, real[:INVERTED], key, noise=game.noise, restarts=3, iterations=100
        )
        return {
            "inversion_error": float(np.median(found.best_error)),
            "inversion_log_density": float(np.median(found.log_density)),
            "searches_converged": float(found.converged.mean()) if _finite(found.error) else math.nan,
        }

    def smooth(each: Pair) -> dict[str, float]:
        z = jax.random.normal(key, (POINTS, game.noise))
        norms = metrics.jacobian_norms(game.generator, each.generator, z, key, probes=20)
        return {"generator_jacobian": float(jnp.median(norms.frobenius))}

    names = ("inversion_error", "inversion_log_density", "searches_converged")
    return [
        *_beside_untrained(names, min(INVERTED, len(real)), game, players, key, inverted),
        *_beside_untrained(("generator_jacobian",), POINTS, game, players, key, smooth),
    ]


def _beside_untrained(
    names: tuple[str, ...], number: int, game: Gan, players: Pair, key: Key, measure: Callable[[Pair], dict[str, float]]
) -> list[Measured]:
    """A measure of the players, and of untrained ones."""
    (found, why), (control, _) = (_tried(lambda each=each: measure(each)) for each in (players, game.init(key)))
    return [
        Measured(name, found.get(name, math.nan), None, control.get(name, math.nan), number, why=why) for name in names
    ]


def _finite(values: Any) -> bool:
    """Whether all are finite numbers."""
    return bool(np.isfinite(np.asarray(values)).all())
