from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.networks import MLP, DCGANDiscriminator, Precision


@pytest.mark.parametrize("network", [MLP(12, 1, (16,)), DCGANDiscriminator(8, 1, (4, 8))], ids=["mlp", "dcgan"])
def test_parameters_values_and_gradients_keep_their_precision_and_are_near(network):
    reduced = Precision(network, "bfloat16")
    parameters = reduced.init(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (5, 12) if isinstance(network, MLP) else (5, 8, 8, 1))

    def loss(parameters, network):
        return jnp.square(network.apply(parameters, x)).mean()

    found, expected = (jax.jit(jax.grad(partial(loss, network=each)))(parameters) for each in (reduced, network))
    for tree in (parameters, found, jax.jit(reduced.apply)(parameters, x)):
        assert {leaf.dtype for leaf in jax.tree.leaves(tree)} == {jnp.dtype("float32")}
    norm = lambda tree: np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(tree)))  # noqa: E731
    difference = norm(jax.tree.map(jnp.subtract, found, expected))
    assert 0 < difference < 0.05 * norm(expected)


def test_the_products_are_computed_in_the_precision_named():
    reduced = Precision(MLP(3, 1, (4,)), "bfloat16")
    gradient = jax.grad(lambda parameters: reduced.apply(parameters, jnp.ones((2, 3))).sum())
    program = jax.make_jaxpr(gradient)(reduced.init(jax.random.key(0)))
    products = [equation for equation in program.eqns if equation.primitive.name == "dot_general"]
    assert len(products) >= 4  # two forwards, two for the weights
    assert all(variable.aval.dtype == jnp.bfloat16 for equation in products for variable in equation.invars)


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="unknown compute 'bfloat'; did you mean 'bfloat16'"):
        Precision(MLP(3, 1), "bfloat")
