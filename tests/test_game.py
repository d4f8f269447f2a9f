import operator
import re
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from saddlery.game import Pair, adopt, check, fixed, gradient_field, gradients
from saddlery.games import bilinear, ring


class Product:
    """A plain object as a game: L_g = Σ data · g · d, L_d = −L_g."""

    def __init__(self, numbers=3):
        self.data = jnp.arange(1.0, numbers + 1)

    def init(self, key):
        return Pair(*jax.random.normal(key, (2, len(self.data))))

    def draw(self, key):
        return self.data

    def act(self, generator, batch):
        return generator * batch

    def losses(self, discriminator, samples, batch):
        value = samples @ discriminator
        return Pair(value, -value)


def test_gradients_are_each_players_own_by_separate_jax_grads(position):
    """`position.xi` is in closed form, or by one `jax.grad` for each player."""
    found = gradients(position.game, position.players, position.batch)
    assert jax.tree.structure(found) == jax.tree.structure(position.players)
    np.testing.assert_allclose(ravel_pytree(found)[0], position.xi, rtol=0, atol=1e-12)


def test_gradients_are_the_slopes_of_each_players_own_loss(position):
    game, players, batch = position[:3]
    flat, unravel = ravel_pytree(players)

    @jax.jit
    @jax.vmap
    def losses(z):
        generator, discriminator = unravel(z)
        return game.losses(discriminator, game.act(generator, batch), batch)

    steps = 1e-5 * jnp.eye(len(flat))
    slopes = jax.tree.map(lambda up, down: (up - down) / 2e-5, losses(flat + steps), losses(flat - steps))
    own = np.concatenate([slopes.generator[: position.n], slopes.discriminator[position.n :]])
    np.testing.assert_allclose(ravel_pytree(gradients(game, players, batch))[0], own, rtol=0, atol=1e-8)


def test_the_fields_derivative_is_the_jacobian(position):
    field = gradient_field(position.game, position.batch)
    u = np.random.default_rng(0).normal(size=len(position.z))
    tangent = ravel_pytree(position.players)[1](jnp.asarray(u))
    pushed = jax.jvp(field, (position.players,), (tangent,))[1]
    (pulled,) = jax.vjp(field, position.players)[1](tangent)
    np.testing.assert_allclose(ravel_pytree(pushed)[0], position.H @ u, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ravel_pytree(pulled)[0], position.H.T @ u, rtol=0, atol=1e-10)


def test_a_fixed_game_always_draws_its_batch(gan_position):
    game, players, batch = gan_position[:3]
    held = fixed(game, batch)
    for seed in range(2):
        jax.tree.map(np.testing.assert_array_equal, held.draw(jax.random.key(seed)), batch)
    jax.tree.map(np.testing.assert_array_equal, held.init(jax.random.key(0)), game.init(jax.random.key(0)))
    jax.tree.map(np.testing.assert_array_equal, gradients(held, players, batch), gradients(game, players, batch))


def test_a_fixed_foreign_game_can_be_an_argument():
    held = fixed(Product(), jnp.ones(3))
    players = held.init(jax.random.key(0))
    found = jax.jit(lambda game: gradients(game, players, game.draw(None)))(held)
    np.testing.assert_allclose(found, (players.discriminator, -players.generator), rtol=1e-6)


def test_a_pytree_is_adopted_as_it_is(gan_position):
    assert all(jax.tree.leaves(jax.tree.map(operator.is_, adopt(gan_position.game), gan_position.game)))


def test_a_foreign_object_is_adopted_by_identity():
    """The same object is the same program, an equal one is another; also where the class has no hash."""

    class Unhashable(Product):
        def __eq__(self, other):
            return isinstance(other, Unhashable)

    traced = []

    @jax.jit
    def found(game, players):
        traced.append(game)
        return gradients(game, players, game.draw(jax.random.key(0)))

    one, other = Unhashable(), Unhashable()
    with pytest.raises(TypeError):
        hash(one)
    players = adopt(one).init(jax.random.key(0))
    for game in (one, one, other):
        np.testing.assert_allclose(
            found(adopt(game), players),
            (one.data * players.discriminator, -one.data * players.generator),
            rtol=1e-6,
        )
    assert len(traced) == 2


