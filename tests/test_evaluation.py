"""Every measure on two trained players: NaN is never a score, and what is real scores as well as it can."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery import metrics
from saddlery.analysis.measures import MEASURES
from saddlery.data import Images, Mixture, ring_centres
from saddlery.evaluation import evaluate
from saddlery.games.gan import Gan
from saddlery.metrics import Features
from saddlery.metrics.suited import suited
from saddlery.networks import MLP

pytestmark = pytest.mark.long

KEY = jax.random.key(0)
PIXELS = Features("pixel", "as they are", lambda images: np.asarray(images).reshape(len(images), -1))


def ring():
    return Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), Mixture(ring_centres(8, 1.0), 0.05), noise=2, batch=8)


def noisy(number, side=3, seed=0):
    """Different images that vary along six directions, as real ones do along few."""
    random = np.random.default_rng(seed)
    plane = random.normal(size=(number, 6)) @ random.normal(size=(6, side * side))
    return (127.5 + 40 * plane).clip(0, 255).astype(np.uint8).reshape(number, side, side, 1)


def pictures(final="tanh", images=None, labels=None):
    images = noisy(300) if images is None else images
    data = Images(images, np.arange(len(images)) % 2 if labels is None else labels)
    shape = data.images.shape[1:]
    return Gan(MLP(2, shape, (4,), final=final), MLP(math.prod(shape), 1, (4,)), data, noise=2, batch=8)


def measured(game, players=None, samples=100, features=PIXELS):
    players = game.init(KEY) if players is None else players
    return {one.name: one for one in evaluate(game, players, KEY, samples=samples, features=features)}


def test_points_that_are_not_finite_score_nan_beside_real_ones():
    game = ring()
    players = jax.tree.map(lambda leaf: leaf * jnp.nan, game.init(KEY))
    found = measured(game, players)
    assert set(found) == {"modes", "kl", "total_variation", "high_quality"}
    assert all(math.isnan(one.value) and math.isfinite(one.real) and one.measure.meaning for one in found.values())
    assert {one.why for one in found.values()} == {"the samples hold numbers that are not finite"}


def test_images_that_are_not_finite_score_nan_beside_real_ones():
    game = pictures()
    players = game.init(KEY)
    found = measured(game, jax.tree.map(lambda leaf: leaf * jnp.nan, players))
    assert {"precision", "support_size", "linear_probe", "inversion_error"} < set(found) <= set(MEASURES)
    assert [name for name, one in found.items() if not math.isnan(one.value)] == []
    assert all(one.why for name, one in found.items() if name not in ("searches_converged", "inversion_log_density",
               "inversion_error", "generator_jacobian"))  # fmt: skip
    sound = measured(game, players)
    assert [*sound] == [*found]
    assert not any(math.isnan(one.value) or one.why for one in sound.values())


def test_numbers_of_samples_that_make_no_sense_are_refused():
    for samples in (99, 1.5, True, "many"):
        with pytest.raises(ValueError, match="samples: got"):
            evaluate(ring(), ring().init(KEY), KEY, samples=samples)


@pytest.mark.parametrize("number", [120, 300, 1000])
def test_a_perfect_generator_scores_as_one_on_small_sets(number):
    found = measured(pictures(images=noisy(number, side=4)), samples=2500)
    assert found["precision"].real > 0.8
    assert found["recall"].real > 0.8
    assert found["density"].real == pytest.approx(1, abs=0.2)
    assert found["coverage"].real > 0.9
    assert {found[name].samples for name in ("precision", "coverage", "frechet")} == {number // 2}


def test_what_too_few_pictures_cannot_tell_has_no_number_and_says_so():
    found = measured(pictures(images=noisy(60)))
    for name in ("density", "coverage", "support_size"):
        assert math.isnan(found[name].value)
        assert found[name].real is None
        assert found[name].why == "needs 50 real samples, and as many for a perfect generator; there are 30 of each"
    assert math.isfinite(found["precision"].value)
    fewer = measured(pictures(images=noisy(16, side=4)))
    assert fewer["frechet"].why.startswith("needs more than 16 real samples, the number of features")


def test_the_same_picture_many_times_is_compared_once():
    images = np.repeat(noisy(200, side=4), 5, 0)
    found = measured(pictures(images=images), samples=500)
    assert found["precision"].samples == 100
    assert found["coverage"].real > 0.9


def test_a_measure_that_cannot_be_computed_says_why_and_keeps_the_others(monkeypatch):
    def broken(*_):
        raise ValueError("no convergence")

    monkeypatch.setattr(metrics, "precision_recall", broken)
    monkeypatch.setattr(metrics, "jacobian_norms", broken)
    found = measured(pictures())
    assert {name for name, one in found.items() if one.why} == {"precision", "recall", "generator_jacobian"}
    assert found["precision"].why == "no convergence"
    assert math.isfinite(found["coverage"].value)


def test_sorted_labels_are_drawn_at_random_and_equally_many_of_each():
    labels = np.repeat([0, 1, 2], [700, 700, 40])
    data = pictures(images=noisy(1440), labels=labels).data
    images, drawn = suited(data).labelled(data, 300)
    assert np.bincount(drawn).tolist() == [100, 100, 40]
    places = [int((np.asarray(data.images) == np.round((np.asarray(each) + 1) * 127.5).astype(np.uint8)).all((1, 2, 3))
              .argmax()) for each in images[:20]]  # fmt: skip
    assert places != sorted(places)
    assert labels[places].tolist() == drawn[:20].tolist()


def test_three_classes_have_a_linear_probe_and_a_class_of_one_says_why_not():
    assert math.isfinite(measured(pictures(labels=np.arange(300) // 100))["linear_probe"].value)
    single = measured(pictures(labels=np.minimum(np.arange(300), 1)))
    assert "have a single sample" in single["linear_probe"].why
    assert math.isfinite(single["precision"].value)


def test_every_row_of_images_names_its_features():
    found = measured(pictures())
    named = {name for name, one in found.items() if one.features}
    assert named == {
        "frechet", "kernel_distance", "precision", "recall", "density", "coverage", "pairwise_features", "support_size"
    }  # fmt: skip
    assert {found[name].title.rpartition(", ")[2] for name in named} == {"pixel features"}
    assert {found[name].of for name in named} == {"as they are"}


def test_points_of_ones_own_are_compared_by_their_coordinates():
    @dataclasses.dataclass
    class Moon:
        def draw(self, key, n):
            angle, noise = jax.random.split(key)
            t = jnp.pi * jax.random.uniform(angle, (n,))
            return jnp.stack([jnp.cos(t), jnp.sin(t)], 1) + 0.05 * jax.random.normal(noise, (n, 2))

    game = Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), Moon(), noise=2, batch=8)
    found = measured(game)
    assert {"sliced_wasserstein", "mmd", "frechet", "precision", "coverage"} <= set(found)
    assert found["coverage"].features == "coordinate"
    assert found["sliced_wasserstein"].real < found["sliced_wasserstein"].value
