"""Motion of a game along training: its field, the share of rotation, and the distance to a stationary point."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from saddlery.analysis.measures import Measure, by_name
from saddlery.game import gradient_field
from saddlery.games.gan import Gan
from saddlery.metrics.probes import Probe
from saddlery.metrics.separation import separation
from saddlery.types import Key, Players

ORDER = 6  # of the Krylov space in which a stationary point is looked for
NAMES = (
    "field_norm",
    "turning",
    "rotation",
    "pull",
    "distance",
    "unsolved",
    "reached",
    "separation",
    "spread",
    "slope",
)
SIGNS = 4  # random vectors of the estimate of rotation


class Motion(Probe):
    """A probe of a GAN's motion on one batch: the field v = −ξ, rotation in the Jacobian H = ξ′, and distance to rest.

    - `field_norm`: ‖ξ‖.
    - `turning`: ‖Aξ‖² / (‖Sξ‖² + ‖Aξ‖²), with S and A the symmetric and antisymmetric part of H: the share of rotation
      along ξ itself. `rotation`: the same of the whole of H in Frobenius norms, estimated from random signs.
    - `pull`: ‖Hᵀξ‖ / ‖ξ‖. Consensus optimisation adds γHᵀξ to ξ, so γ `pull` is how many times as long as the gradient
      its regulariser is.
    - `distance`, `unsolved`: ‖p‖ and ‖ξ − Hp‖ / ‖ξ‖ of the p that leaves least of Newton's equation Hp = ξ in the
      Krylov space of `saddlery.rules.Krylov`. If ξ were linear, it would rest `distance` away, but for the share
      `unsolved`. `reached`: ‖ξ(θ − p)‖ / ‖ξ‖, what is really left there.
    - `separation`: the share of pairs of a real and a generated sample of which the real one scores higher; ½ when
      the discriminator cannot tell. `spread`: the standard deviation of all scores. `slope`: the mean norm of ∂score/∂x
      at generated samples, all that the generator learns from.
    """

    batch: int = eqx.field(static=True, default=256)

    @property
    def measures(self) -> dict[str, Measure]:
        """The measures of the variables, all details: the study draws them itself."""
        return {name: by_name(name, name, "detail") for name in NAMES}

    def measure(self, game: Gan, players: Players, key: Key) -> dict[str, Any]:
        """The variables that the probe records."""
        batch = dataclasses.replace(game, batch=self.batch).draw(key)
        flat, unravel = ravel_pytree(players)
        field = gradient_field(game, batch)
        xi, push = jax.linearize(lambda z: ravel_pytree(field(unravel(z)))[0], flat)
        pull = jax.linear_transpose(push, flat)
        basis, pushed, pulled = _products(push, lambda u: pull(u)[0], xi, key)
        norm = jnp.linalg.norm(xi)
        krylov = slice(0, ORDER + 1)
        weights = _weights(pushed[krylov], xi)
        step = weights @ basis[krylov]
        signs = slice(ORDER + 1, None)
        scores = self._scores(game, players, batch)
        return scores | {
            "field_norm": norm,
            "turning": _share(pushed[:1], pulled[:1]),
            "rotation": _share(pushed[signs], pulled[signs]),
            "pull": jnp.linalg.norm(pulled[0]),
            "distance": jnp.linalg.norm(step),
            "unsolved": jnp.linalg.norm(xi - weights @ pushed[krylov]) / norm,
            "reached": jnp.linalg.norm(ravel_pytree(field(unravel(flat - step)))[0]) / norm,
        }

    def _scores(self, game, players, batch):
        """What the discriminator makes of real and generated samples."""
        samples = game.act(players.generator, batch)

        def score(x):
            return game.discriminator.apply(players.discriminator, x).reshape(len(x))

        real, (drawn, back) = score(batch.real), jax.vjp(score, samples)
        slopes = back(jnp.ones_like(drawn))[0].reshape(len(samples), -1)
        return {
            "separation": separation(real, drawn),
            "spread": jnp.concatenate([real, drawn]).std(),
            "slope": jnp.linalg.norm(slopes, axis=1).mean(),
        }


def _products(push, pull, xi, key):
    """An orthonormal basis of span{ξ, Hᵀξ, …} and then random signs, and their products with H and Hᵀ.

    All in one loop, so that the products are compiled once.
    """
    total = ORDER + 1 + SIGNS
    random = jax.random.rademacher(key, (total, xi.size), xi.dtype)

    def turn(i, carry):
        basis, pushed, pulled, vector = carry
        before = jnp.linalg.norm(vector)
        for _ in range(2):  # the second round removes what rounding left of the first
            vector = vector - (basis @ vector) @ basis
        length = jnp.linalg.norm(vector)
        new = length > 10 * jnp.finfo(xi.dtype).eps * before
        unit = jnp.where(new, vector / jnp.where(new, length, 1.0), 0.0)
        chosen = jnp.where(i <= ORDER, unit, random[i])
        forth, back = push(chosen), pull(chosen)
        return basis.at[i].set(chosen), pushed.at[i].set(forth), pulled.at[i].set(back), back

    empty = jnp.zeros((total, xi.size), xi.dtype)
    return jax.lax.fori_loop(0, total, turn, (empty, empty, empty, xi))[:3]


def _weights(rows: Any, xi: Any) -> Any:
    """Those with which the rows are nearest to ξ, by Gram and Schmidt: LAPACK is not for several threads at once."""

    def turn(i, carry):
        known, combined = carry
        row, weights = rows[i], jnp.zeros(len(rows), rows.dtype).at[i].set(1)
        for _ in range(2):
            along = known @ row
            row, weights = row - along @ known, weights - along @ combined
        length = jnp.linalg.norm(row)
        new = length > 10 * jnp.finfo(xi.dtype).eps * jnp.linalg.norm(rows[i])
        scale = jnp.where(new, 1 / jnp.where(new, length, 1.0), 0.0)
        return known.at[i].set(scale * row), combined.at[i].set(scale * weights)

    empty = jnp.zeros_like(rows), jnp.zeros((len(rows), len(rows)), rows.dtype)
    known, combined = jax.lax.fori_loop(0, len(rows), turn, empty)
    return (known @ xi) @ combined


def _share(pushed: Any, pulled: Any) -> Any:
    """‖A‖² of ‖S‖² + ‖A‖², from products Hu and Hᵀu."""
    straight, turned = ((pushed + pulled) ** 2).sum(), ((pushed - pulled) ** 2).sum()
    return turned / (straight + turned)
