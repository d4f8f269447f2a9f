"""Points in memory, and arrays of any library as data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

import saddlery as sd
from saddlery.data import Images, Points, as_data
from saddlery.networks import MLP


class Foreign:
    """An array of another library, which hands itself over by `__array__`, or by DLPack."""

    def __init__(self, held):
        self.held, self.shape = held, held.shape


class ByArray(Foreign):
    def __array__(self, dtype=None, copy=None):
        return np.array(self.held, dtype)


class ByDlpack(Foreign):
    def __dlpack__(self, **settings):
        return self.held.__dlpack__(**settings)

    def __dlpack_device__(self):
        return self.held.__dlpack_device__()


class OnItsDevice(Foreign):
    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy.\nUse Tensor.cpu() first")


@pytest.mark.parametrize("kind", [np.asarray, jnp.asarray, ByArray, ByDlpack, np.ndarray.tolist])
def test_arrays_of_any_library_are_points_or_images(kind):
    points, images = np.arange(12, dtype=np.float32).reshape(6, 2), np.zeros((5, 4, 4, 1), np.float32)
    data = as_data(kind(points))
    assert isinstance(data, Points)
    assert data.points.dtype == jnp.float32
    np.testing.assert_array_equal(data.points, points)
    if kind is not np.ndarray.tolist:
        assert isinstance(as_data(kind(images)), Images)
        assert as_data(kind(images.astype(np.uint8))).images.dtype == jnp.uint8


def test_tensors_of_pytorch_are_points():
    torch = pytest.importorskip("torch")
    assert as_data(torch.zeros(4, 3)).points.shape == (4, 3)


def test_draws_are_uniform_with_replacement():
    drawn = Points(np.arange(5)[:, None]).draw(jax.random.key(2), 5000)[:, 0]
    counts = np.bincount(np.asarray(drawn, int), minlength=5)
    assert np.sum((counts - 1000) ** 2 / 1000) < 23.5  # χ², 4 degrees of freedom, p = 1e-4


def test_whole_numbers_and_halves_become_float32():
    for dtype in (np.uint8, np.int64, np.float16, np.float64, jnp.bfloat16):
        assert Points(np.ones((3, 2)).astype(dtype)).points.dtype == jnp.float32


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (
            np.zeros((3, 2, 2)),
            ValueError,
            r"data: got an array of shape \(3, 2, 2\), expected points .*images .*None",
        ),
        (np.zeros(3), ValueError, r"data: got an array of shape \(3,\), expected points"),
        (np.zeros((0, 2)), ValueError, r"points: got shape \(0, 2\), expected \(n, dimension\), n of 2 or more"),
        (np.zeros((1, 2)), ValueError, r"points: got shape \(1, 2\)"),
        (
            [[1.0, np.nan], [0, 1]],
            ValueError,
            r"1 of 2 hold a number that is not finite .*, such as row 0: \[1\.0",
        ),
        ([[1.0, 1e300], [0, 1]], ValueError, "not finite in float32"),
        (np.zeros((3, 2), bool), ValueError, "points: got truth values"),
        (np.zeros((3, 2), object), TypeError, "data: got an array of objects, expected numbers of one shape"),
        (np.zeros((3, 2), complex), TypeError, "data: got an array of complex numbers"),
        ([["a", "b"], ["c", "d"]], TypeError, "data: got an array of texts"),
        ([[1.0], [1.0, 2.0]], TypeError, "data: got a list that is no numbers of one shape"),
        (scipy.sparse.eye(3).tocsr(), TypeError, r"data: got a sparse array \(scipy .*\), .*data\.toarray\(\)"),
        (np.ma.masked_array(np.zeros((3, 2)), np.eye(3, 2)), TypeError, "data: got a masked array"),
        (OnItsDevice(np.zeros((3, 2))), TypeError, r"data: got a .*OnItsDevice that is no .*Use Tensor\.cpu\(\) first"),
        (np.full((3, 4, 4, 1), 255.0), ValueError, r"images: got values from 255 to 255, expected \[-1, 1\]"),
        (np.zeros((3, 1, 8, 8), np.uint8), ValueError, "looks like channels first"),
        ({"a": 1}, TypeError, "data: got {'a': 1}, expected a name, a path, an array"),
        ("nothing", ValueError, "unknown data 'nothing'"),
    ],
)
def test_what_is_no_data_is_refused_in_one_line_where_it_comes_in(data, error, message):
    for take in (as_data, lambda data: sd.games.Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), data, noise=2, batch=2)):
        with pytest.raises(error, match=message) as refused:
            take(data)
        assert "\n" not in str(refused.value)


@pytest.mark.long
def test_a_gan_on_an_array_is_trained_and_measured_as_on_other_data():
    points = np.random.default_rng(0).normal(size=(300, 2))
    game = sd.games.Gan(MLP(2, 2, (8,)), MLP(2, 1, (8,)), points, noise=2, batch=16)
    assert isinstance(game.data, Points)
    probes = sd.metrics.probes(game, samples=64, shown=8)
    run = sd.train(game, sd.methods.alternating(learning_rate=1e-3), steps=4, every=2, key=0, probes=probes)
    assert run.only.history.samples.shape == (3, 8, 2)
    assert np.isfinite(run.only.history.sliced_wasserstein).all()
    assert np.isfinite(run.only.history.mmd).all()
    assert sd.metrics.perfect(game, samples=64)["sliced_wasserstein"] > 0


def test_games_on_images_take_arrays_and_say_when_they_are_points():
    images = np.zeros((70, 8, 8, 3), np.uint8)
    game = sd.games.images(images, network="dcgan3(width=4)")
    assert game.generator.channels == 3
    assert sd.games.images(images, size=16, network="dcgan3(width=4)").data.images.shape == (70, 16, 16, 3)
    with pytest.raises(ValueError, match=r"data: got samples of shape \(2,\), expected images"):
        sd.games.images(np.zeros((70, 2)))
    for of in (sd.games.stacked, sd.games.coloured):
        with pytest.raises(ValueError, match="digits: got Points, expected Images"):
            of(np.zeros((70, 2)))


def test_a_gan_takes_a_data_set_by_its_name():
    game = sd.games.Gan(MLP(2, (8, 8, 1), (4,)), MLP(64, 1, (4,)), "digits", noise=2, batch=4)
    assert len(game.data) == 1797


def test_fewer_points_than_a_batch_are_refused():
    with pytest.raises(ValueError, match="batch: got 512, expected at most as many as there are data, 9"):
        sd.games.Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), np.zeros((9, 2)), noise=2)
