import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from saddlery.game import check, gradients
from saddlery.games.gan import Gan
from saddlery.networks import MLP, as_network, from_equinox, from_functions, from_nnx

KEY = jax.random.key(0)


def equinox_mlp(key):
    return eqx.nn.MLP(2, 3, width_size=4, depth=1, key=key)


def nnx_mlp(rngs):
    return nnx.Sequential(nnx.Linear(2, 4, rngs=rngs), nnx.relu, nnx.Linear(4, 3, rngs=rngs))


def of_functions():
    mlp = MLP(2, 3, widths=(4,))
    return from_functions(mlp.init, mlp.apply)


ADAPTED = {
    "equinox": lambda: from_equinox(equinox_mlp),
    "nnx": lambda: from_nnx(nnx_mlp),
    "functions": of_functions,
}
adapted = pytest.mark.parametrize("adapt", ADAPTED.values(), ids=ADAPTED)


def two_layers(x, w1, b1, w2, b2):
    return np.maximum(np.asarray(x) @ w1 + b1, 0) @ w2 + b2


def test_an_equinox_module_is_mapped_over_the_batch():
    network = from_equinox(equinox_mlp)
    first, second = equinox_mlp(KEY).layers
    x = jax.random.normal(jax.random.key(1), (5, 2))
    expected = two_layers(x, first.weight.T, first.bias, second.weight.T, second.bias)
    np.testing.assert_allclose(network.apply(network.init(KEY), x), expected, rtol=1e-5, atol=1e-6)


def test_an_nnx_module_takes_the_batch():
    network = from_nnx(nnx_mlp)
    first, _, second = nnx_mlp(nnx.Rngs(KEY)).layers
    x = jax.random.normal(jax.random.key(1), (5, 2))
    expected = two_layers(x, *(p[...] for p in (first.kernel, first.bias, second.kernel, second.bias)))
    np.testing.assert_allclose(network.apply(network.init(KEY), x), expected, rtol=1e-5, atol=1e-6)


def test_the_module_comes_back_with_the_trained_parameters():
    for network, kind in ((from_equinox(equinox_mlp), eqx.nn.MLP), (from_nnx(nnx_mlp), nnx.Sequential)):
        parameters = jax.tree.map(lambda a: a + 1, network.init(KEY))
        module = network.module(parameters)
        x = jnp.ones((1, 2))
        assert isinstance(module, kind)
        one = module(x[0]) if kind is eqx.nn.MLP else module(x)[0]
        np.testing.assert_allclose(one, network.apply(parameters, x)[0], rtol=1e-6)


@adapted
def test_parameters_are_arrays_that_can_be_trained(adapt):
    network = adapt()
    x, y = jax.random.normal(KEY, (8, 2)), jnp.ones((8, 3))

    def loss(parameters):
        return ((network.apply(parameters, x) - y) ** 2).mean()

    parameters, adam = network.init(KEY), optax.adam(0.05)
    assert all(jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(parameters))
    assert sum(leaf.size for leaf in jax.tree.leaves(parameters)) == 2 * 4 + 4 + 4 * 3 + 3

    @jax.jit
    def step(parameters, state):
        updates, state = adam.update(jax.grad(loss)(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    state, before = adam.init(parameters), loss(parameters)
    for _ in range(30):
        parameters, state = step(parameters, state)
    assert loss(parameters) < 0.5 * before


@adapted
def test_init_depends_on_the_key_and_can_be_compiled_and_mapped(adapt):
    network = adapt()
    alone = network.init(jax.random.key(1))
    several = jax.jit(jax.vmap(network.init))(jax.random.split(KEY, 3))
    assert jax.tree.structure(alone) == jax.tree.structure(several) == jax.tree.structure(network.init(KEY))
    assert all(leaf.shape[0] == 3 for leaf in jax.tree.leaves(several))
    assert any(not np.allclose(leaf[0], leaf[1]) for leaf in jax.tree.leaves(several))
    compiled = jax.jit(lambda key: network.init(key))(jax.random.key(1))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6), alone, compiled)


