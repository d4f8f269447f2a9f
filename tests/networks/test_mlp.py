import itertools
from operator import itemgetter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

from saddlery.networks import MLP
from saddlery.networks.mlp import NARROW

NUMPY = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
}


def in_numpy(parameters, x, activation, final, scale):
    x = np.asarray(x).reshape(len(x), -1) * scale
    for i, layer in enumerate(parameters):
        x = np.einsum("bi,io->bo", x, np.asarray(layer["weight"])) + np.asarray(layer["bias"])
        if i < len(parameters) - 1:
            x = NUMPY[activation](x)
    return x if final is None else NUMPY[final](x)


@settings(max_examples=6, deadline=None)
@given(
    activation=st.sampled_from(sorted(NUMPY)),
    final=st.sampled_from([None, "tanh"]),
    widths=st.sampled_from([(), (4,), (4, 3)]),
    scale=st.sampled_from([1.0, 0.25]),
    seed=st.integers(0, 2**32 - 1),
)
def test_forward_is_numpys(activation, final, widths, scale, seed):
    random = np.random.default_rng(seed)
    sizes = [3, *widths, 2]
    parameters = tuple(
        {"weight": random.normal(size=shape), "bias": random.normal(size=shape[1])}
        for shape in itertools.pairwise(sizes)
    )
    x = random.normal(size=(5, 3))
    with jax.enable_x64(True):
        network = MLP(3, 2, widths=widths, activation=activation, final=final, scale=scale)
        found = network.apply(jax.tree.map(jnp.asarray, parameters), jnp.asarray(x))
        assert found.dtype == jnp.float64
        np.testing.assert_allclose(found, in_numpy(parameters, x, activation, final, scale), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("width", [NARROW, NARROW + 1])
def test_derivatives_of_both_orders_are_those_of_finite_differences(float64, width):
    network = MLP(3, 2, widths=(width, 4), activation="tanh")
    parameters, x = network.init(jax.random.key(0)), jax.random.normal(jax.random.key(1), (5, 3))

    def value(parameters, x):
        return jnp.sum(jnp.sin(network.apply(parameters, x)))

    check_grads(value, (parameters, x), order=2, modes=("fwd", "rev"), rtol=1e-6)


def test_mapped_over_parameters_it_is_each_alone():
    network = MLP(3, 2, widths=(4,))
    every = jax.vmap(network.init)(jax.random.split(jax.random.key(0), 3))
    x = jax.random.normal(jax.random.key(1), (5, 3))
    found = jax.vmap(jax.jacrev(network.apply), (0, None))(every, x)
    for i in range(3):
        expected = jax.jacfwd(network.apply)(jax.tree.map(itemgetter(i), every), x)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one[i], other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gain", [0.8, 1.4])
def test_orthogonal_weights_have_all_singular_values_equal_to_the_gain(float64, gain):
    for layer in MLP(16, 2, widths=(32, 8), gain=gain).init(jax.random.key(0)):
        np.testing.assert_allclose(np.linalg.svd(layer["weight"], compute_uv=False), gain, rtol=1e-10)
        assert not layer["bias"].any()


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_glorot_and_he_weights_have_their_variance(gain):
    glorot = MLP(300, 200, widths=(), initialisation="glorot", gain=gain).init(jax.random.key(1))[0]["weight"]
    he = MLP(300, 200, widths=(), initialisation="he", gain=gain).init(jax.random.key(1))[0]["weight"]
    np.testing.assert_allclose(jnp.var(glorot), gain**2 * 2 / (300 + 200), rtol=0.03)
    assert jnp.abs(glorot).max() <= gain * np.sqrt(6 / (300 + 200))  # uniform, so bounded
    np.testing.assert_allclose(jnp.var(he), gain**2 * 2 / 300, rtol=0.03)


def test_layers_are_drawn_independently():
    first, second, _ = MLP(4, 4, widths=(4, 4)).init(jax.random.key(0))
    assert not np.allclose(first["weight"], second["weight"])


def test_images_go_in_and_come_out():
    encoder, decoder = MLP(64, 1, widths=(5,)), MLP(7, (8, 8, 1), widths=(5,), final="tanh")
    images = decoder.apply(decoder.init(jax.random.key(0)), jnp.ones((3, 7)))
    assert images.shape == (3, 8, 8, 1)
    assert jnp.abs(images).max() <= 1
    assert encoder.apply(encoder.init(jax.random.key(0)), images).shape == (3, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "relo"}, "unknown activation 'relo'; did you mean 'relu'"),
        ({"final": "tan"}, "unknown final 'tan'; did you mean 'tanh'"),
        ({"initialisation": "ortogonal"}, "unknown initialisation 'ortogonal'; did you mean 'orthogonal'"),
        ({"activation": None}, "unknown activation 'None'"),
    ],
)
def test_a_wrong_name_is_told_the_nearest(arguments, message):
    with pytest.raises(ValueError, match=message):
        MLP(2, 1, **arguments)
