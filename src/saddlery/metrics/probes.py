"""Probes: what training records of a game every so often, chosen by the game."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from saddlery.analysis.measures import Measure
from saddlery.arguments import whole
from saddlery.data import Coloured, Mixture, Stacked, colours
from saddlery.data.images import in_range
from saddlery.game import adopt, gradients
from saddlery.games.gan import as_gan
from saddlery.metrics.classes import coverage_of_counts, perfect_classes
from saddlery.metrics.classifier import Classifier, classifier
from saddlery.metrics.colours import colour_divergence, perfect_colours
from saddlery.metrics.distances import SCALES, median_distance, mmd, sliced_wasserstein
from saddlery.metrics.modes import mode_coverage, perfect_sampler

IMAGES = 64  # how many images are recorded to be looked at
REFERENCE = 1000  # how many real samples set the bandwidths of the kernel


class Probe(eqx.Module):
    """A measurement of two players in their game, compiled: `probe(game, players, key) -> {variable: array}`.

    A new one implements `measure`, a pure function, names the axes of variables that have any in `dims`,
    and says in `measures` what its numbers are.
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The names of the axes, by variable."""
        return {}

    @property
    def measures(self) -> dict[str, Measure]:
        """Which measures its variables are, by name; those that are known by their names need not be here.

        A number that is neither is drawn and tabled under its name.
        """
        return {}

    @abc.abstractmethod
    def measure(self, game: Any, players: Any, key: Any) -> dict[str, Any]:
        """The variables, by name."""

    def __call__(self, game: Any, players: Any, key: Any) -> dict[str, Any]:
        """The variables, by name, from a compiled program."""
        return _measure(self, adopt(game), players, key)


@eqx.filter_jit
def _measure(probe, game, players, key):
    return probe.measure(game, players, key)


class Losses(Probe):
    """Both players' losses, and the ℓ² norms of the simultaneous gradient's two parts, on a fresh batch."""

    def measure(self, game, players, key):
        """`generator_loss`, `discriminator_loss`, `generator_norm`, `discriminator_norm`."""
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
    """`mode_coverage` of fresh samples, for a GAN whose data is a `Mixture`."""

    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game, players, key):
        """`modes`, `high_quality`, `kl`, `js`, `total_variation`."""
        samples = game.sample(players.generator, key, self.samples)
        return _measures(mode_coverage(samples, game.data.centres, game.data.std))


class Classes(Probe):
    """`class_coverage` of fresh samples, for a GAN whose data is `Stacked` digits."""

    classifier: Classifier
    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game, players, key):
        """`modes`, `kl`, `reverse_kl`, `total_variation`, `chi_square`, `p_value`."""
        classes = self.classifier.classify(game.sample(players.generator, key, self.samples))
        counts = jnp.bincount(classes, length=game.data.modes)
        return _measures(coverage_of_counts(jnp.where((classes < 0).any(), jnp.nan, counts)))


class Colours:
    """`colour_js`, the divergence of fresh samples' colours from the data's, for a GAN whose data is `Coloured`."""

    def __init__(self, samples: int = 2500):
        self.samples = samples

    def __call__(self, game, players, key):
        """`colour_js`."""
        noise, real = jax.random.split(key)
        drawn = jnp.clip(colours(game.sample(players.generator, noise, self.samples)), 0, 1)
        return {"colour_js": colour_divergence(drawn, colours(game.data.draw(real, self.samples)))}


class Distances(Probe):
    """`sliced_wasserstein` (of order 2) and `mmd` between fresh samples and as many real ones.

    The kernel's bandwidths are fixed, so that values of different steps, seeds and methods compare.
    """

    bandwidths: Any
    samples: int = eqx.field(static=True, default=2500)

    def measure(self, game, players, key):
        """`sliced_wasserstein`, `mmd`."""
        noise, real, projections = jax.random.split(key, 3)
        samples = game.sample(players.generator, noise, self.samples)
        return self.between(game.data.draw(real, self.samples), samples, projections)

    def between(self, real, samples, key):
        """The distances of two sets of samples."""
        return {
            "sliced_wasserstein": sliced_wasserstein(samples, real, key),
            "mmd": mmd(samples, real, self.bandwidths),
        }


class Samples(Probe):
    """Fresh samples to look at: vectors as they are in float32, images as pixels."""

    axes: tuple[str, ...] = eqx.field(static=True)
    shown: int = eqx.field(static=True)

    @property
    def dims(self):
        """The axes of `samples`."""
        return {"samples": ("sample", *self.axes)}

    def measure(self, game, players, key):
        """`samples`."""
        samples = game.sample(players.generator, key, self.shown)
        return {"samples": pixels(samples) if len(self.axes) == 3 else samples.astype(jnp.float32)}


PIXELS = ("y", "x", "channel")  # axes of an image; `width` is what networks have
AXES = {1: ("coordinate",), 3: PIXELS}  # of a sample, by its number of axes


def probes(game: Any, samples: int = 2500, shown: int = 512) -> dict[str, Callable]:
    """The measures that suit a game, for `saddlery.train(probes=…)`.

    | game | variables |
    |---|---|
    | any | `generator_loss`, `discriminator_loss`, `generator_norm`, `discriminator_norm` |
    | a GAN on a `Mixture` | `modes`, `high_quality`, `kl`, `js`, `total_variation` |
    | a GAN on `Stacked` digits | `modes`, `kl`, `reverse_kl`, `total_variation`, `chi_square`, `p_value` |
    | a GAN on `Coloured` digits | `colour_js`, `sliced_wasserstein`, `mmd` |
    | a GAN on other data | `sliced_wasserstein`, `mmd` |
    | a GAN on vectors | `samples` (sample, coordinate), float32 |
    | a GAN on images | `samples` (sample, y, x, channel), uint8 |

    **Arguments:**
    - `game`: any game; a GAN is a `saddlery.games.Gan`.
    - `samples`: how many samples are measured.
    - `shown`: how many vectors are recorded to be looked at, 0 for none; of images at most 64.

    **Raises:** `ValueError` for numbers that are not whole, or too small.
    """
    samples, shown = whole("samples", samples, 2), whole("shown", shown, 0)
    chosen: dict[str, Callable] = {"losses": Losses()}
    game = as_gan(game)
    if game is None:
        return chosen
    if isinstance(game.data, Mixture):
        chosen["modes"] = Modes(samples)
    elif isinstance(game.data, Stacked):
        chosen["modes"] = Classes(classifier(game.data.digits()), samples)
    else:
        chosen["distances"] = _distances(game, samples)
    if isinstance(game.data, Coloured):
        chosen["colours"] = Colours(samples)
    axes = AXES.get(len(jax.eval_shape(lambda key: game.data.draw(key, 1), jax.random.key(0)).shape) - 1)
    if axes is not None and shown:
        chosen |= {"samples": Samples(axes, shown if len(axes) == 1 else min(shown, IMAGES))}
    return chosen


def perfect(game: Any, samples: int = 2500, repeats: int = 4) -> dict[str, float]:
    """What a perfect sampler would score in the measures of `probes`, in expectation.

    For a mixture these are `perfect_sampler`'s; for other data the mean distances of `repeats` pairs of
    independent draws of `samples` real samples each. Empty for a game that is no GAN.

    **Raises:** `ValueError` for numbers that are not whole, or too small.
    """
    samples, repeats = whole("samples", samples, 2), whole("repeats", repeats)
    game = as_gan(game)
    if game is None:
        return {}
    if isinstance(game.data, Mixture):
        modes, dimension = game.data.centres.shape
        return {name: value.mean for name, value in perfect_sampler(samples, modes, dimension).items()}
    if isinstance(game.data, Stacked):
        return {name: value.mean for name, value in perfect_classes(samples, game.data.modes).items()}
    probe = _distances(game, samples)
    measured = [_real_to_real(probe, game.data, key) for key in jax.random.split(jax.random.key(1), repeats)]
    found = {name: float(sum(pair[name] for pair in measured) / repeats) for name in measured[0]}
    if isinstance(game.data, Coloured):
        found["colour_js"] = perfect_colours(samples, samples).mean
    return found


def pixels(images: Any) -> Any:
    """Images in [−1, 1] as uint8 in [0, 255], rounded; what lies outside is clipped, NaN is grey; uint8 stays."""
    return jnp.round((jnp.clip(jnp.nan_to_num(in_range(jnp.asarray(images))), -1, 1) + 1) * 127.5).astype(jnp.uint8)


def _measures(coverage):
    """What is measured of modes or classes, but their counts; all NaN where it is not known."""
    unknown = jnp.isnan(coverage.kl)
    return {name: jnp.where(unknown, jnp.nan, value) for name, value in coverage._asdict().items() if name != "counts"}


def _distances(game, samples):
    """The probe whose kernel has the scale of the game's real samples."""
    return Distances(jnp.asarray(SCALES) * _scale(game.data, jax.random.key(0)), samples)


@eqx.filter_jit
def _scale(data, key):
    return median_distance(data.draw(key, REFERENCE))


@eqx.filter_jit
def _real_to_real(probe, data, key):
    one, other, projections = jax.random.split(key, 3)
    return probe.between(data.draw(one, probe.samples), data.draw(other, probe.samples), projections)
