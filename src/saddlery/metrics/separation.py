"""How well a discriminator's scores tell real samples from generated ones."""

from jaxtyping import Array, Float


def separation(real: Float[Array, " n"], generated: Float[Array, " m"]) -> Float[Array, ""]:
    """The share of pairs in which the real sample has the higher score, ties counting half.

    It is ½ where scores cannot tell real from generated and 1 where they always can: the area under the ROC curve.

        >>> import jax.numpy as jnp
        >>> float(separation(jnp.array([1.0, 3.0]), jnp.array([0.0, 1.0])))  # of four pairs three, and a tie
        0.875
    """
    return (real[:, None] > generated).mean() + 0.5 * (real[:, None] == generated).mean()
