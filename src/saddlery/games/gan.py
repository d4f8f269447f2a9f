"""GANs: a generator of samples against a discriminator of real and generated ones."""

from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
from jaxtyping import Array

from saddlery.data import as_data
from saddlery.errors import InvalidValue
from saddlery.game import Game, unwrapped
from saddlery.losses import as_loss, as_penalties
from saddlery.networks import Network, as_network
from saddlery.optimisers import PUBLISHED, as_optimiser
from saddlery.text.arguments import whole
from saddlery.types import Key, Losses, Pair, Parameters, Players

LARGEST, TOGETHER = 2**30, "real and generated samples together are an axis of at most 2³¹"


class Batch(NamedTuple):
    """A batch of a GAN, all the randomness of one evaluation: noise, real samples, and one draw for each penalty."""

    noise: Array
    real: Array
    penalties: tuple[Any, ...]


class Gan(eqx.Module):
    """A generative adversarial network as a two-player game (Goodfellow et al., 2014).

        >>> import saddlery as sd
        >>> data, MLP = sd.data.Mixture([[0.0, 0.0]], std=1.0), sd.networks.MLP
        >>> game = Gan(MLP(4, 2), MLP(2, 1), data, noise=4)
        >>> players = game.init(jax.random.key(0))
        >>> game.sample(players.generator, jax.random.key(1), 3).shape
        (3, 2)

    **Arguments:**
    - `generator`: a `Network` from noise `(batch, noise)` to samples `(batch, …)`.
    - `discriminator`: a `Network` from samples to scores, `(batch,)` or `(batch, 1)`, without a sigmoid.
    - `data`: anything with `draw(key, n)` that returns `n` real samples; an array of any library, points
      `(n, dimension)` or images `(n, height, width, channels)` (see `saddlery.data.Points` and `Images`); or a name or
      path, as of `saddlery.data.as_data`.
    - `loss`: a name of `saddlery.losses.LOSSES` or a function of real and generated scores to a `Pair`.
    - `penalty`: one of `saddlery.losses`' penalties, such as `R1(1.0)` or `"r1(weight=1.0)"`, several in a tuple, or
      `None`; added to the discriminator's loss.
    - `noise`: the dimension of the noise, standard normal.
    - `batch`: how many samples an evaluation draws, noise and real alike.
    - `default_optimisers`: the players' optimisers under a method that leaves them open: a pair of texts or optimisers;
      by default Adam of learning rate 2e-4 with b1 = 0.5.

    **Raises:** `ValueError` for numbers out of range, and when `data` has a length, and it is less than `batch`; what
    `saddlery.data.as_data` raises for data that are none.
    """

    generator: Network = eqx.field(converter=lambda network: as_network(network, "generator"))
    discriminator: Network = eqx.field(converter=lambda network: as_network(network, "discriminator"))
    data: Any = eqx.field(converter=as_data)
    loss: Any = eqx.field(converter=as_loss, default="nonsaturating")
    penalty: Any = eqx.field(converter=as_penalties, default=None)
    noise: int = eqx.field(static=True, converter=partial(whole, "noise"), default=16)
    batch: int = eqx.field(static=True, converter=partial(whole, "batch", most=LARGEST, why=TOGETHER), default=512)
    default_optimisers: Pair = eqx.field(
        converter=lambda chosen: Pair(*map(as_optimiser, chosen)), default=PUBLISHED["images"], kw_only=True
    )

    def __check_init__(self) -> None:
        if hasattr(self.data, "__len__") and len(self.data) < self.batch:
            raise InvalidValue(f"batch: got {self.batch}, expected at most as many as there are data, {len(self.data)}")

    def init(self, key: Key) -> Players:
        """The parameters of both networks."""
        generator, discriminator = jax.random.split(key)
        return Pair(self.generator.init(generator), self.discriminator.init(discriminator))

    def draw(self, key: Key) -> Batch:
        """A batch: noise, real samples, and the penalties' own randomness."""
        noise, real, penalties = jax.random.split(key, 3)
        samples = self.data.draw(real, self.batch)
        return Batch(
            jax.random.normal(noise, (self.batch, self.noise)),
            samples,
            tuple(penalty.draw(jax.random.fold_in(penalties, i), samples) for i, penalty in enumerate(self.penalty)),
        )

    def act(self, generator: Parameters, batch: Batch) -> Array:
        """Generated samples, one for each noise vector."""
        return self.generator.apply(generator, batch.noise)

    def losses(self, discriminator: Parameters, samples: Array, batch: Batch) -> Losses:
        """Both players' losses, the penalties added to the discriminator's."""

        def score(x):
            return self.discriminator.apply(discriminator, x).reshape(len(x))

        losses = self.loss(score(batch.real), score(samples))  # apart: the generator's gradient is not of both
        for penalty, draw in zip(self.penalty, batch.penalties, strict=True):
            losses = losses._replace(discriminator=losses.discriminator + penalty(score, batch.real, samples, draw))
        return losses

    def sample(self, generator: Parameters, key: Key, n: int) -> Array:
        """Draw `n` generated samples, for measures and figures."""
        return self.generator.apply(generator, jax.random.normal(key, (n, self.noise)))


@runtime_checkable
class Sampled(Game, Protocol):
    """The protocol of a game with samples and data: a `Gan`, or one wrapped around it."""

    @property
    def data(self) -> Any:
        """The data set that the game learns from; kinds of data have attributes of their own."""
        ...

    def sample(self, generator: Parameters, key: Key, n: int) -> Array:
        """Draw `n` generated samples."""
        ...


def as_gan(game: object) -> Gan | None:
    """The GAN that a game is, also one with something wrapped around it; `None` for any other game.

    >>> import saddlery as sd
    >>> type(as_gan(sd.fixed(sd.games.ring(), ()))).__name__, as_gan(sd.games.bilinear())
    ('Gan', None)
    """
    bare = unwrapped(game)
    return bare if isinstance(bare, Gan) else None
