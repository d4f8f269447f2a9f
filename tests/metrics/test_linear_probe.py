import jax
import numpy as np
import pytest

from saddlery.data import digits
from saddlery.metrics import linear_probe, penultimate
from saddlery.networks import MLP, Network, from_functions

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


def test_features_that_tell_classes_apart_need_few_labels():
    random = np.random.default_rng(0)
    labels = np.arange(600) % 3
    clear = 10 * np.eye(3)[labels] + random.normal(size=(600, 3))
    found = linear_probe(clear, labels, labelled=30, repeats=3)
    assert found.mean > 0.99
    blind = linear_probe(random.normal(size=(600, 3)), labels, labelled=30, repeats=5)
    assert blind.mean == pytest.approx(1 / 3, abs=0.06)
    assert blind.std > 0
    assert len(blind.accuracies) == 5


def test_pixels_of_digits():
    data = digits()
    found = linear_probe(data.images, data.labels, repeats=3)
    assert 0.85 < found.mean < 0.95


def test_any_number_of_classes_is_probed_and_none_gives_all_its_samples():
    random = np.random.default_rng(0)
    for classes in (3, 7, 40):
        labels = np.arange(8 * classes) % classes
        found = linear_probe(
            10 * np.eye(classes)[labels] + random.normal(size=(len(labels), classes)), labels, repeats=2
        )
        assert found.mean > 0.95
    uneven = np.repeat([0, 1, 2], [50, 50, 2])
    clear = 10 * np.eye(3)[uneven] + random.normal(size=(102, 3))
    assert linear_probe(clear, uneven, repeats=3).mean > 0.9


def test_a_class_of_one_sample_is_refused_by_its_name():
    with pytest.raises(ValueError, match="1 of 3 classes, such as 7, have a single sample"):
        linear_probe(np.zeros((5, 2)), np.array([1, 1, 2, 2, 7]))


@pytest.mark.parametrize("widths", [(5,), (40, 7)])
def test_the_penultimate_layer_gives_the_scores(widths):
    network = MLP(64, 2, widths, "leaky_relu", scale=0.5)
    parameters = network.init(KEY)
    images = digits().images[:1000]
    features = penultimate(network, parameters)(images)
    assert features.shape == (1000, widths[-1])
    scores = features @ np.asarray(parameters[-1]["weight"]) + np.asarray(parameters[-1]["bias"])
    np.testing.assert_allclose(scores, network.apply(parameters, images), atol=1e-5)


class Halving(Network):
    """A network that says what its features are."""

    def init(self, key):
        return ()

    def features(self, parameters, x):
        return x[..., :2, :] / 2

    def apply(self, parameters, x):
        return self.features(parameters, x).sum((1, 2, 3))


def test_a_networks_own_features_are_flattened():
    images = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4, 1)
    np.testing.assert_allclose(penultimate(Halving(), ())(images), images[:, :, :2].reshape(2, -1) / 2)


def test_a_network_without_known_features_is_refused():
    with pytest.raises(TypeError, match=r"got a Functions, .*features\(parameters, x\)"):
        penultimate(from_functions(lambda key: (), lambda parameters, x: x), ())
