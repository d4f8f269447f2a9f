"""Delivery of records to loggers: a thread and a queue for each, so that none can stop or disturb training."""

import contextlib
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlery.errors import Invalid, InvalidType
from saddlery.loggers import LOGGERS
from saddlery.loggers.logger import LoggedRun, Logger
from saddlery.text.arguments import first_line, quoted
from saddlery.text.call import build

MOST = 10_000  # records that wait for a logger
PATIENCE = 10.0  # seconds that training waits for a logger that is so far behind, or to end a setting
LAST = 30.0  # seconds that a logger has for what is left when training has ended
FLUSH_SECONDS = 1.0


def made(loggers: Sequence[str | Logger]) -> list[Logger]:
    """Loggers as objects: those that are texts, such as `"csv"` or `"wandb(project='gans')"`, are built.

        >>> [type(each).__name__ for each in made(["csv"])]
        ['CsvLogger']

    **Raises:** `ValueError` for an unknown name or argument, or a package that is not installed; `TypeError` for what
    is no logger.
    """
    if isinstance(loggers, str | Logger):
        loggers = [loggers]
    found = [build("logger", each, LOGGERS) if isinstance(each, str) else each for each in loggers]
    for each in found:
        if not isinstance(each, Logger):
            raise InvalidType(
                f"loggers: got {quoted(each)}, expected a text such as 'csv', or a saddlery.loggers.Logger"
            )
    return found


@contextlib.contextmanager
def delivering(loggers: Sequence[Logger], out: Path | None, settings: Sequence[str]) -> "Iterator[Deliveries | None]":
    """A context of training whose records are delivered to loggers; yields `None` where there are none.

    **Arguments:** as of `Logger.open`.

    **Raises:** what a logger's `open` raises that a user can put right; anything else is a warning.
    """
    if not loggers:
        yield None
        return
    opened = []
    for each in loggers:
        try:
            each.open(out, settings)
            opened.append(each)
        except Invalid:
            raise
        except Exception as error:
            _warn(each, error)
    deliveries = Deliveries([Delivery(each) for each in opened])
    try:
        yield deliveries
    finally:
        deliveries.close()


class Deliveries:
    """The deliveries of the loggers of some runs. Its methods may be called by any thread."""

    def __init__(self, deliveries: "Sequence[Delivery]"):
        self.all = deliveries

    def begin(self, run: LoggedRun, step: int) -> None:
        """Deliver that a run begins, or goes on from `step`."""
        self._put("begin", run, step)

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """Deliver a record."""
        self._put("log", run, step, record)

    def end(self, run: LoggedRun, diverged_at: int) -> None:
        """Deliver that a run is over."""
        self._put("end", run, diverged_at)

    def wait(self) -> None:
        """Wait, not for long, until the loggers have what was delivered, and have written it."""
        for each in self.all:
            each.wait(PATIENCE)

    def close(self) -> None:
        """Deliver that training has ended, and wait for the loggers; one that takes too long is left behind."""
        for each in self.all:
            each.close()

    def _put(self, *item: object) -> None:
        for each in self.all:
            each.put(*item)


class Delivery:
    """The delivery to one logger, by a thread that calls it."""

    def __init__(self, logger: Logger):
        self.logger = logger
        self.waiting: queue.Queue[tuple[Any, ...]] = queue.Queue(MOST)
        self.left_out = False
        self.thread = threading.Thread(target=self._deliver, name=f"saddlery-{_name(logger)}", daemon=True)
        self.thread.start()

    def put(self, *item: object) -> None:
        """Hand something over, unless the logger is left out."""
        if not self.left_out:
            try:
                self.waiting.put(item, timeout=PATIENCE)
            except queue.Full:
                self._leave_out(TimeoutError(f"it is {MOST:,} records behind"))

    def wait(self, seconds: float) -> bool:
        """Wait until all that was handed over is written; returns whether it is."""
        written = threading.Event()
        self.put("wait", written)
        end = time.monotonic() + seconds
        while not self.left_out and self.thread.is_alive() and time.monotonic() < end:
            if written.wait(0.05):
                return True
        return written.is_set()

    def close(self) -> None:
        """End the thread."""
        self.put("close")
        self.thread.join(0.0 if self.left_out else LAST)
        if self.thread.is_alive() and not self.left_out:
            self._leave_out(TimeoutError(f"it did not end within {LAST:.0f} s"))

    def _deliver(self) -> None:
        """Call the logger with what is handed over, and let it write about every second."""
        flushed, written = time.monotonic(), True
        calls: dict[str, Callable[..., None]] = {name: getattr(self.logger, name) for name in ("begin", "log", "end")}
        try:
            while not self.left_out:
                with contextlib.suppress(queue.Empty):
                    what, *given = self.waiting.get(timeout=FLUSH_SECONDS)
                    if what == "close":
                        break
                    if what == "wait":
                        self.logger.flush()
                        given[0].set()
                    else:
                        calls[what](*given)
                        written = False
                if not written and time.monotonic() - flushed >= FLUSH_SECONDS:
                    self.logger.flush()
                    flushed, written = time.monotonic(), True
            self.logger.flush()
            self.logger.close()
        except BaseException as error:
            self._leave_out(error)
            with contextlib.suppress(BaseException):
                self.logger.close()

    def _leave_out(self, error: BaseException) -> None:
        """Leave the logger out from here on, with a warning."""
        if not self.left_out:
            self.left_out = True
            _warn(self.logger, error)


def _name(logger: Logger) -> str:
    return type(logger).__name__.removesuffix("Logger").lower() or "logger"


def _warn(logger: Logger, error: BaseException) -> None:
    """Warn that a logger fails."""
    said = f"log: {_name(logger)} fails and is left out, training goes on ({type(error).__name__}: {first_line(error)})"
    warnings.warn(said, stacklevel=3)
