"""Places on a machine in texts about runs: absolute paths are left out of what is shown or passed on."""

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeVar

T = TypeVar("T")

QUOTED_PLACE = re.compile(r"""(['"])((?:~|/|\\\\|[A-Za-z]:[\\/])(?:\\.|(?!\1).)*)\1""")


def unplaced(text: str) -> str:
    """A call's text with the names of files alone in the place of absolute paths; relative ones stay.

    >>> unplaced("images(data='/home/me/faces', size=32)")
    "images(data='faces', size=32)"
    """
    return QUOTED_PLACE.sub(lambda found: found[1] + _name(found[2]) + found[1], text)


def unplaced_names(named: Mapping[str, T]) -> dict[str, T]:
    """Things by their texts, without the absolute paths in these; those that are then the same are numbered.

    >>> unplaced_names({"images(data='/a/faces')": 1, "images(data='/b/faces')": 2})
    {"images(data='faces')": 1, "images(data='faces') (2)": 2}
    """
    found: dict[str, T] = {}
    for text, thing in named.items():
        name, more = unplaced(text), 2
        while name in found:
            name, more = f"{unplaced(text)} ({more})", more + 1
        found[name] = thing
    return found


def unplaced_command(command: str) -> str:
    """A command line with the names of files alone in the place of absolute paths; relative ones stay.

    >>> unplaced_command("saddlery run ring --steps 100 --out /tmp/runs/mine")
    'saddlery run ring --steps 100 --out mine'
    """
    words = shlex.split(command)
    shown = [_name(word) if _is_absolute(word) else unplaced(word) for word in words]
    return command if shown == words else shlex.join(shown)


def _is_absolute(text: str) -> bool:
    return text.startswith("~") or PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def _name(path: str) -> str:
    kind = PurePosixPath if path.startswith(("/", "~")) else PureWindowsPath  # a backslash may be part of a name
    return kind(path).name
