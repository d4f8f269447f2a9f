"""Krylov-subspace directions: consensus with more powers of the Jacobian, the weights of least residual."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from saddlery.game import gradient_field
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
from saddlery.types import Memory, Players


class Krylov(Rule):
    """Krylov-subspace direction of minimal residual: in that space nothing leaves less of Newton's equation H p = ξ:

        descend argmin ‖ξ − H p‖ over p in span{ξ, Hᵀξ, …, (Hᵀ)ᵒʳᵈᵉʳ ξ}

    Which power series a second-order method has, and whether consensus is its first step, was a reviewer's question to
    Mescheder, Nowozin and Geiger (2017). Consensus ξ + γHᵀξ and `Neumann` lie in this space, whose matrix is the
    *transposed* Jacobian: here the game chooses the weights instead of γ. From order 1 moving along −p makes ‖ξ‖
    smaller wherever Hᵀξ ≠ 0, since the space holds Hᵀξ = ∇½‖ξ‖². With `transposed=False` the space is that of the
    equation itself, span{ξ, Hξ, …}, and p what GMRES finds: half the products, but no order below n − 1 is sure to
    move at all (order 0 on a pure rotation does not, as ξ ⊥ Hξ). For a symmetric or an antisymmetric H the spaces
    are the same. Once a space is invariant, at the latest at order n − 1, p is the Newton direction H⁻¹ξ.

    The direction is of degree one in ξ, p(cξ) = c p(ξ), but not linear: at an equilibrium it has no derivative, which
    is NaN there, and a method with it no multipliers.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ξ = (10, −6), H = [[0, 2], [−2, 0]]
        >>> jnp.concatenate(sd.rules.Krylov(order=1)(inputs, ())[0]).round().tolist()  # of two numbers: H⁻¹ξ
        [3.0, 5.0]

    **Arguments:**
    - `order`: the highest power, up to 20.
    - `transposed`: whether the powers are of Hᵀ or of H.
    """

    order: int = eqx.field(
        static=True,
        converter=partial(whole, "order", least=0, most=20, why="compiling takes time with the square of the order"),
        default=1,
    )
    transposed: bool = eqx.field(static=True, default=True)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations: one, `order` products with Hᵀ and `order` + 1 with H; without `transposed` no Hᵀ."""
        return 2 + (2 if self.transposed else 1) * self.order

    def __call__(self, inputs: RuleInput, state: Memory) -> tuple[Players, Memory]:
        """The minimiser; there is no state."""
        flat, unravel = ravel_pytree(inputs.players)
        field = gradient_field(inputs.game, inputs.batch)
        xi, push = jax.linearize(lambda z: ravel_pytree(field(unravel(z)))[0], flat)
        pull = jax.linear_transpose(push, flat)
        vector, basis, images, preimages = xi, [], [], []
        best = 0.0 * jnp.linalg.norm(xi) * xi  # nothing, but its derivative at ξ = 0 is NaN, as that of the whole is
        for power in range(self.order + 1):
            basis.append(_new(vector, basis, vector, basis)[0])
            pushed = push(basis[-1])
            image, preimage = _new(pushed, images, basis[-1], preimages)
            images.append(image)
            preimages.append(preimage)
            best = best + jnp.vdot(image, xi) * preimage
            if power < self.order:
                vector = pull(basis[-1])[0] if self.transposed else pushed
        return unravel(best), state


def _new(vector, known, companion, companions):
    """What of `vector` is orthogonal to `known`, at length one, and the same combination of the companions.

    Both are zero when nothing is new.
    """
    length = jnp.linalg.norm(vector)
    for _ in range(2):  # the second round removes what rounding left of the first
        for each, its_companion in zip(known, companions, strict=True):
            along = jnp.vdot(each, vector)
            vector, companion = vector - along * each, companion - along * its_companion
    rest = jnp.linalg.norm(vector)
    new = rest > 10 * jnp.finfo(vector.dtype).eps * length
    scale = jnp.where(new, 1.0 / jnp.where(new, rest, 1.0), 0.0)
    return scale * vector, scale * companion
