"""Logs in TensorBoard's event files: scalars by their tags, out of one file or a folder of them."""

import importlib.util
import os
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlery._system.files import open_regular
from saddlery.errors import InvalidValue
from saddlery.records.growing import records
from saddlery.records.logs.columns import SERIES, chosen, run_of, series_of
from saddlery.records.logs.series import Log, Reading, put_together
from saddlery.text.arguments import plain

NAME = "tfevents"  # in the name of an event file
SEEN = 100_000  # files and folders that are looked through at most
FILES = 1_000  # event files that are read at most
SIZE = 16 << 30  # bytes of them together
TAGS = 10_000  # whose names are held
NUMBERS = 20_000_000  # that are read
TYPES = {1: ("float_val", "<f4"), 2: ("double_val", "<f8")}  # of TensorFlow's tensors


class Scalars:
    """The scalars of a run by their tags: those that are wanted, and the names of the others.

    **Arguments:** `wanted`: tags that are read whatever they are.
    """

    def __init__(self, wanted: Collection[str]):
        self.wanted = wanted
        self.steps: dict[str, array] = {}
        self.values: dict[str, array] = {}
        self.others: dict[str, None] = {}
        self.count = 0

    def add(self, tag: str, step: int, value: float) -> None:
        """Add a number."""
        if tag not in self.steps:
            if tag in self.others:
                return
            if tag not in self.wanted and not series_of(tag):
                if len(self.others) < TAGS:
                    self.others[tag] = None
                return
            self.steps[tag], self.values[tag] = array("q"), array("d")
        self.count += 1
        self.steps[tag].append(step)
        self.values[tag].append(value)

    def reading(self, tag: str) -> Reading:
        """What was read of a tag."""
        return Reading(np.array(self.steps[tag], np.int64), np.array(self.values[tag]))


def read_events(path: Path, asked: Mapping[str, str], run: str | None = None) -> Log:
    """Read a log in an event file, or in those of a folder, each folder below it being a run as in TensorBoard.

    **Arguments:** `asked`: tags by what they are, as of `saddlery.records.logs.columns.chosen`, in a folder of several
    runs also with the run before them, `run/tag`; `run`: which of several.

    **Raises:** `ValueError` when tensorboardX is not installed, for what holds no scalars, where there are several runs
    and none was chosen, and as `chosen`.
    """
    where = plain(path)
    if importlib.util.find_spec("tensorboardX") is None:
        raise InvalidValue(
            f'{where} is of TensorBoard; to read it install tensorboardX: pip install "saddlery[tensorboard]"'
        )
    if "step" in asked:
        raise InvalidValue("--step-column: event files have steps of their own")
    runs = event_files(path) if path.is_dir() else {"": [path]}
    _require_size([file for files in runs.values() for file in files], where)
    tags = _with_runs(runs, asked) if run is None and len(runs) > 1 else {}
    if tags:
        return _log(where, "", _of_runs(runs, tags), asked)
    of = run_of([*runs], run, where)
    scalars = Scalars({*asked.values()})
    remarks = [said for file in runs[of] if (said := _read(file, scalars))]
    read = {tag: scalars.reading(tag) for tag in scalars.steps}
    return _log(where, of if len(runs) > 1 else "", (read, [*scalars.others], remarks), asked)


def event_files(folder: Path) -> dict[str, list[Path]]:
    """The event files of each run in a folder, by the runs' paths in it, `"."` for the folder's own.

    **Raises:** `ValueError` for a folder of too much.
    """
    found: dict[str, list[Path]] = {}
    seen = 0
    for parent, folders, files in os.walk(folder):
        folders.sort()
        seen += len(folders) + len(files)
        own = [Path(parent, name) for name in sorted(files) if NAME in name]
        if own:
            found[Path(parent).relative_to(folder).as_posix()] = own
        if seen > SEEN or sum(map(len, found.values())) > FILES:
            raise InvalidValue(f"{plain(folder)} holds too many files; give the folder of one run")
    return dict(sorted(found.items()))


Read = tuple[dict[str, Reading], list[str], list[str]]  # by tag; other tags; what is to be said