@adapted
def test_the_same_network_is_compiled_for_once(adapt):
    traced = []

    @jax.jit
    def apply(network, parameters, x):
        traced.append(x.shape)
        return network.apply(parameters, x)

    network, x = adapt(), jnp.ones((4, 2))
    for seed in range(3):
        apply(network, network.init(jax.random.key(seed)), x)
    assert len(traced) == 1
    apply(network, network.init(KEY), jnp.ones((5, 2)))
    assert len(traced) == 2


def test_two_networks_of_one_function_share_compilation():
    traced = []

    @jax.jit
    def apply(network, parameters, x):
        traced.append(x.shape)
        return network.apply(parameters, x)

    for adapt, make in ((from_equinox, equinox_mlp), (from_nnx, nnx_mlp)):
        first, second = adapt(make), adapt(make)
        assert first == second
        apply(first, first.init(KEY), jnp.ones((4, 2)))
        apply(second, second.init(KEY), jnp.ones((4, 2)))
    assert len(traced) == 2


def test_static_parts_made_anew_by_each_call_do_not_change_the_structure():
    class Anew(eqx.Module):
        weight: jax.Array
        function: object = eqx.field(static=True)

        def __call__(self, x):
            return self.function(self.weight @ x)

    network = from_equinox(lambda key: Anew(jax.random.normal(key, (3, 2)), lambda x: 2 * x))
    first, second = network.init(KEY), network.init(jax.random.key(1))
    mean = jax.tree.map(lambda a, b: (a + b) / 2, first, second)
    np.testing.assert_allclose(
        network.apply(mean, jnp.ones((4, 2))),
        np.tile((first.weight + second.weight).sum(1), (4, 1)),
        rtol=1e-5,
    )


class Gathering(eqx.Module):
    """Reads its input in an order held as an array of integers."""

    linear: eqx.nn.Linear
    order: jax.Array
    mask: np.ndarray

    def __init__(self, key):
        self.linear = eqx.nn.Linear(3, 1, key=key)
        self.order = jnp.array([2, 0, 1])
        self.mask = np.array([True, False, True])

    def __call__(self, x):
        return self.linear(x[self.order] * self.mask)


class GatheringInFlax(nnx.Module):
    """The same in Flax."""

    def __init__(self, rngs):
        self.linear = nnx.Linear(3, 1, rngs=rngs)
        self.order = jnp.array([2, 0, 1])

    def __call__(self, x):
        return self.linear(x[:, self.order])


