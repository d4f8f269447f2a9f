"""GANs whose discriminator is linear in random features, so that its best response is known."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.data.images import shape_of
from saddlery.errors import InvalidType, InvalidValue
from saddlery.games import convex
from saddlery.games.digits import digits
from saddlery.games.gan import Batch, Gan, as_gan
from saddlery.games.images import images
from saddlery.games.ring import grid, moons, ring
from saddlery.networks.random_features import SCALES, RandomFeatures
from saddlery.text.arguments import number as a_number
from saddlery.text.arguments import quoted
from saddlery.text.call import build
from saddlery.text.provenance import with_call
from saddlery.types import Losses, Parameters

GANS: dict[str, Callable[..., Gan]] = {"digits": digits, "grid": grid, "images": images, "moons": moons, "ring": ring}


class LinearGan(Gan):
    """A GAN whose discriminator is linear in features: see `random_features`."""

    ridge: float = eqx.field(static=True, converter=partial(a_number, "ridge", above=0.0), default=1e-3, kw_only=True)

    def losses(self, discriminator: Parameters, samples: Array, batch: Batch) -> Losses:
        """Both players' losses, and the ridge ½ λ (‖w‖² + b²) in the discriminator's."""
        bare = super().losses(discriminator, samples, batch)
        ridge = 0.5 * self.ridge * (jnp.sum(discriminator["weight"] ** 2) + discriminator["bias"] ** 2)
        return bare._replace(discriminator=bare.discriminator + ridge)

    def best_response_on(self, generator: Parameters, batch: Batch, start: Parameters | None = None) -> Parameters:
        """The discriminator of least loss on a batch, by Newton's method: see `saddlery.games.convex.minimise`.

        **Arguments:** `start`: where it begins, by default at zero; the end does not depend on it.
        """
        return self.minimum(generator, batch, start).at

    def minimum(self, generator: Parameters, batch: Batch, start: Parameters | None = None) -> convex.Minimum:
        """The same with its KKT residual, and how many steps Newton's method took."""
        samples = self.act(generator, batch)
        begun = self.discriminator.init(jax.random.key(0)) if start is None else start
        return convex.minimise(lambda d: self.losses(d, samples, batch).discriminator, begun)


@with_call()
def random_features(
    game: str | Gan = "ring(preset='numerics')",
    *,
    number: int = 256,
    scales: Sequence[float] = SCALES,
    ridge: float = 1e-3,
    draw_seed: int = 0,
) -> LinearGan:
    """A GAN with the generator, data and loss of another, and a discriminator that is linear in random features.

    Its scores are ⟨w, φ(x)⟩ + b, φ random Fourier features (`saddlery.networks.RandomFeatures`), its loss has a ridge
    ½ λ (‖w‖² + b²) added. Where the loss is convex in the scores, as minimax, non-saturating, least squares are, the
    discriminator's best response to a generator on a batch is the solution of a strictly convex problem, which Newton's
    method finds: the schedule `best_response` takes it in every step, the optimal dynamics of Li, Madry, Peebles and
    Schmidt (2018) where there are more than two Gaussians.

        >>> game = random_features("ring(preset='numerics', batch=64)", number=32)
        >>> players = game.init(jax.random.key(0))
        >>> float(game.minimum(players.generator, game.draw(jax.random.key(1))).residual) < 1e-5
        True

    **Arguments:**
    - `game`: a GAN or its text, without a penalty.
    - `number`, `scales`: of the features, as of `saddlery.networks.RandomFeatures`; `draw_seed`: its `seed`.
    - `ridge`: λ, positive.

    **Raises:** `TypeError` for a game that is no GAN; `ValueError` for numbers out of range, and for a GAN with
    penalties on its discriminator, which are not convex in w.
    """
    gan = as_gan(build("game", game, GANS) if isinstance(game, str) else game)
    if gan is None:
        raise InvalidType(f"game: got {quoted(game)}, expected a GAN, such as ring(preset='numerics')")
    if gan.penalty:
        raise InvalidValue("game: it has penalties on its discriminator, expected none: they are not convex in w")
    network = RandomFeatures(math.prod(shape_of(gan.data)), number, scales, draw_seed)
    return LinearGan(
        gan.generator, network, gan.data, gan.loss, None, gan.noise, gan.batch,
        default_optimisers=gan.default_optimisers, ridge=ridge,
    )  # fmt: skip
