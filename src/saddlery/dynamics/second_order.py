"""Second derivatives of a game for its critical points: of each batch, and of the leader's Lagrangian."""

import equinox as eqx
import jax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from saddlery.dynamics.jacobian import field_of, mean
from saddlery.game import Game
from saddlery.types import Keys, Pair

Vector = Float[Array, " numbers"]


@eqx.filter_jit
def fields(game: Game, players: Pair, keys: Keys) -> Float[Array, "batches numbers"]:
    """The fields v of each batch, as rows.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> keys = jax.random.split(jax.random.key(0), 2)
    >>> fields(game, players, keys).tolist()  # (−σd, σg)
    [[-10.0, 6.0], [-10.0, 6.0]]
    """
    of = field_of(game, players)
    return jax.lax.map(lambda key: of(players, game.draw(key)), keys)


@eqx.filter_jit
def quotients(game: Game, players: Pair, keys: Keys, left: Vector, right: Vector) -> Float[Array, " batches"]:
    """The products ⟨l, Hr⟩ of each batch, with H = ξ′.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> keys = jax.random.split(jax.random.key(0), 2)
    >>> quotients(game, players, keys, jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])).tolist()  # H_gd = σ
    [2.0, 2.0]
    """
    of, (z, unravel) = field_of(game, players), ravel_pytree(players)

    def quotient(key):
        batch = game.draw(key)
        pushed = jax.jvp(lambda z: of(unravel(z), batch), (z,), (right.astype(z.dtype),))[1]
        return -left.astype(z.dtype) @ pushed

    return jax.lax.map(quotient, keys)


@eqx.filter_jit
def leader_gradient(game: Game, players: Pair, keys: Keys) -> Vector:
    """The gradient of the generator's loss in both players' parameters, averaged over batches.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> keys = jax.random.split(jax.random.key(0), 2)
    >>> leader_gradient(game, players, keys).tolist()  # of σgd
    [10.0, 6.0]
    """

    def gradient(key):
        batch = game.draw(key)
        loss = lambda players: game.losses(players[1], game.act(players[0], batch), batch)[0]  # noqa: E731
        return ravel_pytree(jax.grad(loss)(players))[0]

    return mean(gradient, keys)


def _pushed(game, players, key, weights, directions):
    """Products of the Hessian of L_g − ⟨w, ∇_d L_d⟩ on one batch with directions, rows."""
    batch, (z, unravel) = game.draw(key), ravel_pytree(players)
    w = ravel_pytree(players.discriminator)[1](weights.astype(z.dtype))

    def lagrangian(z):
        generator, discriminator = unravel(z)
        samples = game.act(generator, batch)
        losses = lambda discriminator: tuple(game.losses(discriminator, samples, batch))  # noqa: E731
        (of_generator, _), (_, slope) = jax.jvp(losses, (discriminator,), (w,))
        return of_generator - slope

    return jax.lax.map(lambda u: jax.jvp(jax.grad(lagrangian), (z,), (u,))[1], directions.astype(z.dtype))


@eqx.filter_jit
def lagrangian_products(
    game: Game, players: Pair, keys: Keys, weights: Float[Array, " theirs"], directions: Float[Array, "rows numbers"]
) -> Float[Array, "rows numbers"]:
    """Products of the Hessian of the Lagrangian L_g − ⟨w, ∇_d L_d⟩ with directions, averaged over batches.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> keys = jax.random.split(jax.random.key(0), 2)
    >>> lagrangian_products(game, players, keys, jnp.array([7.0]), jnp.eye(2)).tolist()  # of σgd + wσg
    [[0.0, 2.0], [2.0, 0.0]]
    """
    return mean(lambda key: _pushed(game, players, key, weights, directions), keys)


@eqx.filter_jit
def lagrangian_quotients(
    game: Game, players: Pair, keys: Keys, weights: Float[Array, " theirs"], along: Vector
) -> Float[Array, " batches"]:
    """The quotients ⟨u, ∇²(L_g − ⟨w, ∇_d L_d⟩) u⟩ of each batch, u and w held.

    >>> import jax.numpy as jnp
    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> keys = jax.random.split(jax.random.key(0), 2)
    >>> lagrangian_quotients(game, players, keys, jnp.array([7.0]), jnp.array([1.0, 1.0])).tolist()  # 2σ
    [4.0, 4.0]
    """
    return jax.lax.map(lambda key: _pushed(game, players, key, weights, along[None])[0] @ along, keys)
