"""Scores of a generator's images: Fréchet distance, coverage and inception score."""

import equinox as eqx
import jax
from jaxtyping import Array

from saddlery import metrics
from saddlery.evaluation import features_of
from saddlery.games import Gan
from saddlery.types import Key, Parameters, Players

REPEATS = 4  # pairs of draws of real images whose scores are those of a perfect sampler


def scored(game: Gan, players: Players, key: Key, samples: int) -> dict[str, float]:
    """The scores `frechet`, `coverage` and, where classes are known, `inception_score`, of fresh samples.

    They are of the features that `saddlery.evaluation` compares images by, beside as many real images.
    """
    noise, real = jax.random.split(key)
    return _scores(game, sampled(game, players.generator, noise, samples), game.data.draw(real, samples))


@eqx.filter_jit
def sampled(game: Gan, generator: Parameters, key: Key, samples: int) -> Array:
    """Generated samples, `samples` of them, from one compiled program."""
    return game.sample(generator, key, samples)


def perfect_scores(game: Gan, samples: int) -> dict[str, float]:
    """The scores of real images, a mean over pairs of draws: a perfect sampler's, as `perfect_…`."""
    pairs = [jax.random.split(jax.random.key(i)) for i in range(REPEATS)]
    found = [_scores(game, *(game.data.draw(key, samples) for key in pair)) for pair in pairs]
    return {f"perfect_{name}": sum(each[name] for each in found) / REPEATS for name in found[0]}


def _scores(game, generated, real):
    features, probabilities = features_of(game)
    x, y = features(generated), features(real)
    found = {"frechet": metrics.frechet_distance(x, y), "coverage": metrics.density_coverage(x, y).coverage}
    if probabilities is not None:
        found["inception_score"] = metrics.inception_score(probabilities(generated)).mean
    return found
