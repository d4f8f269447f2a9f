"""Quadratic games: any linear dynamics of two players, with everything about them in closed form."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.games.analytic import Analytic
from saddlery.text.provenance import with_call
from saddlery.types import Batch, Key, Losses, Numbers, Pair


class Quadratic(Analytic):
    """A general-sum quadratic game of n against m numbers; see `quadratic`, which fills in the defaults."""

    A: Float[Array, "n n"]
    B: Float[Array, "n m"]
    C: Float[Array, "m m"]
    D: Float[Array, "m n"]
    a: Float[Array, " n"]
    c: Float[Array, " m"]

    def init(self, key: Key) -> Pair[Array]:
        """Initial players, both standard normal."""
        generator, discriminator = jax.random.split(key)
        return Pair(
            jax.random.normal(generator, self.a.shape, self.a.dtype),
            jax.random.normal(discriminator, self.c.shape, self.c.dtype),
        )

    def losses(self, discriminator: Array, samples: Array, batch: Batch) -> Losses:
        """The losses, both quadratic forms."""
        g, d = samples, discriminator
        return Pair(
            0.5 * g @ self.A @ g + g @ self.B @ d + self.a @ g,
            0.5 * d @ self.C @ d + d @ self.D @ g + self.c @ d,
        )

    def jacobian(self) -> Float[Array, "numbers numbers"]:
        """The Jacobian H = ξ′, the same everywhere, the generator's rows and columns first; J of the papers is −H."""
        return jnp.block([[(self.A + self.A.T) / 2, self.B], [self.D, (self.C + self.C.T) / 2]])

    def equilibrium(self) -> Pair[Array]:
        """The equilibrium, where both gradients vanish; not a finite number when H is singular."""
        point = jnp.linalg.solve(self.jacobian(), -jnp.concatenate([self.a, self.c]))
        return Pair(point[: len(self.a)], point[len(self.a) :])


@with_call()
def quadratic(
    A: Numbers, B: Numbers, C: Numbers, D: Numbers | None = None, a: Numbers | None = None, c: Numbers | None = None
) -> Quadratic:
    """The quadratic game with these matrices, each player's loss its own.

        L_g(g, d) = ½ gᵀA g + gᵀB d + a·g
        L_d(g, d) = ½ dᵀC d + dᵀD g + c·d

    With `D` left out it is −Bᵀ, the coupling of a zero-sum game: L_g + L_d then holds no product of the players.

        >>> game = quadratic(A=[[2.0]], B=[[1.0]], C=[[2.0]], a=[5.0])
        >>> game.jacobian().tolist()  # H, with D = −Bᵀ
        [[2.0, 1.0], [-1.0, 2.0]]
        >>> [each.tolist() for each in game.equilibrium()]  # 2g + d + 5 = 0, 2d − g = 0
        [[-2.0], [-1.0]]

    **Arguments:**
    - `A`: `(n, n)`, `B`: `(n, m)`, `C`: `(m, m)`, `D`: `(m, n)` or `None` for −Bᵀ.
    - `a`: `(n,)`, `c`: `(m,)`, zero when left out.

    **Raises:** `ValueError` when the shapes do not fit, or numbers are not finite.
    """
    A, B, C = (jnp.asarray(numbers(name, x), float) for name, x in {"A": A, "B": B, "C": C}.items())
    if B.ndim != 2:
        raise InvalidValue(f"B: got shape {B.shape}, expected a matrix (n, m)")
    n, m = B.shape
    D = -B.T if D is None else jnp.asarray(numbers("D", D), float)
    a = jnp.zeros(n) if a is None else jnp.asarray(numbers("a", a), float)
    c = jnp.zeros(m) if c is None else jnp.asarray(numbers("c", c), float)
    expected = {"A": (A, (n, n)), "C": (C, (m, m)), "D": (D, (m, n)), "a": (a, (n,)), "c": (c, (m,))}
    for name, (array, shape) in expected.items():
        if array.shape != shape:
            raise InvalidValue(f"{name}: got shape {array.shape}, expected {shape} beside B of shape {B.shape}")
    return Quadratic(A, B, C, D, a, c)
