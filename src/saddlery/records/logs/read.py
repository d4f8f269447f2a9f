"""Reading of a log of any kind, by what it holds: CSV, an event file of TensorBoard, or a folder of either."""

import os
from collections.abc import Mapping
from pathlib import Path

from saddlery._system.files import open_regular
from saddlery.errors import InvalidValue, NotFound
from saddlery.records.growing import are_framed
from saddlery.records.logs.columns import listed
from saddlery.records.logs.csv import read_csv
from saddlery.records.logs.events import event_files, read_events
from saddlery.records.logs.series import Log
from saddlery.text.arguments import plain

LARGEST = 4 << 30  # bytes of a file of CSV


def read_log(path: str | os.PathLike, asked: Mapping[str, str] | None = None, run: str | None = None) -> Log:
    """Read a log: a file of CSV or of TensorBoard's events, a folder of events, or one with a single file of CSV.

    **Arguments:** `asked`: names of columns, or tags, by what they are: `generator_loss`, `discriminator_loss`,
    `generator_norm`, `discriminator_norm` and `step`; those that are not said are known by common names. `run`: which
    of several runs that it holds.

    **Raises:** `FileNotFoundError` when there is none; `ValueError` when it cannot be read, or it cannot be told which
    column is which, naming what there is.
    """
    path, asked = Path(path), {} if asked is None else asked
    try:
        return _read(path, asked, run)
    except FileNotFoundError as error:
        raise error if isinstance(error, NotFound) else NotFound(f"there is no {plain(path)}") from error
    except OSError as error:
        raise InvalidValue(f"{plain(path)} cannot be read: {error.strerror or plain(error)}") from error


def _read(path: Path, asked: Mapping[str, str], run: str | None) -> Log:
    if path.is_dir():
        if event_files(path):
            return read_events(path, asked, run)
        path = _only(path)
    with open_regular(path) as file:
        if are_framed(file.read(12)):
            return read_events(path, asked, run)
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            raise InvalidValue(f"{plain(path)} has {size:,} bytes, expected at most {LARGEST:,}")
        file.seek(0)
        return read_csv(file, path, asked, run)


def _only(folder: Path) -> Path:
    """The only file of CSV in a folder, as Lightning leaves one.

    **Raises:** `FileNotFoundError` when there is none; `ValueError` when there are several.
    """
    found = sorted(each for each in folder.iterdir() if each.suffix.lower() in (".csv", ".tsv") and each.is_file())
    if not found:
        raise NotFound(f"{plain(folder)} holds neither event files of TensorBoard nor a file of CSV")
    if len(found) > 1:
        there = listed([each.name for each in found])
        raise InvalidValue(f"{plain(folder)} holds {len(found)} files of CSV; give one of them: {there}")
    return found[0]
