"""Live records of a run under way: a file of lines, appended as they are taken, each with its own digest.

The first line says what the run is and what its variables are; each other line is a record: its step, the seconds
trained so far, and the values. Readers need neither the run's code nor its length. A line that is cut off at the end is
one that was being written; any other that does not fit its digest is damage.
"""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saddlery._system.files import read_limited
from saddlery.errors import Damaged
from saddlery.records.signed import are_signed, signed, unsigned
from saddlery.text.arguments import plain

FLUSH_SECONDS = 1.0  # a run that is over earlier writes no such file
MOST_NUMBERS = 1000  # of a variable in one record; samples and images are in checkpoints and results only
LARGEST = 1 << 32  # bytes of a file


class LiveRun(NamedTuple):
    """The content of a file of live records.

    - `about`: the first line: `label`, `seed`, `variables` (by name `dims`, `attributes`).
    - `steps`, `seconds`: of each record; `values`: by variable, records along the first axis.
    """

    about: dict[str, Any]
    steps: np.ndarray
    seconds: np.ndarray
    values: dict[str, np.ndarray]


class LiveFile:
    """A file of live records, to which a run's records are appended.

    **Arguments:** `path`: the file, `None` to write none; `about`: called for the first line of a new file.
    """

    def __init__(self, path: Path | None, about: Callable[[], Mapping[str, Any]]):
        self.path, self.about = path, about
        self.lines: list[str] = []
        self.flushed = time.monotonic()

    def append(self, step: int, seconds: float, values: Mapping[str, Any]) -> None:
        """Append a record; those of the last second may not be in the file yet."""
        if self.path is None:
            return
        held = {name: _json(value) for name, value in values.items() if np.size(value) <= MOST_NUMBERS}
        self.lines.append(signed({"step": step, "seconds": seconds, "values": held}))
        if time.monotonic() - self.flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the records that were appended.

        **Raises:** `OSError` when the file cannot be written.
        """
        self.flushed = time.monotonic()
        if self.path is None or not self.lines:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "ab") as file:
                position = file.tell()
                first = [signed(self.about())] if not position else []
                cut = ["", ""] if position and not _ends_a_line(self.path) else []  # what a kill left half written
                file.write("".join(f"{line}\n" for line in [*cut, *first, *self.lines]).encode())
        except OSError as error:
            raise OSError(f"{plain(self.path)} cannot be written: {error.strerror or error}") from error
        self.lines.clear()

    def close(self) -> None:
        """Write the last records of a run that is over, where there is such a file."""
        if self.path is not None and self.path.is_file():
            self.flush()


def _ends_a_line(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def read_live(path: Path) -> LiveRun:
    """Read the live records of a run under way, the latest of each step.

    **Raises:** `Damaged` when a line does not fit its digest; `FileNotFoundError` when there is no such file.
    """
    lines = read_limited(path, LARGEST).split(b"\n")
    whole = [each for each in map(unsigned, lines) if each is not None]
    if not are_signed(lines) or not whole or "variables" not in whole[0]:
        raise Damaged(f"{plain(path)} is damaged: a line changed since it was written")
    records = {each["step"]: each for each in whole[1:] if "step" in each}
    steps = sorted(records)
    names = dict.fromkeys(name for step in steps for name in records[step]["values"])
    return LiveRun(
        whole[0],
        np.array(steps, int),
        np.array([records[step]["seconds"] for step in steps], float),
        {name: np.array([_numbers(records[step]["values"].get(name)) for step in steps]) for name in names},
    )


def _json(value: Any) -> Any:
    """Numbers as JSON has them, those that are not finite as texts."""
    value = np.asarray(value).tolist()
    return _each(value, lambda x: str(x) if isinstance(x, float) and not math.isfinite(x) else x)


def _numbers(value: Any) -> Any:
    """The numbers again."""
    return math.nan if value is None else _each(value, lambda x: float(x) if isinstance(x, str) else x)


def _each(value: Any, function: Callable[[Any], Any]) -> Any:
    return [_each(one, function) for one in value] if isinstance(value, list) else function(value)
