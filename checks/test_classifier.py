"""The classifier of digits on real MNIST; on small digits it is among the tests."""

from saddlery.metrics.classifier import classifier


def test_mnist(tmp_path, real):
    from saddlery.data import mnist

    data = mnist("test", real("mnist"))
    found = classifier(data, tmp_path)
    assert found.accuracy >= 0.98
    assert found.held == 1667
