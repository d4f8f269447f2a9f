"""Options of XLA's compiler: the loops of small programs stay on one thread of the CPU."""

import functools

import jax
import jax.numpy as jnp

from saddlery.game import Game, Pair
from saddlery.games.gan import as_gan

# Of a program: no elementwise loop is divided among threads, and a matrix product is one call, without its neighbours.
LOOPS = {
    "xla_disable_hlo_passes": "cpu-parallel-task-assigner",
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
}
SMALL = 2**20  # multiply-adds of the discriminator's largest product, up to which that is faster


def options(game: Game, players: Pair) -> dict[str, str]:
    """The compiler's options for the steps of a game; none but on the CPU, for small games.

    Where the discriminator's products are small, dividing the loops between them among threads costs more than it
    gives, and holds runs side by side up. Sizes decide, not the machine: the bits depend neither on its cores nor on
    what else it does.
    """
    return known() if jax.default_backend() == "cpu" and small(game, players) else {}


def small(game: Game, players: Pair) -> bool:
    """Whether a game is a GAN of dense layers whose discriminator's largest product takes few multiply-adds.

    >>> import saddlery as sd
    >>> for game in (sd.games.ring(preset="numerics"), sd.games.ring(preset="unrolled")):
    ...     print(small(game, jax.eval_shape(game.init, jax.random.key(0))))
    True
    False
    """
    gan = as_gan(game)
    if gan is None or any(leaf.ndim > 2 for leaf in jax.tree.leaves(players)):
        return False
    largest = max((leaf.size for leaf in jax.tree.leaves(players.discriminator)), default=0)
    return gan.batch * largest <= SMALL


@functools.cache
def known() -> dict[str, str]:
    """Those of `LOOPS` that the compiler at hand knows; each may go with a later one."""
    nothing = jax.jit(lambda: jnp.zeros(())).lower()
    found = {}
    for name, value in LOOPS.items():
        try:
            nothing.compile(compiler_options={name: value})
        except Exception:  # whatever a version says of what it does not know
            continue
        found[name] = value
    return found
