"""Scores of a generator's images: Fréchet distance, coverage and inception score."""

import equinox as eqx
import jax
from jaxtyping import Array

from saddlery import metrics
from saddlery.data.distinct import comparable, distinct
from saddlery.games import Gan
from saddlery.metrics.suited import suited
from saddlery.types import Key, Parameters, Players

REPEATS = 4  # pairs of draws of real images whose scores are those of a perfect sampler


def scored(game: Gan, players: Players, key: Key, samples: int) -> dict[str, float]:
    """The scores `frechet`, `coverage` and, where classes are known, `inception_score`, of fresh samples.

    They are of the features that `saddlery.evaluation` compares images by, beside as many different real images; of
    data held in memory at most half, so that a perfect sampler's scores are of as many others.
    """
    noise, real = jax.random.split(key)
    (of_data,) = distinct(game.data, real, comparable(game.data, samples))
    return _scores(game, sampled(game, players.generator, noise, len(of_data)), of_data)


@eqx.filter_jit
def sampled(game: Gan, generator: Parameters, key: Key, samples: int) -> Array:
    """Generated samples, `samples` of them, from one compiled program."""
    return game.sample(generator, key, samples)


def perfect_scores(game: Gan, samples: int) -> dict[str, float]:
    """The scores of real images, a mean over pairs of disjoint sets: a perfect sampler's, as `perfect_…`."""
    pairs = [distinct(game.data, jax.random.key(i), samples, sets=2) for i in range(REPEATS)]
    found = [_scores(game, *pair) for pair in pairs]
    return {f"perfect_{name}": sum(each[name] for each in found) / REPEATS for name in found[0]}


def _scores(game, generated, real):
    chosen = suited(game.data).features(game.data)
    x, y = chosen.features(generated), chosen.features(real)
    found = {"frechet": metrics.frechet_distance(x, y), "coverage": metrics.density_coverage(x, y).coverage}
    if chosen.probabilities is not None:
        found["inception_score"] = metrics.inception_score(chosen.probabilities(generated)).mean
    return found
