from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from saddlery.networks.convolution import convolution, transposed_convolution

NUMBERS = ("NHWC", "HWIO", "NHWC")


def native(x, kernel, stride, padding="SAME"):
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=NUMBERS)


def native_transposed(x, kernel, stride):
    return lax.conv_transpose(x, kernel, (stride, stride), "SAME", dimension_numbers=NUMBERS, transpose_kernel=True)


def derivatives(operation, x, kernel, along):
    """Value, both gradients, and the gradients' own derivative in forward and in reverse mode."""

    def loss(x, kernel):
        y = operation(x, kernel)
        return jnp.sum(jnp.sin(y + jnp.arange(y.size).reshape(y.shape) % 7)), y

    def field(x, kernel):
        gradients, y = jax.grad(loss, (0, 1), has_aux=True)(x, kernel)
        return gradients, y

    gradients, pull, y = jax.vjp(field, x, kernel, has_aux=True)
    pushed = jax.jvp(lambda *at: field(*at)[0], (x, kernel), along)[1]
    return y, gradients, pull(along), pushed


def compare(ours, theirs, x, kernel, tolerance, seed=1):
    random = np.random.default_rng(seed)
    along = tuple(jnp.asarray(random.normal(size=v.shape), v.dtype) for v in (x, kernel))
    both = jax.jit(lambda *args: (derivatives(ours, *args), derivatives(theirs, *args)))
    found, expected = both(x, kernel, along)
    for mine, its in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert mine.dtype == its.dtype
        np.testing.assert_allclose(mine, its, rtol=0, atol=tolerance * float(jnp.abs(its).max()))


def drawn(seed, *shapes, dtype=float):
    random = np.random.default_rng(seed)
    return [jnp.asarray(random.normal(size=shape), dtype) for shape in shapes]


SIZES = st.integers(1, 9)
TAPS = st.integers(1, 5)
CHANNELS = st.sampled_from([(1, 2), (3, 1), (20, 2), (70, 3)])  # whole patches are gathered, or only their rows


@pytest.mark.long
@settings(max_examples=8, deadline=None)
@given(SIZES, SIZES, TAPS, TAPS, CHANNELS, st.integers(1, 3), st.sampled_from(["SAME", "VALID", ((2, 0), (1, 3))]))
def test_convolution_is_xlas_in_value_and_all_derivatives(height, width, rows, columns, channels, stride, padding):
    inputs, outputs = channels
    if padding == "VALID":
        height, width = max(height, rows), max(width, columns)
    if isinstance(padding, tuple):
        height, width = max(height, rows - 2), max(width, columns - 4)
    with jax.enable_x64(True):
        x, kernel = drawn(0, (2, height, width, inputs), (rows, columns, inputs, outputs))
        ours, theirs = (partial(each, stride=stride, padding=padding) for each in (convolution, native))
        compare(ours, theirs, x, kernel, 1e-10)


@pytest.mark.long
@settings(max_examples=8, deadline=None)
@given(SIZES, SIZES, TAPS, TAPS, CHANNELS, st.integers(1, 3))
def test_transposed_convolution_is_xlas_in_value_and_all_derivatives(height, width, rows, columns, channels, stride):
    outputs, inputs = channels
    with jax.enable_x64(True):
        x, kernel = drawn(0, (2, height, width, inputs), (rows, columns, outputs, inputs))
        ours, theirs = (partial(each, stride=stride) for each in (transposed_convolution, native_transposed))
        compare(ours, theirs, x, kernel, 1e-10)


@pytest.mark.long
@pytest.mark.parametrize(("channels", "filters"), [(3, 64), (64, 64)])
def test_layers_of_a_dcgan_agree_with_xla_in_single_precision(channels, filters):
    large, small, kernel = drawn(
        0, (4, 16, 16, channels), (4, 8, 8, filters), (5, 5, channels, filters), dtype=jnp.float32
    )
    kernel = kernel / np.sqrt(25 * channels)
    compare(lambda x, k: convolution(x, k, 2), lambda x, k: native(x, k, 2), large, kernel, 1e-5)
    compare(lambda x, k: transposed_convolution(x, k, 2), lambda x, k: native_transposed(x, k, 2), small, kernel, 1e-5)


