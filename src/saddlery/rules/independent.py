"""Products of two random factors, each from a batch of its own, whose mean is the product of their means."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from saddlery.game import gradient_field
from saddlery.rules.rule import RuleInput
from saddlery.types import Pair, Parameters, Players, Scalar


class Factors(NamedTuple):
    """The factors of products such as Hᵀξ: one batch's field, with products Hᵀu, and another batch's gradient ξ."""

    field: Callable[[Players], Players]
    transposed: Callable[[Players], tuple[Players]]
    xi: Pair


def independent(inputs: RuleInput, batches: int) -> tuple[Players, list[Factors]]:
    """The gradient, averaged over the batches, and the factors of products: H of one batch with ξ of another.

    With two batches both ways, (H₁, ξ₂) and (H₂, ξ₁), so that ½(H₁ᵀξ₂ + H₂ᵀξ₁) = ∇½⟨ξ₁, ξ₂⟩ has the mean
    (E H)ᵀ E ξ; one batch's Hᵀξ = ∇½‖ξ‖² has the mean (E H)ᵀ E ξ + ∇½ tr Cov ξ, since E‖ξ‖² holds the variance. Where
    only one batch is at hand, as in a look at a fixed batch, it stands for both.

        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> xi, factors = independent(RuleInput(game, players, (), None, None, ((),)), batches=2)
        >>> jnp.concatenate(xi).tolist(), [jnp.concatenate(each.transposed(each.xi)[0]).tolist() for each in factors]
        ([10.0, -6.0], [[12.0, 20.0], [12.0, 20.0]])
    """
    drawn = (inputs.batch, *inputs.others)[:batches]
    fields = [gradient_field(inputs.game, batch) for batch in drawn]
    gradients, transposed = zip(*(jax.vjp(field, inputs.players) for field in fields), strict=True)
    return average(gradients), list(map(Factors, fields, transposed, reversed(gradients)))


def average(trees: Sequence[Parameters]) -> Pair:
    """The mean of some pytrees; of one, itself.

    >>> average([Pair(1.0, 2.0), Pair(3.0, 6.0)])
    Pair(generator=2.0, discriminator=4.0)
    """
    total = trees[0]
    for each in trees[1:]:
        total = optax.tree.add(total, each)
    return total if len(trees) == 1 else optax.tree.scale(1 / len(trees), total)


def transposed_products(factors: Sequence[Factors]) -> Pair:
    """The product Hᵀξ, of one batch's H with the other's ξ, averaged over the batches.

    >>> factors = [Factors(None, lambda xi: (optax.tree.scale(2.0, xi),), Pair(3.0, 4.0))]
    >>> transposed_products(factors)
    Pair(generator=6.0, discriminator=8.0)
    """
    return average([each.transposed(each.xi)[0] for each in factors])


def half_square(factors: Sequence[Factors]) -> Scalar:
    """The squared norm of the gradient, ½‖ξ‖²; with two batches ½⟨ξ₁, ξ₂⟩, whose mean is ½‖E ξ‖².

    >>> xi = Pair(jnp.array([3.0]), jnp.array([4.0]))
    >>> float(half_square([Factors(None, None, xi)]))
    12.5
    """
    return 0.5 * jnp.real(optax.tree.vdot(factors[0].xi, factors[-1].xi))
