"""Signals SIGINT, SIGTERM and SIGHUP: noticed at once, and acted upon where nothing is half done.

A handler written in Python runs between two instructions of the main thread: while that waits, or is inside a
compilation, it does not run, and what it raises inside a callback of somebody's is lost. So the handler here does
nothing; a thread reads the signals' numbers from a pipe that the interpreter itself writes them into, and sets a flag.
Training looks at it between chunks and between compilations, keeps a checkpoint and stops. A second signal ends the
process at once.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
ONE = 1.0  # seconds within which several are one: shells and schedulers send them to the group and to the process

_heard: "_Heard | None" = None  # of the outermost block: signals belong to the process


class Stopped(KeyboardInterrupt):
    """The exception for work that a signal stopped, after what it had reached was kept.

    A `KeyboardInterrupt`, whichever signal it was; `signum` is its number.
    """

    def __init__(self, signum: int = signal.SIGINT):
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = int(signum)


class _Heard:
    """What has been heard: the first signal's number and time."""

    def __init__(self):
        self.signum: int | None = None
        self.at = 0.0

    def take(self, signum: int) -> None:
        """Hear a signal; a second one ends the process."""
        now = time.monotonic()
        if self.signum is None:
            self.at, self.signum = now, signum
        elif now - self.at > ONE:
            os._exit(128 + signum)  # what is on disk is whole; an orderly end would wait for what runs


@contextlib.contextmanager
def stoppable(call: bool = True) -> Iterator[None]:
    """A context that notices the three signals in the main thread; elsewhere, or inside another, it does nothing.

    A signal that was ignored before, as SIGINT is in background jobs of a script and SIGHUP under `nohup`, stays so.
    Afterwards all handlers are as before, and with `call` the previous one of a signal that was heard is called, so
    that it means what it meant; then `Stopped` is raised.

    **Raises:** `Stopped` when a signal was heard, however the block ended.
    """
    global _heard
    if _heard is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    mine = _heard = _Heard()
    previous, waking = _install(mine)
    try:
        yield
    finally:
        _restore(previous, waking)
        _heard = None
        if mine.signum is not None:
            raised = sys.exc_info()[1]
            if call and previous.get(mine.signum) is not signal.default_int_handler:
                signal.raise_signal(mine.signum)
            raise Stopped(mine.signum) from (None if isinstance(raised, Stopped) else raised)


def _install(heard: _Heard) -> tuple[dict[int, Any], Any]:
    """Put our handlers in place; returns those before, and how to wake the thread that reads."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    handlers = {each: signal.getsignal(each) for each in SIGNALS}
    previous = {each: handler for each, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}
    woken = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    for each in previous:
        signal.signal(each, lambda *_: None)

    def listen():
        while content := reading.recv(64):
            if 0 in content:
                break
            for signum in content:
                if signum in previous:
                    heard.take(signum)
        reading.close()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    return previous, (writing, woken)


def _restore(previous: dict[int, Any], waking: Any) -> None:
    """Put the handlers back that were there before."""
    writing, woken = waking
    for each, handler in previous.items():
        signal.signal(each, handler)
    signal.set_wakeup_fd(woken)
    with contextlib.suppress(OSError):
        writing.send(b"\0")
    writing.close()


def stopping() -> bool:
    """Whether a signal has asked this process to stop."""
    heard = _heard
    return heard is not None and heard.signum is not None


def check() -> None:
    """Raise `Stopped` if a signal has asked this process to stop.

    **Raises:** `Stopped`.
    """
    heard = _heard
    if heard is not None and heard.signum is not None:
        raise Stopped(heard.signum)
