"""How a command ends when it does not end well: one line on stderr and an exit code, never a traceback."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from saddlery.signals import Stopped, stoppable


class Ended(Exception):
    """A command that ends early: what to say, and the exit code (1 for a failed run, 2 for a mistake in usage)."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


@contextmanager
def mistakes() -> Iterator[None]:
    """Whatever is refused in here is the user's to put right: exit code 2.

    Commands read and build everything inside this before anything runs; a `ValueError` later on is a fault of ours.
    """
    try:
        yield
    except (ValueError, TypeError, FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise Ended(str(error), 2) from error


def long(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that hears SIGINT, SIGTERM and SIGHUP from its first moment, and stops where nothing is half done."""

    @functools.wraps(command)
    def heard(*arguments: Any, **named: Any) -> Any:
        try:
            with stoppable(call=False):
                return command(*arguments, **named)
        except Stopped as stopped:  # which typer would take for a Ctrl-C of its own
            said = stopped.__cause__ if isinstance(stopped.__cause__, Ended) else stopped
            raise Ended(str(said), 128 + stopped.signum) from None

    return heard
