"""Curvature of the field and of the update along training: Krylov spaces, rotation, blocks."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from saddlery.analysis.measures import Measure, by_name
from saddlery.dynamics.stability import without_zero_moments
from saddlery.game import gradients
from saddlery.method import Method
from saddlery.runs.method_probe import MethodProbe
from saddlery.types import Key, Memory, Pair, Players

STEPS = 8  # of Arnoldi's iteration


class Curvature(MethodProbe):
    """A probe of the Jacobian J = v′ at the players, on a fresh batch, and of the derivative of the method's update.

    - `turning`: ‖(J − Jᵀ)v‖² / (‖(J − Jᵀ)v‖² + ‖(J + Jᵀ)v‖²), how much of what J does along v is rotation.
    - `generator_curvature`, `discriminator_curvature`: ⟨v_p, J_pp v_p⟩ / ‖v_p‖² of each player's block, negative where
      its own loss is convex along its gradient. `generator_coupling`, `discriminator_coupling`: the length of what the
      other block does with v_p, over ‖v_p‖: ‖J_qp v_p‖ / ‖v_p‖.
    - `field_krylov` (row, column): the matrix H = QᵀJQ of Arnoldi's iteration in the Krylov space span(v, Jv, …), whose
      eigenvalues are Ritz values of J; `update_krylov`: the same of M − 1 from the step that the method would take,
      M = ∂Φ/∂θ with the optimisers' states held. Its Ritz values are μ − 1, so that |μ| < 1 contracts.

    It costs 10 products with J, each about two gradients, and 8 derivatives of a step.

        >>> import saddlery as sd
        >>> game, method = sd.games.bilinear(coupling=2.0), sd.methods.simultaneous(learning_rate=0.1)
        >>> players = sd.Pair(jnp.array([3.0]), jnp.array([4.0]))
        >>> found = Curvature()(game, players, jax.random.key(0), method, method.init(game, players))
        >>> float(found["turning"]), found["field_krylov"][:2, :2].round(3).tolist()  # ±2i
        (1.0, [[0.0, -2.0], [2.0, 0.0]])
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axes of the two matrices."""
        return {"field_krylov": ("row", "column"), "update_krylov": ("row", "column")}

    @property
    def measures(self) -> dict[str, Measure]:
        """All are recorded only: what they say depends on where training is."""
        details = ("generator_curvature", "discriminator_curvature", "generator_coupling", "discriminator_coupling")
        return {name: by_name(name, name, "detail") for name in ("turning", *details)}

    def measure(self, game: Any, players: Players, key: Key, method: Method, state: Memory) -> dict[str, Any]:
        """The variables that the probe records."""
        batch = game.draw(key)
        point, unravel = ravel_pytree(players)
        of_generator = jnp.arange(point.size) < ravel_pytree(players.generator)[0].size

        def field(x):
            return -ravel_pytree(gradients(game, Pair(*unravel(x)), batch))[0]

        lifted = without_zero_moments(state)  # Adam has no derivative where a second moment is zero

        def update(x):
            after, _ = method.step(game, Pair(*unravel(x)), lifted, key)
            return ravel_pytree(after)[0] - x

        v, product = jax.linearize(field, point)
        step, moved = jax.linearize(update, point)
        small, pushed = arnoldi(product, v)
        pulled = jax.linear_transpose(product, point)(v)[0]
        part = jnp.where(of_generator, v, 0.0)
        image = product(part)
        turned, straight = jnp.sum((pushed - pulled) ** 2), jnp.sum((pushed + pulled) ** 2)
        found = {
            "turning": turned / (turned + straight),
            "field_krylov": small,
            "update_krylov": arnoldi(moved, step)[0],
        }
        blocks = ((of_generator, part, image), (~of_generator, v - part, pushed - image))
        for name, (own, part, image) in zip(players._fields, blocks, strict=True):
            square = jnp.sum(part**2)
            found[f"{name}_curvature"] = part @ image / square
            found[f"{name}_coupling"] = jnp.linalg.norm(jnp.where(own, 0.0, image)) / jnp.sqrt(square)
        return found


def arnoldi(
    product: Callable[[Array], Array], start: Float[Array, " n"], steps: int = STEPS
) -> tuple[Float[Array, "k k"], Float[Array, " n"]]:
    """The matrix of a linear map A in the Krylov space of a vector b, by Arnoldi's iteration: H = QᵀAQ; and Ab.

    Where the space ends earlier, the rest of H is zero.

        >>> matrix = jnp.diag(jnp.array([1.0, 2.0]))
        >>> small, image = arnoldi(lambda u: matrix @ u, jnp.ones(2), 2)
        >>> jnp.linalg.eigvals(small).real.round(3).tolist(), image.round(3).tolist()
        ([1.0, 2.0], [1.0, 2.0])
    """
    length = jnp.linalg.norm(start)
    basis = jnp.zeros((steps + 1, start.size), start.dtype).at[0].set(start / length)

    def advance(j, carried):
        basis, small = carried
        pushed = product(basis[j])
        size = jnp.linalg.norm(pushed)
        for _ in range(2):  # once more for what rounding left
            along = basis @ pushed
            pushed = pushed - along @ basis
            small = small.at[:, j].add(along)
        rest = jnp.linalg.norm(pushed)
        goes_on = rest > 10 * jnp.finfo(start.dtype).eps * size
        following = jnp.where(goes_on, pushed / jnp.where(goes_on, rest, 1.0), 0.0)
        return basis.at[j + 1].set(following), small.at[j + 1, j].set(jnp.where(goes_on, rest, 0.0))

    basis, small = jax.lax.fori_loop(0, steps, advance, (basis, jnp.zeros((steps + 1, steps), start.dtype)))
    return small[:steps], length * small[:, 0] @ basis
