"""How a command ends when it does not end well: one line on stderr and an exit code, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from saddlery.sweeps.lease import Held


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
    except Held as error:
        raise Ended(str(error), 1) from None
    except (ValueError, TypeError, FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise Ended(str(error), 2) from error
