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
    """A logger into a CSV file; see `csv`.

    Rows of an earlier process stay. When a run goes on from a checkpoint, those beyond it are taken out first, and
    those up to it are not written again.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self.rows: list[str] = []
        self.logged: dict[tuple[str, int], int] = {}  # of each run the last step in the file
        self._file: Path | None = None

    def open(self, out: Path | None, settings: Sequence[str]) -> None:
        """Make the file, or see what is in it.

        **Raises:** `ValueError` without a folder and a path; `FileExistsError` when another file is in the way.
        """
        if self.path is None and out is None:
            raise InvalidValue('log: csv needs a file where the runs have no folder: csv(path="records.csv"), or out=…')
        self._file = path = out / ROWS if self.path is None else self.path  # type: ignore[operator]
        self.rows, self.logged = [], {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(path):
            self._replace([])
            return
        if path.is_symlink() or not path.is_file() or not are_rows(path):
            raise InTheWay(f"log: {plain(path)} was not written by Saddlery, or was changed since; move it away")
        rows = self._read()
        last = _of(rows[-1]) if rows and _of(rows[-1])[0] in settings else None  # perhaps without all of its numbers
        kept = [row for row in rows if _of(row) != last]
        self._replace(kept)
        for setting, seed, step in map(_of, kept):
            self.logged[setting, seed] = max(step, self.logged.get((setting, seed), -1))

    def begin(self, run: LoggedRun, step: int) -> None:
        """Take out the rows beyond the checkpoint that a run goes on from; all of them when it begins."""
        of_run = run.setting, run.seed
        known = step if step > 0 else -1
        if self.logged.get(of_run, -1) > known:
            self.flush()
            self._replace([row for row in self._read() if (each := _of(row))[:2] != of_run or each[2] <= known])
            self.logged[of_run] = known

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """A row for each number of a record, unless they are there."""
        if step <= self.logged.get((run.setting, run.seed), -1):
            return
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

    def _read(self) -> list[str]:
        """The rows in the file; one that was cut off is none."""
        with open(self._file, newline="") as file:  # type: ignore[arg-type]
            next(file, None)
            return [row for line in file if is_checked(row := line.rstrip("\n"))]

    def _replace(self, rows: Sequence[str]) -> None:
        """Write the file anew."""
        content = "".join(f"{row}\n" for row in (HEADING, *rows))
        storage.write(self._file, content, own=lambda file: True)  # type: ignore[arg-type]


def _of(row: str) -> tuple[str, int, int]:
    """The setting, the seed and the step of a row."""
    setting, seed, step, *_ = next(reader.reader([row]))
    return setting, int(seed), int(step)
