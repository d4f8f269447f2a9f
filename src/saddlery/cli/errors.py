"""Errors and exit codes of commands: one line on stderr, never a traceback.

What the user can put right is a `saddlery.errors.Invalid`: exit code 2.
"""

import functools
from collections.abc import Callable
from typing import Any

from saddlery._system.signals import Stopped, stoppable
from saddlery.errors import Invalid


class Ended(Exception):
    """The exception that ends a command early: message and exit code (1 for a failed run, 2 for wrong usage)."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


def long(command: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of long commands: SIGINT, SIGTERM and SIGHUP stop them where nothing is half done."""

    @functools.wraps(command)
    def heard(*arguments: Any, **named: Any) -> Any:
        try:
            with stoppable(call=False):
                return command(*arguments, **named)
        except Stopped as stopped:  # which typer would take for a Ctrl-C of its own
            known = isinstance(stopped.__cause__, Ended | Invalid)
            raise Ended(str(stopped.__cause__ if known else stopped), 128 + stopped.signum) from None

    return heard
