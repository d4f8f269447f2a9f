"""What measures take in: NaN is never a score, nor is another range or a setting that makes no sense."""

import contextlib
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery import metrics
from saddlery._system import memory
from saddlery.data import Coloured, Images, Mixture, colours, digits, ring_centres
from saddlery.data.images import in_range
from saddlery.games.gan import Gan
from saddlery.metrics import entry
from saddlery.metrics.inception import seen
from saddlery.networks import MLP

KEY = jax.random.key(0)
FINITE = "hold numbers that are not finite"
CENTRES = ring_centres(4, 1.0)
NETWORK = MLP(3, (2, 2, 1), (), final="tanh")
PARAMETERS = NETWORK.init(KEY)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The digits' classifier."""
    return metrics.classifier(digits(), tmp_path_factory.mktemp("classifiers"))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def inverted(images):
    return metrics.invert(NETWORK, PARAMETERS, images, KEY, noise=3, restarts=1, iterations=3)


def likely(images):
    settings = {"noise": 3, "std": 0.5, "temperatures": 2, "chains": 2, "leapfrog": 1}
    return metrics.log_likelihood(NETWORK, PARAMETERS, images, KEY, **settings)


LABELS = np.arange(12) % 3
PICTURES = np.tanh(normal(12, 2, 2, 1))
# Every public measure, as a function of one of the arrays that it takes in, and such an array.
MEASURES = {
    "colour_divergence": (lambda x: metrics.colour_divergence(x, PICTURES.reshape(16, 3)), PICTURES.reshape(16, 3)),
    "density_coverage": (lambda x: metrics.density_coverage(x, normal(12, 3)), normal(12, 3, seed=1)),
    "frechet_distance": (lambda x: metrics.frechet_distance(normal(12, 3), x), normal(12, 3, seed=1)),
    "histogram_divergences": (metrics.histogram_divergences, np.arange(12.0)),
    "inception_score": (lambda x: metrics.inception_score(x, 2), np.full((12, 4), 0.25, np.float32)),
    "invert": (inverted, PICTURES),
    "jacobian_norms": (lambda x: metrics.jacobian_norms(NETWORK, PARAMETERS, x), normal(12, 3)),
    "kernel_distance": (lambda x: metrics.kernel_distance(x, normal(12, 3), subsets=2), normal(12, 3, seed=1)),
    "linear_probe": (lambda x: metrics.linear_probe(x, LABELS, 3, 2), normal(12, 3)),
    "log_likelihood": (likely, PICTURES),
    "log_prior": (metrics.log_prior, normal(3)),
    "median_distance": (metrics.median_distance, normal(12, 3)),
    "mmd": (lambda x: metrics.mmd(x, normal(12, 3)), normal(12, 3, seed=1)),
    "mmd_squared": (lambda x: metrics.mmd_squared(normal(12, 3), x), normal(12, 3, seed=1)),
    "mode_coverage": (lambda x: metrics.mode_coverage(x, CENTRES, 0.1), normal(12, 2)),
    "mode_coverage's centres": (lambda x: metrics.mode_coverage(normal(12, 2), x, 0.1), np.array(CENTRES)),
    "pairwise_distances": (metrics.pairwise_distances, PICTURES),
    "penultimate": (metrics.penultimate(MLP(4, 1, (3,)), MLP(4, 1, (3,)).init(KEY)), PICTURES),
    "precision_recall": (lambda x: metrics.precision_recall(normal(12, 3), x), normal(12, 3, seed=1)),
    "real_threshold": (metrics.real_threshold, PICTURES),
    "sliced_wasserstein": (lambda x: metrics.sliced_wasserstein(x, normal(12, 3), KEY), normal(12, 3, seed=1)),
    "support_size": (metrics.support_size, PICTURES),
    "inception's images": (seen, np.repeat(PICTURES, 3, -1)),
}


