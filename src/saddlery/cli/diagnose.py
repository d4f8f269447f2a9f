"""`saddlery diagnose`: what training does, why, and what would help."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say, say_others
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import WIDTH, Data
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain

if TYPE_CHECKING:
    from saddlery.analysis.from_records import FromRecords

TONES = {"good": "green", "bad": "red", "plain": "yellow"}
SECONDS_BETWEEN_LINES = 10.0
RECORDS_ALONE = "nothing can be trained on, and no page is written"
OF_A_GAME = ("method", "seed", "verify", "seeds", "checkpoints", "steps", "out", "data", "plugin")
OF_A_LOG = ("log_run", "generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm", "step_column")


def _column(what: str) -> Any:
    return typer.Option(metavar="COLUMN", help=f"With --csv: which column, or tag, is {what}. [by common names]")


def diagnose(
    context: typer.Context,
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="A folder that `saddlery run`, or saddlery.torch.watch, wrote."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="Of the run's methods, by its text or its beginning, or best. [the first]"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which of its seeds.")] = 0,
    verify: Annotated[
        bool, typer.Option("--verify", help="Train with and without each candidate; recommend what helps.")
    ] = False,
    seeds: Annotated[int, typer.Option(help="Seeds to verify with, from each checkpoint.")] = 4,
    checkpoints: Annotated[
        int, typer.Option(help="Independently trained checkpoints to verify on; those that the run lacks are trained.")
    ] = 3,
    steps: Annotated[int, typer.Option(help="Steps of the trial run; verifying takes three times as many.")] = 1000,
    out: Annotated[Path | None, typer.Option(help="The folder for the page and figures. [RUN/diagnosis]")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    data: Data = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", metavar="LOG", help="In place of RUN a log of losses: CSV, W&B's export, TensorBoard's events."
        ),
    ] = None,
    log_run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="With --csv: which of several runs in the log.")
    ] = None,
    generator_loss: Annotated[str | None, _column("the generator's loss")] = None,
    discriminator_loss: Annotated[str | None, _column("the discriminator's loss")] = None,
    generator_norm: Annotated[str | None, _column("the norm of the generator's gradient")] = None,
    discriminator_norm: Annotated[str | None, _column("the norm of the discriminator's gradient")] = None,
    step_column: Annotated[str | None, _column("the step")] = None,
    plugin: Plugins = None,
) -> None:
    """Say what training does, why, and what would help.

    It trains on from the last checkpoint for a while, measures samples, or the distance to the equilibrium, and the
    path, and looks at the spectrum there. What could help is a candidate; with --verify, what training confirms, on
    several independently trained checkpoints, is a recommendation.

    Of a training that was watched in PyTorch, and of a log alone (--csv), it says what the records say, and what they
    cannot.
    """
    if csv is not None:
        if run is not None:
            raise InvalidValue(f"--csv: got {plain(csv)} and the folder {plain(run)}; give one of the two")
        _refuse(context, OF_A_GAME, f"of a log {RECORDS_ALONE}")
        asked = {
            "generator_loss": generator_loss, "discriminator_loss": discriminator_loss,
            "generator_norm": generator_norm, "discriminator_norm": discriminator_norm, "step": step_column,
        }  # fmt: skip
        _show_records(_of_log(csv, log_run, {what: name for what, name in asked.items() if name is not None}))
        return
    if run is None:
        raise InvalidValue("give the folder of a run, or a log: saddlery diagnose RUN, saddlery diagnose --csv LOG")
    _refuse(context, OF_A_LOG, "it goes with --csv")
    if (found := _of_watch(run)) is not None:
        _refuse(context, OF_A_GAME, f"{plain(run)} was watched in PyTorch; of its records {RECORDS_ALONE}")
        _show_records(found)
        return
    environment.require()
    from saddlery import diagnosis
    from saddlery.diagnosis.page import write
    from saddlery.diagnosis.subject import from_folder
    from saddlery.records.claims import local_folder

    folder = local_folder("out", out) if out else run / "diagnosis"
    subject = from_folder(run, method, seed, checkpoints if verify else 1, data) if data else run
    found = diagnosis.diagnose(
        subject, None if data else method, seed=seed, steps=steps, verify=verify, seeds=seeds, checkpoints=checkpoints,
        on_progress=None if quiet else _lines(),
    )  # fmt: skip
    try:
        page = write(found, folder)
    except OSError as error:
        raise Ended(f"{folder} cannot be written: {error.strerror or error}", 1) from error
    _show(found)
    if method is None:
        say_others(found.subject.others)
    say(f"Report: {page}")
    say(f"Figures: {folder / 'figures'}")


def _refuse(context: typer.Context, names: Sequence[str], why: str) -> None:
    """Refuse options that were given and do not go with what is diagnosed."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise InvalidValue(f"{parameter.opts[0]}: {why}")


