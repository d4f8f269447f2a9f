"""The command line: one file per command, each thin. Nothing heavy is imported until a command runs."""

import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from saddlery import __version__
from saddlery.cli.data import data
from saddlery.cli.demo import demo
from saddlery.cli.diagnose import diagnose
from saddlery.cli.doctor import doctor
from saddlery.cli.errors import Ended
from saddlery.cli.evaluate import evaluate
from saddlery.cli.export import export
from saddlery.cli.list import list_names
from saddlery.cli.report import report
from saddlery.cli.resume import resume
from saddlery.cli.run import run
from saddlery.cli.sample import sample
from saddlery.cli.study import study

app = typer.Typer(
    name="saddlery",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Compiled programs are kept in SADDLERY_CACHE (default: ~/.cache/saddlery), so that a later command starts "
    "at once. Exit codes: 0 done, 1 a run failed or was stopped, 2 a mistake in the command.",
)
app.command("run")(run)
app.command("resume")(resume)
app.command("report")(report)
app.command("export")(export)
app.command("diagnose")(diagnose)
app.command("evaluate")(evaluate)
app.command("sample")(sample)
app.command("study")(study)
app.command("list")(list_names)
app.add_typer(data, name="data")
app.command("doctor")(doctor)
app.command("demo")(demo)

# The base of what the parser raises for an unknown option, a missing argument, …: typer does not export it.
_ParserError: Any = typer.BadParameter.__mro__[2]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"saddlery {__version__}")
        raise typer.Exit


@app.callback()
def _saddlery(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train GANs and other two-player games, see why training converges, cycles, diverges or collapses."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a failed or stopped run, 2 a mistake in usage."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            return app(args=arguments, prog_name="saddlery", standalone_mode=False) or 0
    except Ended as ended:
        return _refuse(str(ended), ended.code)
    except _ParserError as error:
        return _refuse(error.format_message(), 2)
    except KeyboardInterrupt:
        return _refuse("interrupted", 1)
    except OSError as error:
        return _refuse(str(error), 1)
    except MemoryError as error:
        return _refuse(str(error) or "out of memory: fewer seeds, a smaller batch or a larger --every need less", 1)


def _warn(message, *_) -> None:
    """A warning in one line, without the place in the code that it came from."""
    print(f"warning: {' '.join(str(message).split())}", file=sys.stderr)


def _refuse(message: str, code: int) -> int:
    """Say what is wrong in one line."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code
