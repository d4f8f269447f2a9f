"""Printing by commands, to streams that nothing breaks: work is never lost because nobody reads its output."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from saddlery.text.arguments import plain


def say(text: str) -> None:
    """Print a line without control characters, in which names of the user's files may stand."""
    print(plain(text))


NAMED = 8  # of a run's other settings, by a command that was not told which


def say_others(labels: Sequence[str]) -> None:
    """Say which settings a run holds beside the one that was taken, the first, since none was named."""
    if labels:
        more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
        say(f"The first of {len(labels) + 1} settings; by --method also: {'; '.join(labels[:NAMED])}{more}; or best")


class Steady:
    """A text stream that goes silent once it is broken or closed, instead of raising an error."""

    def __init__(self, stream: TextIO):
        self.stream, self.broken = stream, False

    def write(self, text: str) -> int:
        """Write text, unless the stream is broken; characters that its encoding lacks are escaped."""
        self._attempt(lambda: self.stream.write(self._plain(text)))
        return len(text)

    def flush(self) -> None:
        """Flush the stream, unless it is broken."""
        self._attempt(self.stream.flush)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several lines."""
        for line in lines:
            self.write(line)

    def _plain(self, text: str) -> str:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def _attempt(self, act: Any) -> None:
        if self.broken:
            return
        try:
            act()
        except (OSError, ValueError):  # a pipe without a reader, a terminal that is gone, a closed file
            self.broken = True
            with contextlib.suppress(OSError, ValueError, AttributeError):  # or Python complains of it when it ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """A context in which standard output and error cannot break; standard files that are closed are opened first.

    A closed one would be the next file that anything opens, and what is printed would go into that.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, this one
    silent = open(os.devnull, "w")  # noqa: SIM115
    out, err = (Steady(silent if each is None or each.closed else each) for each in (sys.stdout, sys.stderr))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), silent:  # type: ignore[type-var]
        try:
            yield
        finally:
            out.flush()
            err.flush()
