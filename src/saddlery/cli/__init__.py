"""The command line, `saddlery`: one thin file per command. Nothing heavy is imported until a command runs."""

import contextlib
import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from saddlery import __version__
from saddlery.cli.data import data
from saddlery.cli.demo import demo
from saddlery.cli.diagnose import diagnose
from saddlery.cli.doctor import doctor
from saddlery.cli.errors import Ended, long
from saddlery.cli.evaluate import evaluate
from saddlery.cli.export import export
from saddlery.cli.list import list_names
from saddlery.cli.output import steady
from saddlery.cli.report import report
from saddlery.cli.resume import resume
from saddlery.cli.run import run
from saddlery.cli.sample import sample
from saddlery.cli.study import study
from saddlery.cli.watch import watch
from saddlery.errors import Invalid
from saddlery.records.locks import Held
from saddlery.text.arguments import plain

LONGEST = 1500  # characters of an error, which may quote what was typed
SELDOM = 50_000, 20, 20  # objects, and younger collections, after which Python looks for cycles

app = typer.Typer(
    name="saddlery",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Compiled programs are kept in SADDLERY_CACHE (default: ~/.cache/saddlery), so that a later command starts "
    "at once. Exit codes: 0 done, 1 a run failed, 2 a mistake in the command; 130, 143 and 129 when it was stopped by "
    "Ctrl-C, SIGTERM or SIGHUP.",
)
app.command("run", short_help="Train methods on a game, several seeds each.")(long(run))
app.command("resume")(long(resume))
app.command("watch")(watch)
app.command("report")(report)
app.command("export", short_help="Write an experiment's numbers as one long table.")(export)
app.command("diagnose")(long(diagnose))
app.command("evaluate", short_help="Evaluate trained players by every measure.")(long(evaluate))
app.command("sample")(long(sample))
app.command("study")(long(study))
app.command("list")(list_names)
app.add_typer(data, name="data")
app.command("doctor")(doctor)
app.command("demo", short_help="Run a demonstration, on a ring of Gaussians and on digits.")(long(demo))

NO_COMMAND = "NoArgsIsHelpError"  # of the parser, whose message is the help
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
    """Run one command and return its exit code: 0 done, 1 a run failed, 2 a mistake in usage, 128 + a signal's number.

    Without a command it prints the help on standard error, which is a mistake in usage.

    With `SADDLERY_DEBUG=1` in the environment, whatever ends a command is shown with its traceback.
    """
    with steady(), _seldom_collecting(), warnings.catch_warnings():
        warnings.showwarning = _warn
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # what it says of tasks when a command is stopped
        try:
            return app(args=arguments, prog_name="saddlery", standalone_mode=False) or 0
        except BaseException as error:
            if type(error).__name__ == NO_COMMAND:
                print(error.format_message(), file=sys.stderr)  # type: ignore[attr-defined]
                return 2
            if os.environ.get("SADDLERY_DEBUG") == "1":
                raise
            return _refuse(*_said(error))


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """A context in which Python looks for cycles seldom: loading and tracing make many objects, and hardly any.

    It takes 7% off a command of some seconds.
    """
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _said(error: BaseException) -> tuple[str, int]:
    """What to say of whatever ended a command, and its exit code."""
    match error:
        case Ended():
            return str(error), error.code
        case Invalid():
            return str(error), 2
        case Held():
            return str(error), 1
        case _ParserError():
            return error.format_message(), 2
        case SystemExit():
            return "", error.code if isinstance(error.code, int) else 1
        case KeyboardInterrupt():
            return "interrupted", 130
        case OSError():
            return str(error), 1
        case MemoryError():
            return str(error) or "out of memory: fewer seeds, a smaller batch or a larger --every need less", 1
    if "RESOURCE_EXHAUSTED" in str(error):  # XLA's
        return "out of memory: a smaller batch, fewer samples or smaller networks need less", 1
    kind = type(error).__name__
    return f"a fault in Saddlery: {kind}: {plain(error, 500)}; SADDLERY_DEBUG=1 shows where", 1


def _warn(message, *_) -> None:
    """A warning in one line, without the place in the code that it came from."""
    print(f"warning: {plain(' '.join(str(message).split()))}", file=sys.stderr)


def _refuse(message: str, code: int) -> int:
    """Say what is wrong in one line."""
    if message:
        print(f"error: {plain(' '.join(message.split()), LONGEST)}", file=sys.stderr)
    return code
