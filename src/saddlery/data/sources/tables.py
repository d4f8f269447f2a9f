"""Tables of paths and labels, CSV or TSV, beside the images that they name."""

import contextlib
import csv
import hashlib
import io
import posixpath
from collections.abc import Iterator
from pathlib import Path

from saddlery._system.files import read_limited
from saddlery.data.sources.source import Pictures, Source, content_of, is_image, labelled, leaves, stamp
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, quoted

LARGEST = 1 << 28  # bytes of a table
LOOKED_AT = 100  # rows that tell which column holds the paths
PATHS = (
    "path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "image_file",
    "image_name", "img", "img_path", "picture", "photo", "relative_path",
)  # fmt: skip
LABELS = ("label", "labels", "class", "class_name", "target", "category", "class_id", "label_id", "y")


@contextlib.contextmanager
def table(path: Path) -> Iterator[Source]:
    """The source of the images that a table names, relative to its folder.

    Its column of paths is called path, file, filename, image or the like, or is the first that holds names of images;
    that of labels, which it need not have, label, class, target or category. Without a head the first of two columns
    is the paths'. Labels that are whole numbers from 0 are taken as they are. A row that is there twice counts once.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     path = Path(place) / "x.csv"
        ...     _ = path.write_text("image,label\\nb.png,cat\\na.png,dog\\n")
        ...     with table(path) as source:
        ...         source.listed().names, source.listed().labels
        (['a.png', 'b.png'], ['dog', 'cat'])

    **Raises:** `ValueError` for a table without such a column, a path that leads out of its folder, and one with two
    labels.
    """
    rows = _rows(path)
    found, again, has_labels = _columns(path, rows)
    names = sorted(found)
    identity = hashlib.sha256()
    for name in names:
        told = f"{name}\0{found[name]}\0{stamp(path.parent / name)}\0"
        identity.update(told.encode(errors="surrogateescape"))

    def read(name: str) -> bytes:
        return content_of(path.parent / name)

    def listed() -> Pictures:
        said, notes = labelled(names, found) if has_labels else (None, ())
        if again:
            notes += (f"{again:,} rows say again what others do, and count once",)
        return Pictures(names, read, said, notes=notes, told=True)

    yield Source(path, identity.hexdigest(), listed)


def _rows(path: Path) -> list[list[str]]:
    """The rows of a table that are not empty."""
    raw = read_limited(path, LARGEST)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{plain(path)} is no table in UTF-8: {plain(error)}") from error
    if "\0" in text:
        raise InvalidValue(f"{plain(path)} is no table: it holds characters of no text")
    first = text.partition("\n")[0]
    between = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise InvalidValue(f"{plain(path)} is no table: {plain(error)}") from error
    return [cells for row in rows if any(cells := [cell.strip() for cell in row])]


def _columns(path: Path, rows: list[list[str]]) -> tuple[dict[str, str], int, bool]:
    """The label of each path, how many rows say again what others do, and whether there is a column of labels."""
    if not rows:
        raise InvalidValue(f"{plain(path)} is empty; expected a row for each image, its path and its label")
    head, headless = [cell.lower() for cell in rows[0]], any(map(is_image, rows[0]))
    body = rows if headless else rows[1:]
    where = None if headless else next((head.index(name) for name in PATHS if name in head), None)
    if where is None:
        looked = body[:LOOKED_AT]
        columns = range(max(map(len, looked), default=0))
        where = next((i for i in columns if any(len(row) > i and is_image(row[i]) for row in looked)), None)
    if where is None:
        raise InvalidValue(f"{plain(path)} has no column of images' paths: its head is {quoted(', '.join(rows[0]))}")
    if headless:
        labels = 1 - where if all(len(row) == 2 for row in body) else None
    else:
        labels = next((head.index(name) for name in LABELS if name in head and head.index(name) != where), None)
    found: dict[str, str] = {}
    again = 0
    for number, row in enumerate(body, 1 if headless else 2):
        name = _name(path, row[where] if len(row) > where else "", number)
        label = row[labels] if labels is not None and len(row) > labels else ""
        again += name in found
        if found.setdefault(name, label) != label:
            one, other = quoted(found[name]), quoted(label)
            raise InvalidValue(f"{plain(path)} says two labels of {quoted(name)}, {one} and {other}")
    return found, again, labels is not None


def _name(path: Path, said: str, number: int) -> str:
    """A path in a row, relative to the table's folder."""
    if not said:
        raise InvalidValue(f"{plain(path)} has no path in row {number:,}")
    if leaves(said):
        raise InvalidValue(
            f"{plain(path)} is refused: row {number:,} says {quoted(said)}, which leads out of its folder; "
            "expected paths relative to the table's folder"
        )
    return posixpath.normpath(said.replace("\\", "/"))
