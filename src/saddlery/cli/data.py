"""`saddlery data`: downloads of published data sets."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.cli.errors import Ended, long
from saddlery.cli.output import say
from saddlery.errors import InvalidValue
from saddlery.text.names import nearest

data = typer.Typer(no_args_is_help=True, add_completion=False, help="Download data sets.")


@data.callback()
def _data() -> None:
    """Download data sets."""


@data.command("get")
@long
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist or cifar10.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to. [data/NAME in SADDLERY_CACHE or ~/.cache/saddlery]")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
) -> None:
    """Download a data set, whole and checked.

    What is there already is not downloaded again; a download that broke off is continued.
    """
    from saddlery.data import fetch

    if name not in fetch.PUBLISHED:
        raise InvalidValue(nearest("data set", name, fetch.PUBLISHED))
    try:
        with _shown(quiet) as progress:
            target = fetch.get(name, folder, progress)
    except (ValueError, ModuleNotFoundError) as error:
        raise Ended(str(error), 1) from error
    say(f"{name} is in {target}")


@contextmanager
def _shown(quiet: bool) -> Iterator[Callable[[str, int, int], Any] | None]:
    """Progress bars on stderr in a terminal, otherwise nothing."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def report(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file)
            bars.update(tasks[file], completed=done, total=total or None)

        yield report