def numbers(found):
    """All floating-point numbers of what a measure returns."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(found)]
    return np.concatenate([leaf.ravel() for leaf in leaves if leaf.dtype.kind == "f"])


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=4, deadline=None)
@given(place=st.integers(0, 10**6), bad=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_nan_anywhere_is_an_error_or_nan(name, place, bad):
    measure, values = MEASURES[name]
    values = values.copy()
    values.flat[place % values.size] = bad
    with contextlib.suppress(ValueError):
        found = numbers(measure(values))
        assert len(found)
        assert not np.isfinite(found).all()
        assert np.isnan(found).all() or name in ("jacobian_norms", "log_prior")


@pytest.mark.parametrize("name", ["mmd", "mmd_squared", "median_distance", "sliced_wasserstein", "mode_coverage",
                                  "mode_coverage's centres", "histogram_divergences"])  # fmt: skip
@settings(max_examples=4, deadline=None)
@given(place=st.integers(0, 10**6), bad=st.sampled_from([np.nan, np.inf]))
def test_in_compiled_programs_it_is_nan_and_never_an_error(name, place, bad):
    measure, values = MEASURES[name]
    values = values.copy()
    values.flat[place % values.size] = bad
    assert np.isnan(numbers(jax.jit(measure)(values))).all()
    both = jax.vmap(measure)(jnp.stack([values, MEASURES[name][1]]))
    first, second = (jax.tree.map(lambda leaf, i=i: leaf[i], both) for i in (0, 1))
    assert np.isnan(numbers(first)).all()
    np.testing.assert_allclose(numbers(second), numbers(measure(MEASURES[name][1])), rtol=1e-4, atol=1e-6)


def test_in_compiled_programs_a_digit_of_nan_is_of_no_class(judge):
    images = digits().images[:4].at[2, 3, 3].set(jnp.nan)
    classes = eqx.filter_jit(judge.classify)(images)
    assert classes[2] == -1
    np.testing.assert_array_equal(np.delete(classes, 2), np.delete(digits().labels[:4], 2))
    found = jax.jit(metrics.coverage_of_counts)(jnp.array([3.0, jnp.nan]))
    assert np.isnan(numbers(found._replace(counts=0))).all()
    assert found.modes == 0


@pytest.mark.long
def test_probes_of_a_run_that_diverges_record_nan():
    game = Gan(MLP(2, 2, (3,)), MLP(2, 1, (3,)), Mixture(CENTRES, 0.1), noise=2, batch=4)
    players = jax.tree.map(lambda leaf: leaf * jnp.nan, game.init(KEY))
    recorded = metrics.Modes(50)(game, players, KEY)
    assert all(np.isnan(value) for value in recorded.values())
    data = Coloured(Images(digits().images[:60]))
    game = Gan(MLP(2, (8, 8, 3), (3,)), MLP(192, 1, (3,)), data, noise=2, batch=4)
    players = jax.tree.map(lambda leaf: leaf * jnp.nan, game.init(KEY))
    for name, probe in metrics.probes(game, samples=20, shown=0).items():
        assert name == "losses" or all(np.isnan(value) for value in probe(game, players, KEY).values())


def refused(argument, call, message=""):
    with pytest.raises(ValueError, match=rf"^{argument}: .*{message}"):
        call()


NONE_OF_THESE = (0, -1, 1.5, True, math.nan, "3", None, 2**40)


@pytest.mark.parametrize("value", NONE_OF_THESE, ids=repr)
@pytest.mark.parametrize(
    ("argument", "measure"),
    [
        ("neighbours", lambda k: metrics.precision_recall(normal(9, 2), normal(9, 2), k)),
        ("neighbours", lambda k: metrics.density_coverage(normal(9, 2), normal(9, 2), k)),
        ("subsets", lambda n: metrics.kernel_distance(normal(9, 2), normal(9, 2), subsets=n)),
        ("size", lambda n: metrics.kernel_distance(normal(9, 2), normal(9, 2), size=n)),
        ("splits", lambda n: metrics.inception_score(np.full((9, 2), 0.5), n)),
        ("projections", lambda n: metrics.sliced_wasserstein(normal(9, 2), normal(9, 2), KEY, n)),
        ("least", lambda n: metrics.mode_coverage(normal(9, 2), CENTRES, 0.1, least=n)),
        ("labelled", lambda n: metrics.linear_probe(normal(12, 2), LABELS, n)),
        ("repeats", lambda n: metrics.linear_probe(normal(12, 2), LABELS, 3, n)),
        ("bins", lambda n: metrics.colour_divergence(np.ones((3, 3)), np.ones((3, 3)), n)),
        ("bins", lambda n: metrics.perfect_colours(9, 9, n)),
        ("n", lambda n: metrics.perfect_colours(n, 9)),
        ("m", lambda n: metrics.perfect_colours(9, n)),
        ("draws", lambda n: metrics.perfect_colours(9, 9, draws=n)),
        ("n", lambda n: metrics.perfect_classes(n)),
        ("total", lambda n: metrics.perfect_classes(9, n)),
        ("total", lambda n: metrics.class_coverage(np.zeros(3, int), n)),
        ("n", lambda n: metrics.perfect_sampler(n, 4)),
        ("modes", lambda n: metrics.perfect_sampler(9, n)),
        ("dimension", lambda n: metrics.perfect_sampler(9, 4, n)),
        ("least", lambda n: metrics.perfect_sampler(9, 4, least=n)),
        ("draws", lambda n: metrics.perfect_sampler(9, 4, draws=n)),
        ("noise", lambda n: metrics.invert(NETWORK, PARAMETERS, PICTURES, KEY, noise=n)),
        ("restarts", lambda n: metrics.invert(NETWORK, PARAMETERS, PICTURES, KEY, noise=3, restarts=n)),
        ("iterations", lambda n: metrics.invert(NETWORK, PARAMETERS, PICTURES, KEY, noise=3, iterations=n)),
        ("noise", lambda n: metrics.log_likelihood(NETWORK, PARAMETERS, PICTURES, KEY, noise=n, std=1.0)),
        ("chains", lambda n: metrics.log_likelihood(NETWORK, PARAMETERS, PICTURES, KEY, noise=3, std=1.0, chains=n)),
        ("samples", lambda n: metrics.probes(None, n)),
        ("repeats", lambda n: metrics.perfect(None, repeats=n)),
    ],
)
def test_numbers_that_make_no_sense_are_named(argument, measure, value):
    refused(argument, lambda: measure(value), "expected")


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "1", None, True], ids=repr)
@pytest.mark.parametrize(
    ("argument", "measure"),
    [
        ("std", lambda x: metrics.mode_coverage(normal(9, 2), CENTRES, x)),
        ("within", lambda x: metrics.mode_coverage(normal(9, 2), CENTRES, 0.1, x)),
        ("within", lambda x: metrics.perfect_sampler(9, 4, within=x)),
        ("std", lambda x: metrics.log_likelihood(NETWORK, PARAMETERS, PICTURES, KEY, noise=3, std=x)),
        ("bandwidths", lambda x: metrics.mmd(normal(9, 2), normal(9, 2), [1.0, x])),
        ("share", lambda x: metrics.real_threshold(PICTURES, share=x)),
    ],
)
def test_scales_that_make_no_sense_are_named(argument, measure, value):
    if argument == "bandwidths" and value is True:
        pytest.skip("is 1 in an array of numbers")
    refused(argument, lambda: measure(value))


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -1.0, None])
def test_a_threshold_that_makes_no_sense_is_named(threshold):
    refused("threshold", lambda: metrics.support_size(PICTURES, threshold))


def test_a_std_of_zero_is_nan_in_a_compiled_program():
    found = jax.jit(metrics.mode_coverage)(normal(9, 2), CENTRES, jnp.zeros(()))
    assert np.isnan(numbers(found)).all()
    assert found.modes == 0
    refused("std", lambda: metrics.mode_coverage(normal(9, 2), CENTRES, jnp.zeros(())))


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("name", [
    "density_coverage", "frechet_distance", "kernel_distance", "median_distance", "mmd", "pairwise_distances",
    "precision_recall", "real_threshold", "support_size",
])  # fmt: skip
def test_too_few_samples_are_refused(name, n):
    measure, values = MEASURES[name]
    refused(r"\w+", lambda: measure(values[:n]), rf"got {n} samples, expected at least")


def test_nan_has_no_median_distance_no_support_and_no_class(judge):
    """Before: 1, infinitely many, and 0."""
    bad = np.full((5, 2), np.nan)
    refused("samples", lambda: metrics.median_distance(bad), FINITE)
    refused("samples", lambda: metrics.support_size(bad), FINITE)
    refused("images", lambda: judge.classify(np.full((5, 8, 8, 1), np.nan)), FINITE)
    refused("counts", lambda: metrics.histogram_divergences(np.full(5, np.nan)), FINITE)
    refused("counts", lambda: metrics.histogram_divergences([3, -1]), "expected no less than 0")
    refused("counts", lambda: metrics.coverage_of_counts([3, -1]))
    refused("counts", lambda: metrics.coverage_of_counts([0, 0]), "empty")
    refused("features", lambda: metrics.support_size(PICTURES, 0.0, lambda x: x * np.nan), FINITE)
    refused("features", lambda: metrics.pairwise_distances(PICTURES, lambda x: np.ones((24, 2))), "got 24 of 12")


def test_bytes_are_classified_as_what_they_show_and_other_ranges_refused(judge):
    """Before: 53% and 9.7% right."""
    data = digits()
    shown = np.asarray(metrics.pixels(data.images))
    np.testing.assert_array_equal(judge.classify(shown), judge.classify(data.images))
    for method in (judge.classify, judge.features, judge.logits, judge.probabilities):
        refused(
            "images", lambda method=method: method((data.images + 1) / 2), r"expected \[-1, 1\]: scale them, 2x - 1"
        )
        refused("images", lambda method=method: method(shown.astype(float)), r"x / 127\.5 - 1, or give uint8")
        refused("images", lambda method=method: method(shown.astype(int)), "got int64")
        refused("images", lambda method=method: method(data.images[..., 0]), "got shape")
    refused("images", lambda: judge.classify(data.images[:, :4]), r"expected \(n, 8, 8, …\)")


def test_dark_and_bright_bytes_reach_inception_as_they_are():
    """Before: uint8 from 0 to 255 was taken for [-1, 1], and all but black became white."""
    dark, bright = np.full((3, 4, 5, 3), 40, np.uint8), np.full((3, 4, 5, 3), 200, np.uint8)
    np.testing.assert_array_equal(seen(dark), dark.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(seen(bright), bright.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(seen(in_range(dark)), seen(dark))
    np.testing.assert_array_equal(seen(dark[..., :1]), seen(dark))
    assert seen(dark).flags.c_contiguous
    refused("images", lambda: seen(bright / 255.0 * np.linspace(0, 1, 3)), "2x - 1")
    refused("images", lambda: seen(dark[..., :2]), "got 2 channels")


def test_bytes_are_inverted_as_what_they_show():
    """Before: targets from 0 to 255."""
    shown = np.array(metrics.pixels(PICTURES))
    np.testing.assert_allclose(inverted(shown).error, inverted(in_range(shown)).error, rtol=1e-5)
    np.testing.assert_allclose(likely(shown).value, likely(in_range(shown)).value, rtol=1e-5)
    refused("images", lambda: inverted(shown.astype(float)), "scale them")
    shown[0, 0, 0], shown[0, 0, 1] = 0, 255
    refused("images", lambda: likely(shown / 255), "scale them, 2x - 1")


def test_bytes_are_as_far_apart_as_what_they_show():
    shown = np.asarray(metrics.pixels(PICTURES))
    for measure in (metrics.pairwise_distances, metrics.median_distance, metrics.real_threshold,
                    lambda x: metrics.sliced_wasserstein(x, PICTURES, KEY), lambda x: metrics.mmd(x, PICTURES),
                    MEASURES["penultimate"][0]):  # fmt: skip
        np.testing.assert_allclose(measure(shown), measure(in_range(shown)), rtol=1e-4)
    np.testing.assert_array_equal(metrics.pixels(shown), shown)
    many = np.repeat(shown, 3, -1)
    np.testing.assert_allclose(colours(many), colours(in_range(many)), atol=1e-6)


def test_colours_as_bytes_are_those_in_zero_to_one():
    """Before: all of them in the brightest cube, a divergence of 0 from one another."""
    bytes_ = np.random.default_rng(0).integers(0, 256, (50, 3), np.uint8)
    assert metrics.colour_divergence(bytes_, bytes_ / 255) == 0
    assert metrics.colour_divergence(bytes_ // 4, bytes_ / 255) > 0.1
    refused("colours", lambda: metrics.colour_divergence(bytes_.astype(float), bytes_), r"expected \[0, 1\]")
    assert math.isnan(metrics.colour_divergence(np.full((2, 3), np.nan), bytes_))


def test_k_is_a_number_of_neighbours():
    """Before: (1, 1) and −38.75 of k = −1."""
    x, y = normal(9, 2), normal(9, 2, seed=1)
    for measure in (metrics.precision_recall, metrics.density_coverage):
        refused("neighbours", lambda measure=measure: measure(x, y, -1), "got -1, expected a whole number, 1 or more")
        refused("generated", lambda measure=measure: measure(x, y, 9), "got 9 samples, expected at least 10")


def test_labels_are_one_of_each_sample():
    """Before: the first of them were taken."""
    features = normal(12, 2)
    for labels in (np.arange(24) % 3, LABELS[:9], LABELS[:, None]):
        refused("labels", lambda labels=labels: metrics.linear_probe(features, labels, 3), "expected 12 whole numbers")
    refused("labels", lambda: metrics.linear_probe(features, np.full(12, np.nan), 3), "got float64")
    refused("labels", lambda: metrics.linear_probe(features, np.zeros(12, int), 3), "at least two classes")
    assert math.isnan(metrics.linear_probe(features, LABELS, 3, repeats=1).std)


def test_classes_are_whole_numbers():
    for classes in (np.array([np.nan, 1.0]), np.array([0.5]), np.zeros((2, 2), int)):
        refused("classes", lambda classes=classes: metrics.class_coverage(classes, 3), "expected whole numbers")


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 1), (0.7, 0.7), (0.1, 1), (0, 0.3), (-1.0001, 1.0001)])
def test_a_generator_that_collapsed_onto_grey_or_white_is_let_in(low, high):
    images = np.linspace(low, high, 16).reshape(4, 2, 2, 1)
    np.testing.assert_array_equal(entry.images("images", images), images)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_images_scaled_to_zero_to_one_are_known_by_their_black(seed, n):
    shown = np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 3), np.uint8)
    shown[0, 0, 0] = 0, 255, 255
    np.testing.assert_array_equal(entry.images("images", shown), in_range(shown))
    np.testing.assert_array_equal(entry.images("images", in_range(shown)), in_range(shown))
    refused("images", lambda: entry.images("images", shown / 255))


def test_arrays_of_other_things_are_refused():
    for other in (np.array(["a"]), np.array([1j]), np.array([None]), np.zeros(3, "datetime64[s]")):
        refused("x", lambda other=other: entry.numbers("x", other), "expected real numbers")
    for shape in ((), (3, 0)):
        refused("x", lambda shape=shape: entry.numbers("x", np.zeros(shape)), "got shape")
    assert entry.numbers("x", [[1, 2]]).shape == (1, 2)
    assert entry.numbers("x", jnp.ones(3, jnp.bfloat16)).dtype == jnp.bfloat16


def test_what_would_not_fit_into_memory_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 500)
    with pytest.raises(ValueError, match="the distances of all pairs would take"):
        metrics.pairwise_distances(PICTURES)


def test_a_generator_of_nan_is_inverted_with_an_error_of_nan():
    broken = jax.tree.map(lambda leaf: leaf * jnp.nan, PARAMETERS)
    for optimiser in (None, optax.adam(0.1)):
        found = metrics.invert(NETWORK, broken, PICTURES, KEY, noise=3, iterations=3, optimiser=optimiser)
        assert np.isnan(found.error).all()
        assert np.isnan(found.best_error).all()
        assert not found.converged.any()
    norms = metrics.jacobian_norms(NETWORK, broken, normal(2, 3), KEY, 3)
    assert np.isnan(numbers(norms)).all()
