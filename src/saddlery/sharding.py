"""Data parallelism: one large run on several devices, of one process or of several, its batch divided among them."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from saddlery.errors import InvalidValue
from saddlery.game import Game, Wrapped, adopt
from saddlery.text.arguments import quoted
from saddlery.types import Batch, Key, Losses, Parameters, Players, Samples

AXIS = "batch"


class DataParallel(Wrapped):
    """A data-parallel game, its batch divided among devices: see `data_parallel`."""

    game: Game
    mesh: Mesh = eqx.field(static=True)

    def init(self, key: Key) -> Players:
        """The players of the wrapped game, whole on every device."""
        return self._whole(self.game.init(key))

    def draw(self, key: Key) -> Batch:
        """The batch of the wrapped game, each device having an equal part of its leading dimension."""
        return jax.tree.map(self._divided, self.game.draw(key))

    def act(self, generator: Parameters, batch: Batch) -> Samples:
        """The samples of the wrapped game."""
        return self.game.act(self._whole(generator), batch)

    def losses(self, discriminator: Parameters, samples: Samples, batch: Batch) -> Losses:
        """The losses of the wrapped game, over the whole batch."""
        return self.game.losses(self._whole(discriminator), samples, batch)

    def sample(self, generator: Parameters, key: Key, n: int) -> Samples:
        """The fresh samples of the wrapped game, all of them on every device."""
        return self._whole(self.game.sample(self._whole(generator), key, n))  # type: ignore[attr-defined]

    def _whole(self, tree):
        return jax.lax.with_sharding_constraint(tree, NamedSharding(self.mesh, PartitionSpec()))

    def _divided(self, leaf):
        spec = PartitionSpec(AXIS) if leaf.ndim else PartitionSpec()
        return jax.lax.with_sharding_constraint(leaf, NamedSharding(self.mesh, spec))


def data_parallel(game: Game, devices: int | Sequence[Any] | None = None) -> DataParallel:
    """A data-parallel game, on several devices at once: each has both players, and its part of every batch.

    Gradients are of the whole batch, so training is the one on a single device but for the order in which numbers are
    added. What a game draws is divided along its leading dimension; what has none is on every device.

    ```python
    run = sd.train(sd.data_parallel(sd.games.ring(batch=4096)), sd.methods.consensus(), steps=1000, key=key)
    ```

    **Arguments:**
    - `game`: any game whose batches have a leading dimension.
    - `devices`: how many, the first of `jax.devices()`, or a list of them; by default all, also those of other
      processes that have joined by `join`. All processes then run the same program.

    **Raises:** `ValueError` when there are not so many devices, or they do not divide the batch.
    """
    game = adopt(game)
    chosen = _devices(devices)
    batch = jax.tree.leaves(jax.eval_shape(game.draw, jax.random.key(0)))
    divided = [leaf for leaf in batch if leaf.ndim]
    if not divided:
        raise InvalidValue("game: its batches have no leading dimension that could be divided among devices")
    for leaf in divided:
        if len(leaf) % len(chosen):
            raise InvalidValue(
                f"devices: {len(chosen)} of them do not divide a batch's {leaf.dtype}{list(leaf.shape)}; "
                f"choose a batch that is a multiple of {len(chosen)}"
            )
    return DataParallel(game, Mesh(np.array(chosen), (AXIS,)))


def _devices(wanted: int | Sequence[Any] | None) -> list[Any]:
    """The devices asked for."""
    there = jax.devices()
    if wanted is None:
        return there
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        if not 1 <= wanted <= len(there):
            raise InvalidValue(
                f"devices: got {wanted}, there are {len(there)}: {', '.join(map(str, there[:8]))}; a CPU can be shown "
                f"as several by the environment variable XLA_FLAGS=--xla_force_host_platform_device_count={wanted}"
            )
        return there[:wanted]
    if not isinstance(wanted, Sequence) or not wanted or not all(isinstance(each, jax.Device) for each in wanted):
        raise InvalidValue(f"devices: got {quoted(wanted)}, expected a number, or a list of some of jax.devices()")
    return list(wanted)


def join(coordinator: str, processes: int, process: int) -> None:
    """Join several processes whose devices are used together, before anything is computed.

    Each runs the same program and calls this first. On CPUs they exchange numbers by Gloo, on GPUs by NCCL. On SLURM,
    on Open MPI and on TPUs `jax.distributed.initialize()` finds all three arguments itself.

    **Arguments:**
    - `coordinator`: `host:port` of process 0, a free port that all others reach.
    - `processes`: how many there are.
    - `process`: which this is, from 0.

    **Raises:** `ValueError` for a process that is not one of them; `RuntimeError` when the others do not come.
    """
    if not 0 <= process < processes:
        raise InvalidValue(f"process: got {process}, expected one of 0, …, {processes - 1}")
    jax.distributed.initialize(coordinator, processes, process)


def spread(game: Game) -> bool:
    """Whether a game is on devices of several processes, which must then all make the same calls."""
    return isinstance(game, DataParallel) and game.mesh.is_multi_process


def is_main_process(game: Game) -> bool:
    """Whether this process is the one that writes files, of those that train a game together."""
    return not spread(game) or jax.process_index() == 0


def agreed(game: Game, number: float) -> float:
    """The maximum of a number over the processes that train a game together; they wait for each other here."""
    if not spread(game):
        return number
    from jax.experimental.multihost_utils import process_allgather

    return float(np.max(process_allgather(np.float32(number))))
