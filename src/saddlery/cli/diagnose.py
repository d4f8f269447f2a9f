"""`saddlery diagnose`: what training does, why, and what would help."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say, say_others
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import WIDTH, Data

TONES = {"good": "green", "bad": "red", "plain": "yellow"}
SECONDS_BETWEEN_LINES = 10.0


def diagnose(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `saddlery run` wrote.")],
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
    plugin: Plugins = None,
) -> None:
    """Say what training does, why, and what would help.

    It trains on from the last checkpoint for a while, measures samples, or the distance to the equilibrium, and the
    path, and looks at the spectrum there. What could help is a candidate; with --verify, what training confirms, on
    several independently trained checkpoints, is a recommendation.
    """
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
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from saddlery.analysis.outcome import tone
    from saddlery.diagnosis.advice import advice
    from saddlery.diagnosis.words import ending, rows

    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    if found.subject.title:
        console.print(escape(found.subject.heading))
    word = found.verdict.word
    console.print(f"[bold {TONES[tone(word)]}]{word}[/]: {escape(found.verdict.because)}.")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("What was measured", "Value", "What it means"):
        table.add_column(heading, overflow="fold", style="dim" if heading == "What it means" else None)
    for row in rows(found):
        table.add_row(*map(escape, row))
    console.print(table)
    for text in found.evidence.missing:
        console.print(f"[red]Not computed[/]: {escape(text)}")
    for text in found.evidence.remarks:
        console.print(f"[yellow]Note[/]: {escape(text)}")
    for status, name, text in advice(found):
        style = "bold green" if status.startswith("RECOMMENDED") else "bold" if status == "candidate" else "dim"
        console.print(f"[{style}]{status}: {escape(name)}[/] — {escape(text)}")
    for name, text in ending(found):
        console.print(
            f"[bold]{name[0].upper() + name[1:]}[/]: {escape(text)}", soft_wrap=name in ("command", "in Python")
        )