def test_arrays_that_are_not_trained_are_constants_of_the_network():
    x = jax.random.normal(KEY, (4, 3))
    network = from_equinox(Gathering)
    parameters = network.init(KEY)
    assert len(jax.tree.leaves(parameters)) == 2
    assert {leaf.dtype.name for leaf in jax.tree.leaves(network)} == {"int32", "bool"}
    linear = eqx.nn.Linear(3, 1, key=KEY)
    expected = np.asarray(x)[:, [2, 0, 1]] * [1, 0, 1] @ linear.weight.T + linear.bias
    np.testing.assert_allclose(jax.jit(type(network).apply)(network, parameters, x), expected, rtol=1e-5, atol=1e-6)

    network = from_nnx(GatheringInFlax)
    parameters = network.init(KEY)
    assert [leaf.dtype.name for leaf in jax.tree.leaves(network)] == ["int32"]
    kernel, bias = parameters["linear"]["kernel"], parameters["linear"]["bias"]
    np.testing.assert_allclose(
        jax.jit(type(network).apply)(network, parameters, x),
        np.asarray(x)[:, [2, 0, 1]] @ kernel + bias,
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_batched_equinox_module_sees_the_whole_batch():
    class Centred(eqx.Module):
        weight: jax.Array

        def __call__(self, x):
            return (x - x.mean(0)) @ self.weight

    network = from_equinox(lambda key: Centred(jax.random.normal(key, (2, 1))), batched=True, independent=False)
    assert not network.independent
    np.testing.assert_allclose(network.apply(network.init(KEY), jnp.ones((4, 2))), 0.0, atol=1e-6)


def make_batch_norm_equinox(key):
    return eqx.nn.Sequential([eqx.nn.Linear(2, 3, key=key), eqx.nn.BatchNorm(3, "batch", mode="batch")])


class BatchNormInFlax(nnx.Module):
    """A layer with running statistics."""

    def __init__(self, rngs):
        self.norm = nnx.BatchNorm(2, rngs=rngs)


class DropoutInFlax(nnx.Module):
    """A layer with random state."""

    def __init__(self, rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)


@pytest.mark.parametrize(
    ("adapt", "make", "message"),
    [
        (from_equinox, make_batch_norm_equinox, r"StateIndex at \.layers\[1\]\.\w+; .*pure.*LayerNorm"),
        (from_equinox, lambda key: eqx.nn.make_with_state(make_batch_norm_equinox)(key), "it returned .*tuple"),
        (from_equinox, equinox_mlp(KEY), "got an object of type MLP, expected a function from `key`"),
        (from_nnx, BatchNormInFlax, r"BatchNormInFlax holds an nnx.BatchStat at norm\.mean; .*pure"),
        (from_nnx, DropoutInFlax, r"DropoutInFlax holds an nnx.RngCount at dropout\.rngs\.count; .*dropout"),
        (from_nnx, lambda rngs: 3, "it returned an object of type int"),
        (from_nnx, nnx_mlp(nnx.Rngs(0)), "got an object of type Sequential, expected a function from `rngs`"),
    ],
)
def test_what_cannot_be_adapted_is_named(adapt, make, message):
    with pytest.raises(TypeError, match=message):
        adapt(make)


def test_functions_must_be_functions():
    with pytest.raises(TypeError, match="apply: got 3"):
        from_functions(lambda key: (), 3)


class Data(eqx.Module):
    """Standard normal samples."""

    def draw(self, key, n):
        return jax.random.normal(key, (n, 3))


def discriminator_in_nnx(rngs):
    return nnx.Sequential(nnx.Linear(3, 4, rngs=rngs), nnx.tanh, nnx.Linear(4, 1, rngs=rngs))


@adapted
def test_a_gan_of_foreign_networks_is_a_game(adapt):
    game = Gan(adapt(), from_nnx(discriminator_in_nnx), Data(), noise=2, batch=4)
    check(game, KEY)
    players, batch = game.init(KEY), game.draw(KEY)
    found = gradients(game, players, batch)
    assert jax.tree.structure(found) == jax.tree.structure(players)
    step = jax.tree.map(lambda g: 1e-2 * g, found.discriminator)  # the directional derivative is the gradient's
    samples = game.act(players.generator, batch)

    def moved(sign):
        discriminator = jax.tree.map(lambda p, s: p + sign * s, players.discriminator, step)
        return game.losses(discriminator, samples, batch).discriminator

    squared = sum(float((g**2).sum()) for g in jax.tree.leaves(found.discriminator))
    np.testing.assert_allclose((moved(1) - moved(-1)) / 2e-2, squared, rtol=1e-2)


@pytest.mark.parametrize("thing", [equinox_mlp(KEY), nnx_mlp(nnx.Rngs(0)), equinox_mlp, MLP, 3, None])
def test_what_is_no_network_is_refused_with_the_adapters(thing):
    with pytest.raises(TypeError, match=r"discriminator: got .*from_equinox.*from_nnx.*from_functions"):
        Gan(MLP(2, 3), thing, Data())


def test_anything_with_init_and_apply_is_a_network():
    class Plain:
        independent = True

        def init(self, key):
            return {"shift": jnp.zeros(3)}

        def apply(self, parameters, x):
            return x + parameters["shift"]

    plain = Plain()
    assert as_network(plain) is plain
