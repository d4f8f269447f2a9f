"""Records as comma-separated values: a row for each number, appended while runs are under way."""

import csv as reader
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from saddlery.errors import InTheWay, InvalidValue
from saddlery.loggers.logger import LoggedRun, Logger, numbers
from saddlery.records import storage
from saddlery.records.growing import HEADING, ROWS, are_rows, checked, is_checked
from saddlery.text.arguments import plain


def csv(path: str | os.PathLike | None = None) -> "CsvLogger":
    """A logger into a CSV file in long format, with the columns `setting`, `seed`, `step`, `measure`, `value`, `check`.

    Rows are appended within about a second, several at once and whole. Values are written in digits enough to be read
    back exactly. `check` is the CRC-32 of the rest of the row, by which Saddlery knows its own rows.

        >>> csv("records.csv").path.name
        'records.csv'

    **Arguments:** `path`: the file, by default `records.csv` in the folder of the runs.
    """
    return CsvLogger(None if path is None else storage.expanded("path", os.fspath(path), "a file"))


class CsvLogger(Logger):
    """A logger into a CSV file; see `csv`."""

    def __init__(self, path: Path | None):
        self.path, self.rows = path, []
        self._file: Path | None = None

    def open(self, out: Path | None, settings: Sequence[str]) -> None:
        """Make the file, or keep in it the rows of all settings but those that are trained now.

        **Raises:** `ValueError` without a folder and a path; `FileExistsError` when another file is in the way.
        """
        if self.path is None and out is None:
            raise InvalidValue('log: csv needs a file where the runs have no folder: csv(path="records.csv"), or out=…')
        path = out / ROWS if self.path is None else self.path  # type: ignore[operator]
        again, kept = {*settings}, [HEADING]
        if os.path.lexists(path):
            if path.is_symlink() or not path.is_file() or not are_rows(path):
                raise InTheWay(f"log: {plain(path)} was not written by Saddlery, or was changed since; move it away")
            with open(path, newline="") as file:
                next(file)
                kept += [row for line in file if is_checked(row := line.rstrip("\n")) and _setting(row) not in again]
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, "".join(f"{line}\n" for line in kept), own=lambda file: True)
        self._file, self.rows = path, []

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """A row for each number of a record."""
        text = io.StringIO()
        write = reader.writer(text, lineterminator="\n").writerow
        for name, value in numbers(record).items():
            write((run.setting, run.seed, step, name, repr(value)))
        self.rows += text.getvalue().splitlines()

    def flush(self) -> None:
        """Append the rows that are new."""
        if self.rows and self._file is not None:
            with open(self._file, "ab") as file:
                file.write("".join(f"{checked(row)}\n" for row in self.rows).encode())
            self.rows = []


def _setting(row: str) -> str:
    """The setting of a row."""
    return next(reader.reader([row]))[0]
