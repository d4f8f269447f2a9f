"""Probes: the measures that training records of a game at intervals."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, ArrayLike

from saddlery.analysis.measures import Measure
from saddlery.data import colours
from saddlery.data.distinct import comparable, distinct
from saddlery.data.images import in_range
from saddlery.game import Game, adopt, gradients
from saddlery.games.gan import Sampled
from saddlery.metrics.classes import coverage_of_counts
from saddlery.metrics.classifier import Classifier
from saddlery.metrics.colours import colour_divergence
from saddlery.metrics.distances import mmd, sliced_wasserstein
from saddlery.metrics.modes import mode_coverage
from saddlery.types import Key, Players

IMAGES = 64  # how many images are recorded to be looked at
PIXELS = ("y", "x", "channel")  # axes of an image; `width` is what networks have
AXES: dict[int, tuple[str, ...]] = {1: ("coordinate",), 3: PIXELS}  # of a sample, by its number of axes


class Probe(eqx.Module):
    """A probe: a compiled measurement of two players in their game, `probe(game, players, key) -> {variable: array}`.

    A new one implements `measure`, a pure function, names the axes of variables that have any in `dims`,
    and says in `measures` what its numbers are.

        >>> import saddlery as sd
        >>> class Product(sd.metrics.Probe):
        ...     def measure(self, game, players, key):
        ...         return {"product": players.generator @ players.discriminator}
        >>> players = sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> float(Product()(sd.games.bilinear(), players, jax.random.key(0))["product"])
        15.0
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The names of the axes of each variable."""
        return {}

    @property
    def measures(self) -> dict[str, Measure]:
        """The measures of its variables, by name; those that are known by their names need not be here.

        A number that is neither is drawn and tabled under its name.
        """
        return {}

    @abc.abstractmethod
    def measure(self, game: Any, players: Players, key: Key) -> dict[str, Any]:
        """The variables that the probe records, by name."""

    def __call__(self, game: Any, players: Players, key: Key) -> dict[str, Any]:
        """The variables, by name, from a compiled program."""
        return _measure(self, adopt(game), players, key)


@eqx.filter_jit
def _measure(probe, game, players, key):
    return probe.measure(game, players, key)


class Losses(Probe):
    """A probe of both players' losses, and the ℓ² norms of the simultaneous gradient's two parts, on a fresh batch.

    >>> import saddlery as sd
    >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
    >>> {name: float(value) for name, value in Losses()(game, players, jax.random.key(0)).items()}  # 2 · 3 · 5, …
    {'discriminator_loss': -30.0, 'discriminator_norm': 6.0, 'generator_loss': 30.0, 'generator_norm': 10.0}
    """

    def measure(self, game: Game, players: Players, key: Key) -> dict[str, Array]:
        """The variables `generator_loss`, `discriminator_loss`, `generator_norm`, `discriminator_norm`."""
        batch = game.draw(key)
        losses = game.losses(players.discriminator, game.act(players.generator, batch), batch)
        xi = gradients(game, players, batch)
        return {
            "generator_loss": losses.generator,
            "discriminator_loss": losses.discriminator,
            "generator_norm": optax.tree.norm(xi.generator),
            "discriminator_norm": optax.tree.norm(xi.discriminator),
        }


class Modes(Probe):
    """A probe of mode coverage, `mode_coverage` of fresh samples, for a GAN whose data is a `Mixture`.

    >>> import saddlery as sd
    >>> game = sd.games.ring(width=4)
    >>> sorted(Modes(samples=10)(game, game.init(jax.random.key(0)), jax.random.key(1)))
    ['high_quality', 'js', 'kl', 'modes', 'total_variation']
    """

    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game: Sampled, players: Players, key: Key) -> dict[str, Array]:
        """The variables `modes`, `high_quality`, `kl`, `js`, `total_variation`."""
        samples = game.sample(players.generator, key, self.samples)
        return _measures(mode_coverage(samples, game.data.centres, game.data.std))


class Classes(Probe):
    """A probe of class coverage, `class_coverage` of fresh samples, for a GAN whose data is `Stacked` digits."""

    classifier: Classifier
    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game: Sampled, players: Players, key: Key) -> dict[str, Array]:
        """The variables `modes`, `kl`, `reverse_kl`, `total_variation`, `chi_square`, `p_value`."""
        classes = self.classifier.classify(game.sample(players.generator, key, self.samples))
        counts = jnp.bincount(classes, length=game.data.modes)
        return _measures(coverage_of_counts(jnp.where((classes < 0).any(), jnp.nan, counts)))


class Colours:
    """A probe of `colour_js`, the divergence of fresh samples' colours from the data's, for a GAN on `Coloured`."""

    def __init__(self, samples: int = 2500):
        self.samples: int = samples

    def __call__(self, game: Sampled, players: Players, key: Key) -> dict[str, float]:
        """`colour_js`."""
        return {"colour_js": colour_divergence(*_coloured(adopt(game), players.generator, key, self.samples))}


@eqx.filter_jit
def _coloured(game, generator, key, samples):
    """The colours of fresh samples, and of as many real ones."""
    noise, real = jax.random.split(key)
    return jnp.clip(colours(game.sample(generator, noise, samples)), 0, 1), colours(game.data.draw(real, samples))


class Distances(Probe):
    """A probe of distances, `sliced_wasserstein` (of order 2) and `mmd`, between fresh samples and as many real ones.

    Real ones are drawn without replacement; of data held in memory at most half, as a perfect sampler's, with which
    values are compared, are the others.

    The kernel's bandwidths are fixed, so that values of different steps, seeds and methods compare.

        >>> same = jnp.array([[0.0], [1.0]])
        >>> float(Distances(jnp.ones(1)).between(same, same, jax.random.key(0))["sliced_wasserstein"])
        0.0
    """

    bandwidths: Array
    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game: Sampled, players: Players, key: Key) -> dict[str, Array]:
        """The variables `sliced_wasserstein`, `mmd`."""
        noise, real, projections = jax.random.split(key, 3)
        (of_data,) = distinct(game.data, real, comparable(game.data, self.samples))
        return self.between(of_data, game.sample(players.generator, noise, len(of_data)), projections)

    def between(self, real: Array, samples: Array, key: Key) -> dict[str, Array]:
        """The distances between two sets of samples."""
        return {
            "sliced_wasserstein": sliced_wasserstein(samples, real, key),
            "mmd": mmd(samples, real, self.bandwidths),
        }


class Samples(Probe):
    """A probe of fresh samples to look at: vectors as they are in float32, images as pixels.

    >>> Samples(("coordinate",), 10).dims
    {'samples': ('sample', 'coordinate')}
    """

    axes: tuple[str, ...] = eqx.field(static=True)
    shown: int = eqx.field(static=True)

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axes of `samples`."""
        return {"samples": ("sample", *self.axes)}

    def measure(self, game: Sampled, players: Players, key: Key) -> dict[str, Array]:
        """The variable `samples`."""
        samples = game.sample(players.generator, key, self.shown)
        return {"samples": pixels(samples) if len(self.axes) == 3 else samples.astype(jnp.float32)}


def as_seen(images: ArrayLike) -> Array:
    """The images as they are displayed, in [−1, 1]: what lies outside is clipped.

    >>> as_seen(jnp.array([-0.5, 9.0])).tolist()
    [-0.5, 1.0]
    """
    return jnp.clip(in_range(jnp.asarray(images)), -1, 1)


def pixels(images: ArrayLike) -> Array:
    """Images in [−1, 1] as uint8 in [0, 255], rounded; what lies outside is clipped, NaN is grey; uint8 stays.

    >>> pixels(jnp.array([-1.0, 1.0, 9.0])).tolist()
    [0, 255, 255]
    """
    return jnp.round((jnp.nan_to_num(as_seen(images)) + 1) * 127.5).astype(jnp.uint8)


def _measures(coverage):
    """What is measured of modes or classes, but their counts; all NaN where it is not known."""
    unknown = jnp.isnan(coverage.kl)
    return {name: jnp.where(unknown, jnp.nan, value) for name, value in coverage._asdict().items() if name != "counts"}
