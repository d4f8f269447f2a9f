"""Folders of published data sets: where they are looked for, and where they are downloaded to."""

import os
from pathlib import Path

from saddlery.records.storage import cache_folder
from saddlery.text.arguments import plain


def places(name: str, folder: str | os.PathLike[str] | None = None) -> list[Path]:
    """The folders in which the data set `name` may lie: `folder` where it is given, otherwise `$SADDLERY_DATA/NAME`
    and `data/NAME` in the cache folder, to which `saddlery data get` downloads.

        >>> [str(place) for place in places("mnist", "my/folder")]
        ['my/folder']
    """
    if folder is not None:
        return [Path(folder).expanduser()]
    own = os.environ.get("SADDLERY_DATA")
    return [*([Path(own).expanduser() / name] if own else []), cache_folder() / "data" / name]


def absent(name: str, wanted: str, looked: list[Path], also: str = "") -> FileNotFoundError:
    """The error for a data set that is in none of the folders: what was looked for, where, and how to get it.

    >>> str(absent("mnist", "the train split", [Path("a"), Path("b")]))[:44]
    'mnist: the train split is not in a nor in b;'
    """
    return FileNotFoundError(
        f"{name}: {wanted} is not in {' nor in '.join(map(plain, looked))}; "
        f"download it with: saddlery data get {name}, or set SADDLERY_DATA to the folder that holds {name}/{also}"
    )