def test_a_foreign_object_with_large_arrays_is_worth_a_warning():
    with pytest.warns(UserWarning, match=re.escape("this Product holds 2 MB of arrays and is no pytree")):
        adopt(Product(numbers=500_000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adopt(Product(numbers=100_000))


def test_a_large_pytree_is_worth_none():
    class Module(eqx.Module):
        data: jax.Array
        init = draw = act = losses = Product.init

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adopt(Module(jnp.zeros(500_000)))


@pytest.mark.parametrize("examine", [adopt, lambda game: check(game, jax.random.key(0))], ids=["adopt", "check"])
def test_missing_methods_are_named(examine):
    class Half:
        init = draw = Product.init
        act = 3

    with pytest.raises(TypeError, match="game: a Half has no method act and no losses; a game is any object"):
        examine(Half())


def test_check_returns_the_shapes_and_computes_nothing():
    class Untouched(Product):
        def losses(self, discriminator, samples, batch):
            assert isinstance(samples, jax.core.Tracer)
            return super().losses(discriminator, samples, batch)

    players, batch, samples = check(Untouched(), jax.random.key(0))
    assert [leaf.shape for leaf in (*players, batch, samples)] == [(3,)] * 4


def unfinished():
    raise NotImplementedError


FAULTS = {
    "one player": (
        {"init": lambda self, key: jnp.ones(3)},
        TypeError,
        r"init must return saddlery.Pair\(generator, discriminator\), it returned a .* of float32\[3\]",
    ),
    "a plain tuple of players": (
        {"init": lambda self, key: (jnp.ones(3), jnp.ones(3))},
        TypeError,
        r"init must return saddlery.Pair\(.*\), it returned a tuple of \(float32\[3\], float32\[3\]\)",
    ),
    "players of whole numbers": (
        {"init": lambda self, key: Pair({"w": jnp.ones(3)}, {"w": jnp.ones(3), "count": jnp.ones((2, 4), int)})},
        TypeError,
        r"init's discriminator\['count'\] is int32\[2, 4\]; players hold inexact",
    ),
    "samples of whole numbers": (
        {"act": lambda self, generator, batch: jnp.sign(generator).astype(int)},
        TypeError,
        r"act must return inexact .* arrays, it returned int32\[3\]",
    ),
    "losses of every sample": (
        {"losses": lambda self, discriminator, samples, batch: Pair(samples * discriminator, 0.0 * samples)},
        TypeError,
        r"losses must return a Pair of two scalars, it returned \(float32\[3\], float32\[3\]\) for discriminator "
        r"float32\[3\] and samples float32\[3\]",
    ),
    "one loss": (
        {"losses": lambda self, discriminator, samples, batch: samples @ discriminator},
        TypeError,
        r"losses must return a Pair of two scalars, it returned float32\[\]",
    ),
    "a plain tuple of losses": (
        {"losses": lambda self, discriminator, samples, batch: (samples @ discriminator, samples @ discriminator)},
        TypeError,
        r"losses must return saddlery.Pair\(generator, discriminator\), it returned a plain tuple",
    ),
    "shapes that do not fit in act": (
        {"draw": lambda self, key: jnp.ones(4)},
        ValueError,
        r"act failed with TypeError: .*; its arguments were float32\[3\], float32\[4\]",
    ),
    "shapes that do not fit in losses": (
        {"act": lambda self, generator, batch: jnp.ones((2, 5))},
        ValueError,
        r"losses failed with TypeError: .*; its arguments were float32\[3\], float32\[2,5\], float32\[3\]",
    ),
    "an error without a message": (
        {"draw": lambda self, key: unfinished()},
        ValueError,
        r"draw failed with NotImplementedError: no message; its arguments were key<fry>\[\]",
    ),
}


@pytest.mark.parametrize(("methods", "kind", "message"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_said_with_the_method_and_the_shapes(methods, kind, message):
    game = type("Faulty", (Product,), methods)()
    with pytest.raises(kind, match=f"game: {message}"):
        check(game, jax.random.key(0))


def test_an_axis_that_programs_cannot_index_is_refused_while_it_is_a_shape():
    for what, methods in {
        "players": {"init": lambda self, key: Pair(jnp.zeros(3), jnp.zeros((2, 2**31)))},
        "batch": {"draw": lambda self, key: jnp.zeros(2**40)},
        "samples": {"act": lambda self, generator, batch: jnp.zeros((2**31, 1))},
    }.items():
        game = type("Endless", (Product,), methods)()
        with pytest.raises(
            ValueError, match=rf"^{what}: got float32\[.*\], expected at most 2147483647 along each axis"
        ):
            check(game, jax.random.key(0))


def test_what_there_is_no_memory_for_is_refused_while_it_is_shapes(monkeypatch):
    """Players of three numbers each, their gradients and next values are 72 bytes."""
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 72)
    check(Product(), jax.random.key(0))
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 71)
    with pytest.raises(
        ValueError, match=r"^players: \(float32\[3\], float32\[3\]\), their gradients .* would take .* of memory"
    ):
        check(Product(), jax.random.key(0))
    wide = type("Wide", (Product,), {"draw": lambda self, key: jnp.zeros((7, 3))})()
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 83)
    with pytest.raises(ValueError, match=r"^batch: float32\[7,3\] would take"):
        check(wide, jax.random.key(0))


@pytest.mark.parametrize(
    ("game", "what"),
    [
        (lambda: ring(batch=10**9), "batch"),
        (lambda: ring(noise=2**31 - 1), "players"),
        (lambda: bilinear(1.0, 2**40), ""),
    ],
)
def test_games_of_any_size_are_refused_and_no_process_ends(game, what):
    with pytest.raises(ValueError, match=f"^{what}.*(would take|expected a whole number)"):
        check(game(), jax.random.key(0))
