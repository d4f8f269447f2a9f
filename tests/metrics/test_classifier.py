import os
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.data import Images, Stacked, digits
from saddlery.metrics import classifier
from saddlery.metrics.small_network import Trained

pytestmark = pytest.mark.long

module = import_module("saddlery.metrics.classifier")  # the name of the function, too


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The digits' classifier, and the folder in which it is."""
    folder = tmp_path_factory.mktemp("classifiers")
    return classifier(digits(), folder), folder


def as_trained(judge):
    return Trained(judge.parameters, {"accuracy": judge.accuracy, "held": judge.held})


def test_it_knows_digits_that_it_has_not_seen(trained):
    assert trained[0].accuracy >= 0.97
    assert trained[0].held == 300


def test_it_is_kept_as_plain_arrays_and_read_back(trained, monkeypatch):
    first, folder = trained
    monkeypatch.setattr(module, "_trained", None)  # training again would raise
    again = classifier(digits(), folder)
    assert again.accuracy == first.accuracy
    jax.tree.map(np.testing.assert_array_equal, again.parameters, first.parameters)
    (path,) = folder.glob("*.npz")
    assert np.load(path, allow_pickle=False)["weight0"].dtype == np.float32


def test_other_data_and_damaged_files_are_trained_anew(trained, monkeypatch, tmp_path):
    first, folder = trained
    monkeypatch.setattr(module, "_trained", lambda images, labels: as_trained(first))
    (path,) = folder.glob("*.npz")
    damaged = tmp_path / path.name
    damaged.write_bytes(path.read_bytes()[:1000])
    assert classifier(digits(), tmp_path).parameters is first.parameters
    assert damaged.stat().st_size == 1000  # it may be anybody's
    monkeypatch.setattr(module, "_trained", None)
    assert classifier(digits(), tmp_path).accuracy == first.accuracy
    monkeypatch.setattr(module, "_trained", lambda images, labels: as_trained(first))
    data = digits()
    classifier(Images(data.images, (data.labels + 1) % 10), tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 3


def test_a_pipe_in_its_place_is_not_waited_for(trained, monkeypatch, tmp_path):
    (path,) = trained[1].glob("*.npz")
    os.mkfifo(tmp_path / path.name)
    monkeypatch.setattr(module, "_trained", lambda images, labels: as_trained(trained[0]))
    assert classifier(digits(), tmp_path).parameters is trained[0].parameters


def test_a_folder_that_cannot_be_written_is_no_obstacle(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_trained", lambda images, labels: as_trained(trained[0]))
    (tmp_path / "file").write_text("")
    assert classifier(digits(), tmp_path / "file" / "folder").parameters is trained[0].parameters


def test_features_probabilities_and_classes_belong_together(trained):
    images = digits().images[:300]
    features, probabilities = trained[0].features(images), trained[0].probabilities(images)
    assert features.shape == (300, 128)
    assert (features >= 0).all()
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(trained[0].classify(images), probabilities.argmax(1))
    scores = features @ trained[0].parameters[-1]["weight"] + trained[0].parameters[-1]["bias"]
    np.testing.assert_allclose(jax.nn.log_softmax(scores), jnp.log(probabilities), atol=1e-4)


def test_stacked_digits_are_read_as_numbers(trained):
    images, numbers = Stacked(digits()).labelled(jax.random.key(0), 500)
    assert (trained[0].classify(images) == numbers).mean() > 0.94


def test_what_cannot_be_learned_is_refused(trained):
    data = digits()
    for wrong in (
        Images(data.images),
        Images(jnp.tile(data.images, 3), data.labels),
        Images(data.images[:9], data.labels[:9]),
    ):
        with pytest.raises(ValueError, match="at least 60 of one channel, with labels"):
            classifier(wrong)
    with pytest.raises(ValueError, match=r"expected \(n, 8, 8, 1\)"):
        trained[0].features(jnp.zeros((2, 9, 9, 1)))
