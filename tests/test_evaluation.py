"""Every measure on two trained players: NaN is never a score, and what is real scores as well as it can."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.analysis.measures import MEASURES
from saddlery.data import Images, Mixture, ring_centres
from saddlery.evaluation import evaluate
from saddlery.games.gan import Gan
from saddlery.metrics.suited import PIXELS
from saddlery.networks import MLP

KEY = jax.random.key(0)


def ring():
    return Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), Mixture(ring_centres(8, 1.0), 0.05), noise=2, batch=8)


def pictures(final="tanh"):
    data = Images(np.random.default_rng(0).integers(0, 256, (300, 3, 3, 1), np.uint8), np.arange(300) % 2)
    return Gan(MLP(2, (3, 3, 1), (4,), final=final), MLP(9, 1, (4,)), data, noise=2, batch=8)


def measured(game, players):
    return {one.name: one for one in evaluate(game, players, KEY, samples=100)}


def test_points_that_are_not_finite_score_nan_beside_real_ones():
    game = ring()
    players = jax.tree.map(lambda leaf: leaf * jnp.nan, game.init(KEY))
    found = measured(game, players)
    assert set(found) == {"modes", "kl", "total_variation", "high_quality"}
    assert all(math.isnan(one.value) and math.isfinite(one.real) and one.measure.meaning for one in found.values())


def test_images_that_are_not_finite_score_nan_beside_real_ones(monkeypatch):
    from saddlery import evaluation

    monkeypatch.setattr(evaluation, "features_of", lambda *_: PIXELS)
    game = pictures()
    players = game.init(KEY)
    found = measured(game, jax.tree.map(lambda leaf: leaf * jnp.nan, players))
    assert {"precision", "support_size", "linear_probe", "inversion_error"} < set(found) <= set(MEASURES)
    assert [name for name, one in found.items() if not math.isnan(one.value)] == []
    sound = measured(game, players)
    assert [*sound] == [*found]
    assert not any(math.isnan(one.value) for one in sound.values())


def test_numbers_of_samples_that_make_no_sense_are_refused():
    for samples in (99, 1.5, True, "many"):
        with pytest.raises(ValueError, match="samples: got"):
            evaluate(ring(), ring().init(KEY), KEY, samples=samples)