def _log(where: str, run: str, read: Read, asked: Mapping[str, str]) -> Log:
    readings, others, remarks = read
    if not readings and not others:
        raise InvalidValue(f"{where} holds no scalars")
    names = [*readings, *others]
    places = chosen(names, asked, where)
    taken = {what: names[i] for what, i in places.items()}
    held = {what: readings[tag] for what, tag in taken.items()}
    ignored = tuple(name for name in names if name not in taken.values())
    return put_together(where, run, held, taken, "steps", ignored, remarks)


def _with_runs(runs: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, set[str]]:
    """The tags that were asked for with their run before them, by run; the longest run that fits.

    >>> _with_runs({"a": [], "a/b": []}, {"generator_loss": "a/b/loss"})
    {'a/b': {'loss'}}
    """
    found: dict[str, set[str]] = {}
    for what, name in asked.items():
        fits = [run for run in runs if name.startswith(f"{run}/")]
        if what in SERIES and fits:
            run = max(fits, key=len)
            found.setdefault(run, set()).add(name[len(run) + 1 :])
    return found


def _of_runs(runs: Mapping[str, Sequence[Path]], tags: Mapping[str, set[str]]) -> Read:
    """Some tags of several runs, with their runs before them."""
    readings: dict[str, Reading] = {}
    others: list[str] = []
    remarks: list[str] = []
    for run, wanted in tags.items():
        scalars = Scalars(wanted)
        remarks += [said for file in runs[run] if (said := _read(file, scalars))]
        readings |= {f"{run}/{tag}": scalars.reading(tag) for tag in scalars.steps if tag in wanted}
        others += [f"{run}/{tag}" for tag in [*scalars.steps, *scalars.others] if tag not in wanted]
    return readings, others, remarks


def _require_size(files: Sequence[Path], where: str) -> None:
    size = sum(file.stat().st_size for file in files)
    if size > SIZE:
        raise InvalidValue(f"{where} has {size:,} bytes of event files, expected at most {SIZE:,}; give one run's")


def _read(path: Path, scalars: Scalars) -> str:
    """Read the scalars of an event file; returns what is to be said of it, where it is damaged.

    **Raises:** `ValueError` for what is no event file, and for too many numbers.
    """
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        for i, content in enumerate(records(file)):
            if content is None:
                if not i:
                    raise InvalidValue(f"{plain(path)} is no event file of TensorBoard, or damaged at its beginning")
                cut = file.tell() >= end  # it is being written, or was cut off
                return "" if cut else f"{plain(path)} is damaged after {i:,} events, and was read up to there"
            for tag, step, value in _scalars(content, path):
                scalars.add(tag, step, value)
            if scalars.count > NUMBERS:
                raise InvalidValue(f"{plain(path)} has more than {NUMBERS:,} numbers; give fewer")
    return ""


def _scalars(content: bytes, path: Path) -> Iterator[tuple[str, int, float]]:
    """The scalars of an event: tag, step and number."""
    from google.protobuf.message import DecodeError
    from tensorboardX.proto import event_pb2  # type: ignore  # in an extra

    try:
        event: Any = event_pb2.Event.FromString(content)  # type: ignore[attr-defined]
    except DecodeError as error:
        raise InvalidValue(f"{plain(path)} holds records that are no events of TensorBoard") from error
    for value in event.summary.value:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            yield value.tag, event.step, value.simple_value
        elif kind == "tensor" and (number := _scalar(value.tensor)) is not None:
            yield value.tag, event.step, number


def _scalar(tensor: Any) -> float | None:
    """The number in a tensor of one, as TensorFlow 2 writes scalars; `None` for any other."""
    if tensor.dtype not in TYPES or any(each.size != 1 for each in tensor.tensor_shape.dim):
        return None
    field, form = TYPES[tensor.dtype]
    held = getattr(tensor, field)
    if len(held) == 1:
        return float(held[0])
    content = tensor.tensor_content
    return float(np.frombuffer(content, form)[0]) if len(content) == int(form[-1]) else None
