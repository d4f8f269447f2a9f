"""A short training from where the players are, closely recorded: what the trends are measured on."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery import recording, signals
from saddlery.finiteness import finite, finite_leaves
from saddlery.game import Pair
from saddlery.games import as_gan
from saddlery.metrics.distances import sliced_wasserstein
from saddlery.metrics.modes import mode_coverage
from saddlery.metrics.probes import Losses, Probe
from saddlery.training import Carry, Plan, last_finite, steps_from

STEPS = 1000
RECORDS = 200
AXES = 256  # numbers that a position is kept in
OF_MODES, OF_OTHERS = 2500, 500  # samples that are measured


class Walk(NamedTuple):
    """A short training: its record, where it ended, and the first step with numbers that are not finite, −1 for none.

    `path` is an `xarray.Dataset` along `step`: `position` (step, axis), the players' displacement since the start, and
    the variables of `measures`.
    """

    path: Any
    players: Pair
    state: Any
    diverged_at: int


class Sketch(eqx.Module):
    """A linear map of all parameters to a few numbers that keeps lengths and angles.

    Each parameter is added, with a random sign, to one of `AXES` sums; up to that many parameters are kept themselves.
    Squared lengths are right on average, with a relative deviation of about √(2/AXES), 9% (Charikar, Chen,
    Farach-Colton, 2002).
    """

    bucket: Any
    sign: Any
    axes: int = eqx.field(static=True)

    @classmethod
    def of(cls, n: int) -> "Sketch":
        """The map for n parameters, always the same."""
        if n <= AXES:
            return cls(jnp.arange(n), jnp.ones(n, jnp.int8), n)
        bucket, sign = jax.random.split(jax.random.key(0))
        return cls(jax.random.randint(bucket, (n,), 0, AXES), jax.random.rademacher(sign, (n,), jnp.int8), AXES)

    def __call__(self, start: Pair, players: Pair) -> Any:
        """The displacement from `start`, `(axes,)`."""
        pairs = zip(jax.tree.leaves(players), jax.tree.leaves(start), strict=True)
        moved = jnp.concatenate([(now - then).ravel() for now, then in pairs])
        return jnp.zeros(self.axes, moved.dtype).at[self.bucket].add(self.sign * moved)


class Drawn(Probe):
    """A GAN's samples, by measures cheap enough to be taken often.

    - `separation`: the share of pairs in which the real sample has the higher score, ties counting half: ½ when the
      discriminator cannot tell real from generated, 1 when it always can.
    - `counts` (mode) and `modes`: samples near each mode and modes covered, for a mixture.
    - `sliced_wasserstein`: to as many real samples, for other data.
    """

    @property
    def dims(self):
        """The axis of `counts`."""
        return {"counts": ("mode",)}

    def measure(self, game, players, key):
        """Those variables."""
        batch = game.draw(key)
        real, drawn = (
            game.discriminator.apply(players.discriminator, x).reshape(len(x))
            for x in (batch.real, game.act(players.generator, batch))
        )
        higher = {"separation": (real[:, None] > drawn).mean() + 0.5 * (real[:, None] == drawn).mean()}
        if hasattr(game.data, "centres"):
            samples = game.sample(players.generator, key, OF_MODES)
            coverage = mode_coverage(samples, game.data.centres, game.data.std)
            return higher | {"modes": coverage.modes, "counts": coverage.counts}
        noise, data, projections = jax.random.split(key, 3)
        samples = game.sample(players.generator, noise, OF_OTHERS)
        return higher | {
            "sliced_wasserstein": sliced_wasserstein(samples, game.data.draw(data, OF_OTHERS), projections)
        }


@eqx.filter_jit
def perfect_distance(data: Any, key: Any) -> Any:
    """The mean `sliced_wasserstein` of as many real samples as `Drawn` takes, to others."""

    def between(key):
        one, other, projections = jax.random.split(key, 3)
        return sliced_wasserstein(data.draw(one, OF_OTHERS), data.draw(other, OF_OTHERS), projections)

    return jax.lax.map(between, jax.random.split(key, 4)).mean()


def measures(game: Any) -> dict[str, Probe]:
    """What is recorded of a game: losses and gradient norms, and of a GAN its samples."""
    return {"losses": Losses(), "drawn": Drawn()} if as_gan(game) is not None else {"losses": Losses()}


def walk(game: Any, method: Any, players: Pair, state: Any, key: Any, steps: int = STEPS) -> Walk:
    """Train for `steps` steps and record about 200 times.

    The program is that of `saddlery.train`. Measures are taken on the same batch at every record, so that what changes
    is the players. The number of steps between records is odd, so that what alternates from step to step is seen.

    **Arguments:** `players` and `state` to go on from; `key`, of all randomness.
    """
    step_key, probe_key = jax.random.split(key)
    every = max(1, steps // RECORDS) | 1
    plan = Plan(
        game=game, method=method, steps=steps, records=recording.rows(steps, every), probes=measures(game),
        players=None, average=None, folder=None, checkpoint_seconds=np.inf, progress=None,
    )  # fmt: skip
    one, sketch = jnp.asarray(1.0), eqx.filter_jit(Sketch.of(sum(leaf.size for leaf in jax.tree.leaves(players))))
    carry = jax.tree.map(lambda x: jax.lax.convert_element_type(x, x.dtype), Carry(players, state, None))
    plan.watched = finite_leaves(carry)
    records, step, diverged_at = [], 0, -1
    for row in plan.records:
        signals.check()
        reached = steps_from(plan, carry, one, step_key, step, row - step)
        if not finite(reached, plan.watched):
            step, carry = last_finite(plan, carry, one, step_key, step, row - step)
            diverged_at = step + 1
            break
        step, carry = row, reached
        record = recording.take(plan.probes, game, carry.players, None, probe_key)
        if records and not recording.is_finite(record):
            diverged_at = row
            break
        records.append(record | {"position": np.asarray(sketch(players, carry.players))})
    history = {name: np.stack([record[name] for record in records]) for name in records[0]}
    path = recording.dataset([history], plan.probes, plan.records[: len(records)]).isel(seed=0, drop=True)
    return Walk(path, carry.players, carry.state, diverged_at)
