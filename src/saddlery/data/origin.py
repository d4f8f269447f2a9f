"""Origins of data sets: from which files the images of one were decoded, so that a run can record it."""

import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, TypeVar

import jax

from saddlery.data.kept import manifest_in
from saddlery.data.manifest import Manifest, manifest_of_file

if TYPE_CHECKING:
    from saddlery.data.images import Images
    from saddlery.data.shards import Shards

T = TypeVar("T")

# By the address of the array that holds the pixels, since a field of `Images` would compile each data set anew: the
# array, and its origin. So it is found in whatever pytree the array comes to lie.
_of_arrays: dict[int, tuple[weakref.ref, "Origin"]] = {}
_of_files: dict[str, "Origin"] = {}  # of shards, by the file that they are read from


class Origin(NamedTuple):
    """The origin of a data set of images.

    - `path`: where they were found, absolute: to look there again, not to be recorded.
    - `settings`: the arguments of `saddlery.data.folder` that they were decoded by: `size`, `channels`, `crop`; of a
      file of arrays nothing.
    - `classes`: what the labels 0, 1, 2, … stand for, where that is known.
    - `kept`: the folder of the cache that holds them, with their manifest; `None` for a file of arrays, which is
      digested when its manifest is asked for.
    """

    path: Path
    settings: dict[str, Any]
    classes: tuple[str, ...]
    kept: Path | None

    def manifest(self) -> Manifest:
        """The names of the files with the digests of what they hold.

        **Raises:** `Damaged` and `OSError` when the cache does not hold it any more.
        """
        found = manifest_of_file(self.path) if self.kept is None else manifest_in(self.kept)
        return found._replace(name=self.path.name)


def remember(data: "Images | Shards", origin: Origin) -> None:
    """Remember the origin of a data set, as long as its pixels are in memory.

    >>> import numpy as np
    >>> from saddlery.data import Images
    >>> data = Images(np.zeros((2, 2, 2, 1), np.uint8))
    >>> remember(data, Origin(Path("/faces"), {"size": 2}, (), Path("/cache")))
    >>> origin_of(data).path.name, origin_of({"data": [data]}).settings, origin_of(())
    ('faces', {'size': 2}, None)
    """
    images = getattr(data, "images", None)
    if _is_shards(data):
        _of_files[data.path] = origin
    elif images is not None:
        _remember(images, origin)


def _remember(array: Any, origin: Origin) -> None:
    at = id(array)

    def forget(gone: weakref.ref) -> None:
        if at in _of_arrays and _of_arrays[at][0] is gone:  # else another array is there already
            del _of_arrays[at]

    _of_arrays[at] = weakref.ref(array, forget), origin


def passed_on(old: object, new: T) -> T:
    """A data set that was made of another one, whose origin is from now on its own too.

    >>> import numpy as np
    >>> from saddlery.data import Images
    >>> data = Images(np.zeros((2, 4, 4, 1), np.uint8))
    >>> remember(data, Origin(Path("/faces"), {}, (), Path("/cache")))
    >>> origin_of(passed_on(data, Images(data.images[:1]))).path.name
    'faces'
    """
    images = getattr(new, "images", None)
    if (origin := origin_of(old)) is not None and isinstance(images, jax.Array):
        _remember(images, origin)
    return new


def origin_of(tree: object) -> Origin | None:
    """The origin of the images in a data set, a game or any other pytree; `None` where there is none that is known.

    >>> from saddlery.data.digits import digits
    >>> origin_of(digits()) is None
    True
    """
    for leaf in jax.tree.leaves(tree, is_leaf=_is_shards):
        if _is_shards(leaf):
            if leaf.path in _of_files:
                return _of_files[leaf.path]
        elif (found := _of_arrays.get(id(leaf))) is not None and found[0]() is leaf:
            return found[1]
    return None


def _is_shards(node: Any) -> "TypeGuard[Shards]":
    from saddlery.data.shards import Shards  # which is made of images, as this is told of by them

    return isinstance(node, Shards)
