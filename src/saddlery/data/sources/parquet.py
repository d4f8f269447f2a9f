"""Parquet files with a column of images, as Hugging Face's data sets have them."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saddlery._system.memory import afford
from saddlery.data.sources import source as limits
from saddlery.data.sources.source import Pictures, Source, labelled, relative, stamp
from saddlery.errors import Damaged, InvalidValue
from saddlery.text.arguments import plain, quoted

IMAGES = ("image", "img", "images", "picture", "photo", "pixels", "jpg", "png")
LABELS = ("label", "labels", "class", "target", "category", "cls", "fine_label")
TOGETHER = 1 << 29  # bytes of groups of rows that are held at once, or two of them
ROWS = 1 << 26  # of all files


class Group(NamedTuple):
    """A group of rows that is read at once: its file, its number in it, its first row and how many it has."""

    file: Path
    number: int
    first: int
    rows: int


@contextlib.contextmanager
def parquet(path: Path, files: list[Path]) -> Iterator[Source]:
    """The source of the images in Parquet files: a column of bytes, or of structures that hold `bytes`.

    The column is called image, img or the like, or is the only one of its kind; that of labels label, class or the
    like, whole numbers or texts. Images are called by their file and row, `train.parquet/00000012`.

        >>> import tempfile
        >>> import pyarrow as pa, pyarrow.parquet as pq
        >>> rows = pa.table({"image": [{"bytes": b"bytes", "path": "a.png"}], "label": [3]})
        >>> with tempfile.TemporaryDirectory() as place:
        ...     pq.write_table(rows, path := Path(place) / "x.parquet")
        ...     with parquet(path, [path]) as source:
        ...         pictures = source.listed()
        ...         pictures.names, pictures.labels, pictures.read(pictures.names[0])
        (['x.parquet/00000000'], [3], b'bytes')

    **Arguments:** `path`: what was asked for; `files`: the Parquet files.

    **Raises:** `ValueError` for a file that is damaged or has no such column, and when pyarrow is not installed.
    """
    identity = "\n".join(f"{name} {stamp(file)}" for name, file in zip(relative(files), files, strict=True))
    with contextlib.ExitStack() as open_files:
        yield Source(path, identity, lambda: _pictures(path, files, open_files))


def _pictures(path: Path, files: list[Path], open_files: contextlib.ExitStack) -> Pictures:
    try:
        import pyarrow.parquet as pq  # type: ignore  # in an extra
    except ModuleNotFoundError as error:
        raise InvalidValue(
            f'{plain(path)}: Parquet files are read by pyarrow; install it with: pip install "saddlery[parquet]"'
        ) from error
    where: dict[str, tuple[Group, int]] = {}
    labels: dict[str, str] = {}
    opened: dict[Path, tuple[Any, str]] = {}
    classes: tuple[str, ...] = ()
    for file, called in zip(files, relative(files), strict=True):
        try:
            content = open_files.enter_context(pq.ParquetFile(file))
            column, label = _column(file, content), _label(content)
            said = content.read(columns=[label])[label].to_pylist() if label else []
        except InvalidValue:
            raise
        except Exception as error:  # pyarrow has many names for a damaged file
            raise Damaged(f"{plain(file)} is no Parquet file, or it is damaged: {plain(error, 200)}") from error
        opened[file] = content, column
        classes = classes or (_classes(content, label) if label else ())
        row = 0
        for number in range(content.metadata.num_row_groups):
            group = Group(file, number, row, content.metadata.row_group(number).num_rows)
            for i in range(group.rows):
                name = f"{called}/{row + i:08}"
                where[name] = group, i
                if label and said[row + i] is not None:
                    labels[name] = str(said[row + i])
            row += group.rows
        if len(where) > ROWS:
            raise InvalidValue(f"{plain(path)} is refused: it holds more than {ROWS:,} rows")
    if not where:
        raise InvalidValue(f"{plain(path)} holds no images: it has no rows")
    held = _Held(opened)

    def read(name: str) -> bytes:
        found = held.rows(where[name][0])[where[name][1]]
        if not found:
            raise InvalidValue("its row holds no bytes")
        if len(found) > limits.LARGEST:
            raise InvalidValue(f"{len(found):,} bytes, more than {limits.LARGEST:,}")
        return found

    names = sorted(where)
    usable, notes = labelled(names, labels) if labels else (None, ())
    numbers = usable is not None and isinstance(usable[0], int)
    return Pictures(names, read, usable, classes if numbers else (), notes, told=True)


class _Held:
    """Groups of rows that were read last, as neighbouring images lie in one."""

    def __init__(self, files: dict[Path, tuple[Any, str]]):
        self.files, self.lock = files, threading.Lock()
        self.held: dict[Group, tuple[int, list[bytes | None]]] = {}

    def rows(self, group: Group) -> list[bytes | None]:
        """The bytes of each row's image, `None` where there are none."""
        with self.lock:
            if group not in self.held:
                self.held[group] = self._read(group)
                while len(self.held) > 2 and sum(size for size, _ in self.held.values()) > TOGETHER:
                    del self.held[next(iter(self.held))]
            return self.held[group][1]

    def _read(self, group: Group) -> tuple[int, list[bytes | None]]:
        content, column = self.files[group.file]
        size = content.metadata.row_group(group.number).total_byte_size
        afford(f"{plain(group.file)}: a group of rows", 2 * size)
        try:
            found = content.read_row_group(group.number, columns=[column])[column].to_pylist()
        except Exception as error:
            raise Damaged(f"its group of rows is damaged: {plain(error, 120)}") from error
        return size, [each.get("bytes") if isinstance(each, dict) else each for each in found]


def _column(path: Path, content: Any) -> str:
    """The name of the column of images."""
    import pyarrow as pa  # type: ignore  # in an extra

    def holds_bytes(kind: Any) -> bool:
        if pa.types.is_struct(kind):
            return kind.get_field_index("bytes") >= 0 and holds_bytes(kind.field("bytes").type)
        return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)

    schema = content.schema_arrow
    found = [field.name for field in schema if holds_bytes(field.type)]
    named = [name for name in IMAGES if name in found]
    if named or len(found) == 1:
        return (named or found)[0]
    there = f"its columns are {quoted(', '.join(schema.names))}"
    if found:
        raise InvalidValue(f"{plain(path)}: which column holds the images? {there}; expected one called image")
    raise InvalidValue(f"{plain(path)} has no column of images, bytes or structures of bytes and path: {there}")


def _label(content: Any) -> str | None:
    """The name of the column of labels, whole numbers or texts."""
    import pyarrow as pa  # type: ignore  # in an extra

    schema = content.schema_arrow
    for name in LABELS:
        if name in schema.names:
            kind = schema.field(name).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
                return name
    return None


def _classes(content: Any, label: str) -> tuple[str, ...]:
    """The names of classes that Hugging Face's data sets keep beside the columns."""
    try:
        told = json.loads((content.schema_arrow.metadata or {})[b"huggingface"])
        names = told["info"]["features"][label]["names"]
        return tuple(map(str, names)) if isinstance(names, list) else ()
    except (KeyError, TypeError, ValueError, RecursionError):
        return ()
