"""Data sets by name, as commands and games take them in text."""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

from saddlery.data.cifar import cifar10
from saddlery.data.digits import digits
from saddlery.data.folder import folder
from saddlery.data.images import Data, Images
from saddlery.data.mnist import mnist
from saddlery.data.shards import Shards
from saddlery.errors import InvalidType
from saddlery.text.arguments import quoted
from saddlery.text.call import build

DataLike: TypeAlias = str | os.PathLike[str] | Data  # a name, a path, or data themselves

DATA: dict[str, Callable[..., Images | Shards]] = {
    "cifar10": cifar10,
    "digits": digits,
    "folder": folder,
    "mnist": mnist,
}


def as_data(data: DataLike, **settings: Any) -> Any:
    """A data set from text; one with `draw(key, n)` is returned as it is.

        >>> len(as_data("digits(split='test')"))
        299

    **Arguments:**
    - `data`: a name of `DATA`, alone or with arguments, such as `"mnist"` or `"mnist(split='test')"`; or the path of a
      folder or zip of images.
    - `settings`: arguments of `saddlery.data.folder`, such as `size=32`, for when it is a path.

    **Raises:** `ValueError` for a name that is not known, naming the nearest, and `TypeError` for anything else; and
    what the function of that name raises.
    """
    if callable(getattr(data, "draw", None)):
        return data
    if isinstance(data, os.PathLike) or (isinstance(data, str) and is_path(data)):
        return folder(data, **settings)
    if not isinstance(data, str):
        raise InvalidType(f"data: got {quoted(data)}, expected a name, a path, or an object with draw(key, n)")
    return build("data", data, DATA)


def is_path(text: str) -> bool:
    """Whether a text that is no data set's name names a file or folder, there or not.

    >>> is_path("pictures.zip"), is_path("digits")
    (True, False)
    """
    if text.partition("(")[0].strip() in DATA:
        return False
    return os.sep in text or text.lower().endswith(".zip") or os.path.exists(os.path.expanduser(text))
