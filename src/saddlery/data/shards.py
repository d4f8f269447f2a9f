"""Data sets larger than memory: a shard of the images on the device at a time, exchanged as training goes on."""

import os
import sys
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from saddlery._system.files import read_array
from saddlery._system.memory import afford, total
from saddlery.data.images import Images
from saddlery.data.npz import read_npz
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, whole
from saddlery.types import Key

T = TypeVar("T")

SHARD = 1 << 28  # bytes of a shard
PURPOSE = 0x5A4D  # folded into the key of the shards' order, so that it is no step's
SHARE = 8  # images may take an eighth of the device's memory


class Shards(eqx.Module):
    """Images in a file, of which a shard is on the device, drawn uniformly with replacement.

    Every `steps` steps `saddlery.train` puts the next shard in the place of the one in use. Which images are in it is
    a function of the step's number and the run's key only, so a run that is resumed sees the same ones. In each pass
    over the file its blocks of neighbouring images, counted from a random image on, are dealt to the shards in a
    random order; every image is as likely as any other, and reading a shard takes few seeks.

        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(path := os.path.join(folder, "images.npy"), np.zeros((6, 2, 2, 1), np.uint8))
        ...     shards = Shards(path, size=2, steps=10, block=2)
        ...     sorted(row for step in (0, 10, 20) for row in shards.rows(step, jax.random.key(0)).tolist())  # one pass
        [0, 1, 2, 3, 4, 5]

    **Arguments:**
    - `path`: an .npy file of uint8 images `(n, height, width, channels)`.
    - `size`: how many images a shard has.
    - `steps`: for how many steps a shard is used.
    - `block`: how many neighbouring images stay together.

    **Raises:** `ValueError` for a file of another kind, a `size` that is no multiple of `block` or more than there
    are, or `steps` less than 1.
    """

    shard: Images
    path: str = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    block: int = eqx.field(static=True)

    def __init__(self, path: str | os.PathLike[str], size: int, steps: int, block: int = 64):
        self.path, self.steps, self.block = str(path), whole("steps", steps), whole("block", block)
        images = _mapped(path)
        if whole("size", size) % block or size > len(images):
            raise InvalidValue(f"size: got {size}, expected a multiple of block, {block}, of at most {len(images)}")
        self.shard = Images(images[:size])

    def __len__(self) -> int:
        return len(self.shard)

    def draw(self, key: Key, n: int) -> Float[Array, "n height width channels"]:
        """Draw `n` images of the shard in use, in [-1, 1]."""
        return self.shard.draw(key, n)

    def at(self, step: int, key: Key) -> "Shards":
        """This data set with the shard of a step of the run with this key."""
        return eqx.tree_at(lambda shards: shards.shard, self, Images(_mapped(self.path)[self.rows(step, key)]))

    def rows(self, step: int, key: Key) -> np.ndarray:
        """The rows of the file in the shard of a step of the run with this key."""
        n, blocks = len(_mapped(self.path)), len(self) // self.block
        turn, place = divmod(step // self.steps, n // self.block // blocks)
        order, first = jax.random.split(jax.random.fold_in(jax.random.fold_in(key, PURPOSE), turn))
        dealt = np.asarray(jax.random.permutation(order, n // self.block))[place * blocks : (place + 1) * blocks]
        counted = self.block * np.sort(dealt)[:, None] + np.arange(self.block)
        return (int(jax.random.randint(first, (), 0, n)) + counted.ravel()) % n


def refill(game: T, step: int, key: Key) -> tuple[T, int]:
    """A game with the shards of a step in all its `Shards`, and the first step that needs others.

    >>> import saddlery as sd
    >>> refill(sd.games.bilinear(), 0, jax.random.key(0))[1] == sys.maxsize  # holds none, so it never needs others
    True
    """
    shards = [node for node in jax.tree.leaves(game, is_leaf=_is_shards) if _is_shards(node)]
    if not shards:
        return game, sys.maxsize
    filled = jax.tree.map(lambda node: node.at(step, key) if _is_shards(node) else node, game, is_leaf=_is_shards)
    return filled, min((step // each.steps + 1) * each.steps for each in shards)


def holds_shards(game: object) -> bool:
    """Whether a game's data are exchanged as training goes on.

    >>> import saddlery as sd
    >>> holds_shards(sd.games.ring())
    False
    """
    return any(_is_shards(node) for node in jax.tree.leaves(game, is_leaf=_is_shards))


def held(path: str | os.PathLike[str], labels: ArrayLike | None = None, memory: int | None = None) -> Images | Shards:
    """The images of an .npy or .npz file: all on the device where they fit, otherwise, of an .npy file, in shards.

        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(path := os.path.join(folder, "images.npy"), np.zeros((6, 2, 2, 1), np.uint8))
        ...     [type(held(path, memory=memory)).__name__ for memory in (24, 8)]  # of images of 4 bytes
        ['Images', 'Shards']

    **Arguments:**
    - `path`: an .npy file of uint8 images `(n, height, width, channels)`, or an .npz file that holds one such array,
      or one of floating-point images in [-1, 1], and maybe `labels`.
    - `labels`: `(n,)`, for images that are held whole; by default those in the .npz file.
    - `memory`: the bytes they may take, by default an eighth of the device's memory; shards take at most 256 MiB of
      it each, and are used for as many steps as draw about each of their images once in batches of 64.

    **Raises:** `ValueError` for a file of another kind, one that is damaged, or a `memory` that is more than is free.
    """
    if str(path).lower().endswith(".npz"):
        packed = read_npz(path, labels is None)
        return packed if labels is None else Images(packed.images, labels)
    images = _mapped(path)
    memory = _device_memory() // SHARE if memory is None else whole("memory", memory, 1, sys.maxsize)
    if images.nbytes <= memory:
        afford(plain(path), images.nbytes)
        return Images(images, labels)
    fitting = max(1, min(memory, SHARD) // images[0].nbytes)
    block = min(64, fitting)
    size = fitting // block * block
    return Shards(path, size, max(1, size // 64), block)


def _mapped(path: str | os.PathLike[str]) -> np.ndarray:
    """The images of a file, left there."""
    images = read_array(path, mmap=True)
    if images.dtype != np.uint8 or images.ndim != 4 or not images.size:
        raise InvalidValue(
            f"{plain(path)}: got {images.dtype} of shape {images.shape}, expected uint8 (n, height, width, channels)"
        )
    return images


def _device_memory() -> int:
    """The bytes of the default device's memory, used or free; those of this machine where the device does not say."""
    about = jax.devices()[0].memory_stats() or {}
    return about.get("bytes_limit") or total()


def _is_shards(node: Any) -> bool:
    return isinstance(node, Shards)