@pytest.mark.parametrize("large", [(7, 7), (8, 7), (8, 8)])
def test_transposed_convolution_is_the_transpose_for_every_size_that_leads_to_its_own(float64, large):
    u, y, kernel = drawn(0, (2, *large, 3), (2, 4, 4, 5), (3, 3, 3, 5))
    forth, back = convolution(u, kernel, 2), transposed_convolution(y, kernel, 2, large)
    np.testing.assert_allclose(jnp.vdot(forth, y), jnp.vdot(u, back), rtol=1e-12)


def test_layouts_agree(float64):
    x, kernel = drawn(0, (2, 6, 5, 3), (5, 5, 3, 4))
    turned = lambda x: x.transpose(3, 1, 2, 0)  # noqa: E731
    y = convolution(x, kernel, 2)
    np.testing.assert_allclose(convolution(turned(x), kernel, 2, layout="CHWN"), turned(y), rtol=1e-12)
    np.testing.assert_allclose(
        transposed_convolution(turned(y), kernel, 2, layout="CHWN"), turned(transposed_convolution(y, kernel, 2))
    )


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_maps_over_images_and_kernels(float64, axes):
    x, kernel = drawn(0, (3, 2, 6, 5, 20), (3, 5, 5, 20, 2))
    x, kernel = (value if axis == 0 else value[0] for value, axis in zip((x, kernel), axes, strict=True))
    mapped = jax.vmap(lambda x, k: convolution(x, k, 2), axes)(x, kernel)
    expected = jax.vmap(lambda x, k: native(x, k, 2), axes)(x, kernel)
    np.testing.assert_allclose(mapped, expected, rtol=0, atol=1e-10)


def test_on_cpus_no_convolution_of_xlas_is_left_in_any_derivative():
    x, kernel = drawn(0, (2, 8, 8, 3), (5, 5, 3, 4), dtype=jnp.float32)

    def loss(x, kernel):
        return jnp.sum(jnp.tanh(transposed_convolution(jnp.tanh(convolution(x, kernel, 2)), kernel, 2)))

    consensus = jax.grad(lambda x, kernel: sum(map(jnp.vdot, *[jax.grad(loss, (0, 1))(x, kernel)] * 2)), (0, 1))
    program = str(jax.make_jaxpr(consensus)(x, kernel))
    assert "dot_general" in program
    assert "conv_general_dilated" not in program


@pytest.mark.parametrize("layout", ["NHWC", "CHWN"])
def test_elsewhere_convolutions_are_xlas(monkeypatch, float64, layout):
    x, kernel = drawn(0, (2, 7, 7, 3), (5, 5, 3, 4))
    shape = (2, 7, 7, 3) if layout == "NHWC" else (3, 7, 7, 2)
    x = x.reshape(shape)

    def both(x):
        y = convolution(x, kernel, 2, layout=layout)
        return y, transposed_convolution(y, kernel, 2, (7, 7), layout=layout)

    of_patches = both(x)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    program = str(jax.make_jaxpr(both)(x))
    assert program.count("conv_general_dilated[") == 2
    assert "dot_general" not in program
    for mine, its in zip(of_patches, both(x), strict=True):
        np.testing.assert_allclose(mine, its, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stride": 0}, "stride: got 0, expected a whole number"),
        ({"padding": "same"}, "padding: got 'same', expected 'SAME', 'VALID'"),
        ({"padding": "VALID"}, "kernel: of 5×5, larger than the padded image of 4×4"),
        ({"layout": "NCHW"}, "layout: got 'NCHW', expected one of NHWC, CHWN"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolution(jnp.ones((1, 4, 4, 3)), jnp.ones((5, 5, 3, 2)), **arguments)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"kernel: of shape \(5, 5, 2, 2\), whose axis 2 must be the channels of x"):
        convolution(jnp.ones((1, 4, 4, 3)), jnp.ones((5, 5, 2, 2)))
    with pytest.raises(ValueError, match=r"size: got \(9, 8\), from which stride 2 does not lead to the \(4, 4\)"):
        transposed_convolution(jnp.ones((1, 4, 4, 3)), jnp.ones((5, 5, 2, 3)), 2, (9, 8))
