"""`saddlery study`: a published experiment repeated, with a report."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.progress import SECONDS_BETWEEN_LINES
from saddlery.cli.run import Quiet
from saddlery.errors import Damaged, InvalidValue
from saddlery.records.claims import hold, local_folder
from saddlery.studies.study import STUDIES, find
from saddlery.text.duration import duration
from saddlery.text.names import nearest


def study(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(STUDIES)}.")],
    scale: Annotated[
        str, typer.Option(help="quick (minutes on two cores, hours for fair-*), medium, paper, or tiny to try it.")
    ] = "quick",
    out: Annotated[Path | None, typer.Option(help="The folder for everything. [runs/NAME]")] = None,
    quiet: Quiet = False,
    plugin: Plugins = None,
) -> None:
    """Repeat a published experiment, with a report.

    Stopped with Ctrl-C, the same command goes on from there.
    """
    environment.require()
    chosen = find(name)
    if scale not in chosen.scales:
        raise InvalidValue(nearest("scale", scale, tuple(chosen.scales)))
    folder = local_folder("out", out or Path("runs", name))
    with hold(folder):
        try:
            page = chosen.page(chosen.run(folder, scale, None if quiet else _lines(name)), folder)
        except KeyboardInterrupt:
            raise Ended(f"stopped; the same command goes on with what is in {folder}", 130) from None
        except (OSError, Damaged) as error:
            raise Ended(str(error), 1) from error
    say(f"Results: {folder}")
    say(f"Report: {page}")


def _lines(name: str) -> Callable[[int, int], None]:
    """Progress on stderr, a line now and then: how much is done and how long is left."""
    began = last = time.monotonic()
    at_first: int | None = None

    def report(done: int, of: int) -> None:
        nonlocal last, at_first
        at_first = done if at_first is None else at_first
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES:
            return
        last = now
        gained = done - at_first
        left = f", {duration((now - began) / gained * (of - done))} left" if gained else ""
        print(f"{name}: {done / of:.0%} ({done} of {of}){left}", file=sys.stderr, flush=True)

    return report
