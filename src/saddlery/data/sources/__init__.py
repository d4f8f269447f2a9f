"""Sources of images, one kind a file: folders, zips, WebDataset tars, Parquet files, tables of paths and labels."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from saddlery.data.sources.folders import folder, walk
from saddlery.data.sources.parquet import parquet
from saddlery.data.sources.patterns import is_pattern, matching, one_split
from saddlery.data.sources.source import READ, Pictures, Source, is_image
from saddlery.data.sources.tables import table
from saddlery.data.sources.tars import tars
from saddlery.data.sources.zips import zip_of_images
from saddlery.errors import InvalidValue, NotFound
from saddlery.text.arguments import plain

__all__ = ["READ", "Pictures", "Source", "opened"]
SEVERAL = {".tar": tars, ".parquet": parquet}  # kinds that come in several files
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


def opened(path: Path) -> contextlib.AbstractContextManager[Source]:
    """The source of images at a path: a folder, with all folders below it; a zip; WebDataset tars or Parquet files,
    one, those in a folder without images, or those of a pattern such as `shards-{000..003}.tar`; or a table.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = (Path(place) / "a.png").write_bytes(b"bytes")
        ...     with opened(Path(place)) as source:
        ...         source.listed().names
        ['a.png']

    What is named as an image and is none costs no more than the few bytes at its beginning that tell.

    **Raises:** `FileNotFoundError` when there is nothing there; `ValueError` when it is of another kind, holds no
    image, or is refused. Nothing is ever unpacked on disk.
    """
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        if is_pattern(str(path)):
            return _of_pattern(path)
        raise NotFound(f"{plain(path)} is not there; expected {READ}")
    if not path.is_file():
        raise InvalidValue(f"{plain(path)} is neither a folder nor a regular file; expected {READ}")
    suffix = path.suffix.lower()
    if path.name.lower().endswith(COMPRESSED):
        raise InvalidValue(f"{plain(path)} is compressed and is not read: unpack it, and give the folder or the .tar")
    if suffix in SEVERAL:
        return SEVERAL[suffix](path, [path])
    if suffix in (".csv", ".tsv"):
        return table(path)
    return zip_of_images(path)


@contextlib.contextmanager
def _in_folder(path: Path) -> Iterator[Source]:
    walked = walk(path)
    for suffix, kind in SEVERAL.items():
        files = [path / name for name in sorted(walked.stamps) if name.lower().endswith(suffix)]
        if files and not any(map(is_image, walked.stamps)):
            with kind(path, one_split(path, files)) as source:
                yield source
            return
    with folder(path, walked) as source:
        yield source


def _of_pattern(path: Path) -> contextlib.AbstractContextManager[Source]:
    files = matching(path)
    suffixes = {file.suffix.lower() for file in files}
    if len(suffixes) != 1 or not suffixes <= SEVERAL.keys():
        raise InvalidValue(
            f"{plain(path)} stands for files that end in {', '.join(sorted(suffixes))}; expected {' or '.join(SEVERAL)}"
        )
    return SEVERAL[suffixes.pop()](path, files)
