"""Types of signatures, named as the papers do.

Some are `Any` to a type checker, since what they are is the game's own choice, or the rule's, and no checker can say
more of a pytree:

- `Parameters` of a player: a pytree of inexact arrays, its structure the network's.
- `Batch`: all the randomness of one evaluation, of the game's own structure.
- `Samples`: what the discriminator gets to see of the generator, an array or a pytree of them.
- `Memory`: what a rule, a schedule or an optimiser remembers from step to step, of its own structure.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias

import jaxtyping
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # whose default makes of a bare `Pair` one of anything

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

Key: TypeAlias = PRNGKeyArray  # of `jax.random.key`
Keys: TypeAlias = jaxtyping.Key[Array, " keys"]  # several, of `jax.random.split`
Scalar: TypeAlias = Float[Array, ""]
Numbers: TypeAlias = ArrayLike | Sequence["Numbers"]  # a number, an array, or nested lists of numbers

Level: TypeAlias = str | float | bool | None  # what a setting was set to
Parameters: TypeAlias = Any
Batch: TypeAlias = Any
Samples: TypeAlias = Any
Memory: TypeAlias = Any


class Pair(NamedTuple, Generic[T]):
    """A pair, one value for each player: parameters, losses, gradients, optimisers or their states.

    >>> Pair(generator=1, discriminator=2)
    Pair(generator=1, discriminator=2)
    """

    generator: T
    discriminator: T


Players: TypeAlias = Pair[Parameters]
Losses: TypeAlias = Pair[Scalar]