def _of_log(path: Path, run: str | None, asked: dict[str, str]) -> "FromRecords":
    """What a log says."""
    from saddlery.analysis.from_log import of_log
    from saddlery.records.logs.read import read_log

    return of_log(read_log(path, asked, run))


def _of_watch(folder: Path) -> "FromRecords | None":
    """What the records of a watched training say; `None` for a folder of another kind."""
    from saddlery.experiments.watched import is_watched, watched

    if not is_watched(folder):
        return None
    from saddlery.analysis.from_watch import from_watch
    from saddlery.records.watched import report

    return from_watch(watched(folder), report(folder), str(folder))


def _lines() -> Any:
    """Progress of the verification on stderr, a line now and then."""
    import time

    last = time.monotonic()

    def report(name: str, progress: Any) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        if isinstance(progress, tuple):
            what = f"verifying {f'with {name}' if name else 'without a change'}: run {progress[0] + 1} of {progress[1]}"
        else:
            what = f"training another checkpoint: {progress.step:,} of {progress.steps:,} steps"
        print(what, file=sys.stderr, flush=True)

    return report


def _show(found: Any) -> None:
    """The verdict, the table of what was measured, and what would help."""
    from rich.markup import escape

    from saddlery.diagnosis.advice import advice
    from saddlery.diagnosis.words import ending, rows

    console = _console()
    if found.subject.title:
        console.print(escape(found.subject.heading))
    _print_verdict(console, found.verdict, rows(found))
    for text in found.evidence.missing:
        console.print(f"[red]Not computed[/]: {escape(text)}")
    for text in found.evidence.remarks:
        console.print(f"[yellow]Note[/]: {escape(text)}")
    for status, name, text in advice(found):
        style = "bold green" if status.startswith("RECOMMENDED") else "bold" if status == "candidate" else "dim"
        console.print(f"[{style}]{status}: {escape(name)}[/] — {escape(text)}")
    _print_ending(console, ending(found))


def _show_records(found: "FromRecords") -> None:
    """What records alone say, and what they cannot say."""
    from rich.markup import escape

    from saddlery.analysis.from_records import ending

    console = _console()
    for line in found.heading:
        console.print(escape(plain(line)))
    _print_verdict(console, found.verdict, found.rows)
    for text in found.remarks:
        console.print(f"[yellow]Note[/]: {escape(plain(text))}")
    _print_ending(console, ending(found))
    console.print("[bold]What this cannot say[/], and what would:")
    for what, needs in found.cannot:
        console.print(f"- {escape(what)}: [dim]{escape(needs)}[/]")


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def _print_verdict(console: Any, verdict: Any, rows: Sequence[Any]) -> None:
    """The verdict, and the table of what was measured."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    from saddlery.analysis.outcome import tone

    console.print(f"[bold {TONES[tone(verdict.word)]}]{verdict.word}[/]: {escape(verdict.because)}.")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("What was measured", "Value", "What it means"):
        table.add_column(heading, overflow="fold", style="dim" if heading == "What it means" else None)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _print_ending(console: Any, parts: Sequence[tuple[str, str]]) -> None:
    from rich.markup import escape

    for name, text in parts:
        console.print(
            f"[bold]{name[0].upper() + name[1:]}[/]: {escape(text)}", soft_wrap=name in ("command", "in Python")
        )
