"""Trial run of a diagnosis: training on from the players, closely recorded, on which trends are measured."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from saddlery._system import signals
from saddlery.data.distinct import comparable, distinct
from saddlery.data.images import Data, shape_of
from saddlery.game import Game, Pair
from saddlery.games import as_gan
from saddlery.games.gan import Sampled
from saddlery.method import Method
from saddlery.metrics.distances import sliced_wasserstein
from saddlery.metrics.diversity import squares, width
from saddlery.metrics.modes import mode_coverage
from saddlery.metrics.probes import Losses, Probe
from saddlery.metrics.separation import separation
from saddlery.metrics.sketch import Sketch
from saddlery.records.rows import rows
from saddlery.runs import recording
from saddlery.runs.cell import Carry, Cell
from saddlery.runs.finiteness import finite_leaves
from saddlery.runs.keys import RunKeys
from saddlery.runs.loop import train_lanes
from saddlery.runs.steps import strongly_typed
from saddlery.types import Key, Memory, Players, Samples, Scalar

STEPS = 1000
RECORDS = 200
OF_MODES, OF_OTHERS, OF_LARGE = 2500, 1000, 500  # samples that are measured: by modes, by distances, of large ones
LARGE = 256  # numbers in a sample from which it is large
REPEATS = 16  # pairs of real samples whose mean distance is a perfect sampler's
NEIGHBOUR = 5  # of real samples, whose distance is a neighbourhood


class TrialRun(NamedTuple):
    """A trial run: its record, where it ended, and the first step with numbers that are not finite, −1 for none.

    `path` is an `xarray.Dataset` along `step`: `position` (step, axis), the players' displacement since the start, and
    the variables of `measures`.
    """

    path: xr.Dataset
    players: Pair
    state: Any
    diverged_at: int


class TrialMeasures(Probe):
    """A probe of a GAN's samples, by measures cheap enough to be taken often.

    - `separation`: the share of pairs in which the real sample has the higher score, ties counting half: ½ when the
      discriminator cannot tell real from generated, 1 when it always can.
    - `scale`: the root mean square distance of samples from the real ones' mean, over that of real ones; `spread`: from
      their own mean.
    - `counts` (mode), `modes`, `high_quality`: samples near each mode, modes covered and the share of samples near one,
      for a mixture.
    - `sliced_wasserstein`: to as many real samples; and for other data, by the distance of each real sample to its
      `NEIGHBOUR`th nearest real one, `precision`, the share of samples within it of a real one, and `coverage`, the
      share of real samples that have a generated one within it (Naeem et al., 2020).
    """

    real: Any
    radius: Any

    @classmethod
    def of(cls, game: Sampled) -> "TrialMeasures":
        """The probe of a game, with the real samples that all records are compared with."""
        (real,) = distinct(game.data, jax.random.key(0), samples_of(game.data))
        if hasattr(game.data, "centres"):
            return cls(real, jnp.zeros(0))
        flat = np.asarray(real, np.float32).reshape(len(real), -1)
        k = min(NEIGHBOUR, len(real) - 1)
        return cls(real, jnp.asarray(np.partition(squares(flat, flat), k, axis=1)[:, k]))

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axis of `counts`."""
        return {"counts": ("mode",)}

    def measure(self, game: Any, players: Players, key: Key) -> dict[str, Any]:
        """The variables that the probe records."""
        batch = game.draw(key)
        real, drawn = (
            game.discriminator.apply(players.discriminator, x).reshape(len(x))
            for x in (batch.real, game.act(players.generator, batch))
        )
        higher = {"separation": separation(real, drawn)}
        noise, projections = jax.random.split(key)
        real, count = self.real, len(self.real)
        if hasattr(game.data, "centres"):
            samples = game.sample(players.generator, key, OF_MODES)
            coverage = mode_coverage(samples, game.data.centres, game.data.std)
            near = {"modes": coverage.modes, "counts": coverage.counts, "high_quality": coverage.high_quality}
            near["sliced_wasserstein"] = sliced_wasserstein(samples[:count], real, projections)
        else:
            samples = game.sample(players.generator, noise, count)
            near = {"sliced_wasserstein": sliced_wasserstein(samples, real, projections), **self._neighbours(samples)}
        higher |= {"scale": width(samples, real.mean(0)) / width(real), "spread": width(samples) / width(real)}
        return higher | near

    def _neighbours(self, samples: Samples) -> dict[str, Scalar]:
        """The precision and coverage of samples by the neighbourhoods of real ones."""
        x, y = samples.reshape(len(samples), -1), self.real.reshape(len(self.real), -1)
        within = squares(y, x) <= self.radius[:, None]
        return {"precision": within.any(0).mean(), "coverage": within.any(1).mean()}


def samples_of(data: Data) -> int:
    """The number of samples by which a distance to these data is measured: fewer of large ones, and of few.

    Of data that are held in memory at most half: a perfect sampler's are the others.
    """
    return max(1, comparable(data, OF_LARGE if math.prod(shape_of(data)) > LARGE else OF_OTHERS))


@eqx.filter_jit
def perfect_distance(data: Data, key: Key) -> Scalar:
    """A perfect sampler's `sliced_wasserstein` from real samples, of as many as `TrialMeasures` takes: its mean."""
    count = samples_of(data)

    def between(key):
        drawn, projections = jax.random.split(key)
        one, other = distinct(data, drawn, count, sets=2)
        return sliced_wasserstein(one, other, projections)

    return jax.lax.map(between, jax.random.split(key, REPEATS)).mean()


@eqx.filter_jit
def untrained_distance(game: Sampled, key: Key) -> Scalar:
    """An untrained generator's `sliced_wasserstein` from real samples: the mean of a few."""
    count = samples_of(game.data)

    def of(key):
        init, noise, data, projections = jax.random.split(key, 4)
        samples = game.sample(game.init(init).generator, noise, count)
        (real,) = distinct(game.data, data, count)
        return sliced_wasserstein(samples, real, projections)

    return jax.lax.map(of, jax.random.split(key, 4)).mean()


def measures(game: Game) -> dict[str, Probe]:
    """The probes of a trial run: losses and gradient norms, and of a GAN its samples."""
    gan = as_gan(game)
    return {"losses": Losses()} if gan is None else {"losses": Losses(), "drawn": TrialMeasures.of(gan)}


class Displacement(Probe):
    """A probe of the players' displacement since the start, in a sketch's few numbers."""

    start: Pair
    sketch: Sketch

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axis of `position`."""
        return {"position": ("axis",)}

    def measure(self, game: Game, players: Players, key: Key) -> dict[str, Any]:
        """The variable `position`."""
        return {"position": self.sketch(self.start, players)}


def trial_run(
    game: Game, method: Method, players: Pair, state: Memory, key: Key, steps: int = STEPS, records: int = RECORDS
) -> TrialRun:
    """Make a trial run of `steps` steps, recorded about `records` times.

    Measures are taken on the same batch at every record, so that what changes is the players. The number of steps
    between records is odd, so that what alternates from step to step is seen.

    **Arguments:** `players` and `state` to go on from; `key`, of all randomness.

    **Raises:** `Stopped`, a `KeyboardInterrupt`, when a signal asks for it.
    """
    keys = RunKeys(key, *jax.random.split(key))
    displacement = Displacement(players, Sketch.of(players))
    cell = Cell(
        game=game, method=method, steps=steps, records=rows(steps, max(1, steps // records) | 1), keys=[key],
        probes={**measures(game), "displacement": displacement},
    )  # fmt: skip
    carry = strongly_typed(Carry(players, state, None))
    cell.watched = finite_leaves(carry)
    [ended] = train_lanes([cell], [keys], [recording.begun(cell, carry, keys.probes)], [0])
    signals.check()
    path = recording.of_runs([ended], cell.probes, cell.records).isel(seed=0, drop=True)
    last = steps if ended.diverged_at < 0 else max(ended.diverged_at - 1, 0)
    path.attrs["generator_axes"] = displacement.sketch.of_generator
    return TrialRun(path.sel(step=slice(0, last)), ended.carry.players, ended.carry.state, ended.diverged_at)
