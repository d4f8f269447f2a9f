"""Cells of a CSV file: its header, and the numbers of some of its columns, without holding all of it as text."""

import contextlib
import csv
import functools
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np

from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, quoted

LINE = 1 << 24  # characters of a line at most
CELLS = 1 << 18  # that are held as texts at once
ROWS = 20_000_000  # at most
MISSING = {"", "none", "null", "na", "n/a", "-", "–", "<na>"}  # cells that hold no number
UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # as PowerShell writes
SEPARATORS = "\t;,"


class Columns(NamedTuple):
    """The numbers of some columns as far as they were read: `values` (column, row), `known` where a cell holds one.

    - `odd`: of each column how many cells hold something else, and the first of them.
    """

    values: np.ndarray
    known: np.ndarray
    odd: list[tuple[int, str]]


def lines_of(file: IO[bytes], where: str) -> Iterator[str]:
    """The lines of a text file in UTF-8 or UTF-16.

    **Raises:** `ValueError` for one that is empty or no text, and for a line without end.
    """
    head = file.read(1 << 12)
    if not head.strip():
        raise InvalidValue(f"{where} is empty")
    encoding = UTF16.get(head[:2], "utf-8-sig")
    if encoding == "utf-8-sig" and b"\0" in head:
        raise InvalidValue(f"{where} is a binary file, expected CSV or a TensorBoard event file")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        for line in iter(functools.partial(text.readline, LINE), ""):
            if len(line) >= LINE:
                raise InvalidValue(f"{where} has a line of more than {LINE:,} characters, and is no CSV")
            yield line
    finally:
        with contextlib.suppress(ValueError):  # it is closed already
            text.detach()  # which leaves the file to who opened it


def header_of(lines: Iterator[str], where: str) -> tuple[list[str], str]:
    """The names of the columns, and what separates them: whatever makes most.

    **Raises:** `ValueError` where there are none.
    """
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise InvalidValue(f"{where} is empty")
    separator, names = max(
        ((each, next(_rows([first], each, where), [])) for each in SEPARATORS), key=lambda found: len(found[1])
    )
    names = [name.strip().lstrip("#").strip() if i == 0 else name.strip() for i, name in enumerate(names)]
    if all(_number(name, separator) is not None or not name for name in names):
        raise InvalidValue(
            f"{where} has no header: it begins with {quoted(first.strip(), 40)}; write names above, such as "
            "step,generator_loss,discriminator_loss"
        )
    return names, separator


def _rows(lines: Iterable[str], separator: str, where: str) -> Iterator[list[str]]:
    """The rows of lines of CSV.

    **Raises:** `ValueError` naming the line that is none.
    """
    reader = csv.reader(lines, delimiter=separator)
    try:
        yield from reader
    except csv.Error as error:
        raise InvalidValue(f"{where} is no CSV from line {reader.line_num + 1:,} on: {plain(error, 100)}") from error


def read_columns(lines: Iterator[str], separator: str, places: Sequence[int], where: str) -> Columns:
    """The numbers of some columns, of which only a piece is held as text at once."""
    odd: list[tuple[int, str]] = [(0, "") for _ in places]
    values, known, count = [], [], 0
    for piece in _pieces(_rows(lines, separator, where)):
        count += len(piece)
        if count > ROWS:
            raise InvalidValue(f"{where} has more than {ROWS:,} rows; give fewer")
        numbers = [_numbers([row[i] if i < len(row) else "" for row in piece], separator) for i in places]
        values.append(np.array([each for each, _, _ in numbers]))
        known.append(np.array([each for _, each, _ in numbers]))
        odd = [
            (n + len(more), text or next(iter(more), "")) for (n, text), (*_, more) in zip(odd, numbers, strict=True)
        ]
    if not values:
        raise InvalidValue(f"{where} has a header and no rows")
    return Columns(np.concatenate(values, 1), np.concatenate(known, 1), odd)


def _pieces(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Rows that are not empty, as many at once as hold so many cells."""
    piece, cells = [], 0
    for row in rows:
        if row:
            piece.append(row)
            cells += len(row)
            if cells >= CELLS:
                yield piece
                piece, cells = [], 0
    if piece:
        yield piece


def _numbers(cells: list[str], separator: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The numbers of cells, where there is one, and the cells that hold something else."""
    try:
        return np.array([*map(float, cells)]), np.ones(len(cells), bool), []
    except ValueError:
        found = [_number(cell, separator) for cell in cells]
    odd = [cell for cell, value in zip(cells, found, strict=True) if value is None and not _missing(cell)]
    known = np.array([value is not None for value in found])
    return np.array([np.nan if value is None else value for value in found]), known, odd


def _number(cell: str, separator: str = ",") -> float | None:
    """The number in a cell; where semicolons separate cells, a comma may stand for the point.

    >>> _number(" 0.5 "), _number("0,5", ";"), _number("NaN"), _number("tensor(0.5)"), _number("")
    (0.5, 0.5, nan, None, None)
    """
    text = cell.strip()
    if not text:
        return None
    if separator == ";" and "." not in text:
        text = text.replace(",", ".", 1)
    try:
        return float(text)
    except ValueError:
        return None


def _missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING
