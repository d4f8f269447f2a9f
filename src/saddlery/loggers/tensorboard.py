"""Records as TensorBoard's event files, by tensorboardX, without TensorFlow."""

import importlib.util
import io
import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlery.errors import InTheWay, InvalidValue
from saddlery.loggers.logger import LoggedRun, Logger, numbers
from saddlery.records import storage
from saddlery.records.growing import EVENTS, are_events, framed
from saddlery.text.arguments import plain

SHEETS = 64  # of samples, of one run
SHOWN = 64  # samples of one sheet
SIDE = 128  # pixels of a sheet of points


def tensorboard(folder: str | os.PathLike | None = None) -> "TensorboardLogger":
    """A logger into TensorBoard's event files: `tensorboard --logdir FOLDER` shows them while runs are under way.

    Each run has a folder `<setting>/seed <n>`, and in it a scalar for every number that is recorded, by its name. Of
    at most 64 records, evenly spaced, the samples are a sheet of at most 64 images; samples of two numbers are a
    picture of their density. It needs tensorboardX, which is in the extra `tensorboard`.

    **Arguments:** `folder`: by default `tensorboard` in the folder of the runs.

    **Raises:** `ValueError` when tensorboardX is not installed.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        raise InvalidValue('log: tensorboardX is not installed; install it with: pip install "saddlery[tensorboard]"')
    return TensorboardLogger(None if folder is None else storage.expanded("folder", os.fspath(folder), "a folder"))


class TensorboardLogger(Logger):
    """A logger into TensorBoard's event files; see `tensorboard`."""

    def __init__(self, folder: Path | None):
        self.folder, self.files = folder, {}
        self._into: Path | None = None

    def open(self, out: Path | None, settings: Sequence[str]) -> None:
        """Choose the folder.

        **Raises:** `ValueError` when there is none.
        """
        if self.folder is None and out is None:
            raise InvalidValue(
                'log: tensorboard needs a folder where the runs have none: tensorboard(folder="logs"), or out=…'
            )
        self._into = out / "tensorboard" if self.folder is None else self.folder  # type: ignore[operator]
        self.files = {}

    def begin(self, run: LoggedRun, step: int) -> None:
        """Begin the file of a run in the place of those that an earlier process wrote of it.

        **Raises:** `FileExistsError` when one of these is not Saddlery's, or was changed since.
        """
        into = self._into / place(run)  # type: ignore[operator]
        into.mkdir(parents=True, exist_ok=True)
        for former in sorted(into.iterdir()):
            if EVENTS.fullmatch(former.name):
                if former.is_symlink() or not former.is_file() or not are_events(former):
                    raise InTheWay(f"{plain(former)} was not written by Saddlery, or was changed since; move it away")
                former.unlink()
        self.files[run] = EventFile(into / f"events.out.tfevents.{time.time_ns()}.saddlery")

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """Add the numbers of a record as scalars, and samples as an image where one is due."""
        file = self.files[run]
        summary = {name: {"simple_value": value} for name, value in numbers(record).items()}
        if step >= file.next_sheet:
            sheets = {name: sheet(value) for name, value in record.items() if np.ndim(value) > 1}
            summary |= {name: {"image": encoded(each)} for name, each in sheets.items() if each is not None}
            file.next_sheet = step + max(1, math.ceil(run.steps / (SHEETS - 1)))
        file.add(step, summary)

    def flush(self) -> None:
        """Write what was added."""
        for file in self.files.values():
            file.flush()

    def end(self, run: LoggedRun, diverged_at: int) -> None:
        """Close the file of a run."""
        self.files.pop(run).close()

    def close(self) -> None:
        """Close the files of runs that have not ended."""
        for file in self.files.values():
            file.close()
        self.files = {}


class EventFile:
    """An event file, to which events are appended."""

    def __init__(self, path: Path):
        from tensorboardX.proto import event_pb2  # type: ignore  # in an extra

        self.proto: Any = event_pb2
        self.file = open(path, "xb")  # noqa: SIM115
        self.next_sheet = 0
        self._write(file_version="brain.Event:2")
        self._write(step=0, session_log={"status": self.proto.SessionLog.START})  # nothing of before counts any more

    def _write(self, **event: Any) -> None:
        self.file.write(framed(self.proto.Event(wall_time=time.time(), **event).SerializeToString()))

    def add(self, step: int, summary: Mapping[str, Mapping[str, Any]]) -> None:
        """Append the summary of a record, a value for each tag."""
        self._write(step=step, summary={"value": [{"tag": tag, **value} for tag, value in summary.items()]})

    def flush(self) -> None:
        """Hand to the system what was appended."""
        self.file.flush()

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def place(run: LoggedRun) -> Path:
    """The folder of a run below TensorBoard's: its setting's label and its seed.

    Where a label has characters that file names may not, they are replaced and its number is added.

        >>> place(LoggedRun("unrolled(steps=10)", 2, 0, 100)).as_posix()
        'unrolled(steps=10)/seed 0'
        >>> place(LoggedRun("mine(path='a/b')", 2, 1, 100)).as_posix()
        "mine(path='a_b') 2/seed 1"
    """
    name = re.sub(r"[^\w .,=()'+\-\[\]]", "_", run.setting, flags=re.ASCII)[:150].strip(". ")
    return Path(name if name == run.setting else f"{name} {run.index}", f"seed {run.seed}")


def sheet(samples: np.ndarray) -> np.ndarray | None:
    """The picture of samples as uint8 (y, x, channel): a grid of images, or the density of points in the plane.

    Points are seen in a square around 0 whose half side is the power of 2 that holds 99% of them; `None` for samples of
    another kind.

        >>> sheet(np.zeros((5, 8, 8, 1), np.uint8)).shape  # in three columns
        (16, 24, 1)
    """
    samples = np.asarray(samples)
    if samples.ndim == 4 and samples.dtype == np.uint8 and samples.shape[-1] in (1, 3):
        number, height, width, channels = samples[:SHOWN].shape
        columns = math.ceil(math.sqrt(number))
        rows = math.ceil(number / columns)
        grid = np.full((rows * columns, height, width, channels), 255, np.uint8)
        grid[:number] = samples[:SHOWN]
        grid = grid.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
        return grid.reshape(rows * height, columns * width, channels)
    if samples.ndim == 2 and samples.shape[1] == 2 and (finite := samples[np.isfinite(samples).all(1)]).size:
        reach = max(float(np.quantile(np.abs(finite), 0.99)), 2.0**-20)
        half = 2.0 ** math.ceil(math.log2(reach))
        counts = np.histogram2d(-finite[:, 1], finite[:, 0], SIDE, [[-half, half]] * 2)[0]
        return (255 * (1 - np.sqrt(counts / max(1.0, counts.max()))))[..., None].astype(np.uint8)
    return None


def encoded(image: np.ndarray) -> dict[str, Any]:
    """An image as a summary holds it, in PNG."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(content, "PNG")
    height, width, channels = image.shape
    return {
        "height": height, "width": width, "colorspace": channels, "encoded_image_string": content.getvalue(),
    }  # fmt: skip
