"""How a command ends when it does not end well: one line on stderr and an exit code, never a traceback.

What the user can put right is a `saddlery.errors.Invalid`: exit code 2.
"""

import functools
from collections.abc import Callable
from typing import Any

from saddlery._system.signals import Stopped, stoppable
from saddlery.errors import Invalid


class Ended(Exception):
    """A command that ends early: what to say, and the exit code (1 for a failed run, 2 for a mistake in usage)."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


def long(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that hears SIGINT, SIGTERM and SIGHUP from its first moment, and stops where nothing is half done."""

    @functools.wraps(command)
    def heard(*arguments: Any, **named: Any) -> Any:
        try:
            with stoppable(call=False):
                return command(*arguments, **named)
        except Stopped as stopped:  # which typer would take for a Ctrl-C of its own
            known = isinstance(stopped.__cause__, Ended | Invalid)
            raise Ended(str(stopped.__cause__ if known else stopped), 128 + stopped.signum) from None

    return heard
