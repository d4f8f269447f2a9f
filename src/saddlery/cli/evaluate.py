"""`saddlery evaluate`: every measure on finished runs."""

import json
import math
import statistics
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery._system import signals
from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import WIDTH, Data
from saddlery.errors import InvalidValue
from saddlery.text.arguments import whole

Method = Annotated[str | None, typer.Option("--method", "-m", help="Only this method of the run. [all]")]


def evaluate(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder.")],
    method: Method = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds of each method.")] = 4,
    samples: Annotated[int, typer.Option(help="How many samples are measured.")] = 2500,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    inception: Annotated[bool, typer.Option("--inception", help="By Inception's features, of an extra.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    data: Data = None,
    plugin: Plugins = None,
) -> None:
    """Evaluate trained players by every measure, at their last checkpoints.

    Modes, quality, diversity, inversion: the median over seeds, beside what real samples score and what noise or
    untrained players score. Prints a table and writes FOLDER/evaluation.json.
    """
    environment.require(figures=False)
    import jax

    from saddlery import evaluation
    from saddlery.diagnosis.subject import of_restored
    from saddlery.experiments.built import require_room
    from saddlery.experiments.restored import built_in, restored_runs
    from saddlery.records import storage

    samples = whole("samples", samples)
    built = built_in(folder, data=data)
    labels = built.labels if method is None else (method,)
    judge = _inception() if inception else None
    found: dict[str, list[list[Any]]] = {}
    for label in labels:
        wanted = range(min(seeds, built.seeds))
        runs = restored_runs(folder, label, wanted, built)
        for seed in wanted:
            signals.check()
            if not quiet:
                print(f"{label}, seed {seed}", file=sys.stderr, flush=True)
            subject = of_restored(next(runs))
            if subject.diverged_at >= 0:
                print(f"{label}, seed {seed} diverged at step {subject.diverged_at:,}: left out", file=sys.stderr)
                continue
            require_room("samples", subject.game, subject.players, samples)
            measured = evaluation.evaluate(
                subject.game, subject.players, jax.random.key(key), samples=samples, inception=judge
            )
            found.setdefault(label, []).append(measured)
    if not found:
        raise Ended(f"{folder}: every run of it diverged; there is nothing to measure", 1)
    text = json.dumps(
        {label: [[_plain(one) for one in seed] for seed in each] for label, each in found.items()},
        indent=1,
        allow_nan=False,
    )
    try:
        storage.write(folder / "evaluation.json", text + "\n")
    except OSError as error:
        raise Ended(f"{folder / 'evaluation.json'} cannot be written: {error.strerror or error}", 1) from error
    _print(found, samples)
    say(f"Evaluation: {folder / 'evaluation.json'}")


def _inception() -> Any:
    from saddlery.metrics import inception

    try:
        return inception()
    except (ImportError, RuntimeError) as error:
        raise InvalidValue(str(error)) from error


def _print(found: dict[str, list[list[Any]]], samples: int) -> None:
    """A row for each measure, a column for each method, and what real samples and noise score."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=f"Measured on {samples:,} samples; medians over seeds", title_justify="left")
    table.add_column("Measure")
    for label in found:
        table.add_column(escape(label), justify="right")
    table.add_column("real samples", justify="right", style="dim")
    table.add_column("noise, or untrained", justify="right", style="dim")
    first = next(iter(found.values()))[0]
    for i, one in enumerate(first):
        cells = [statistics.median(seed[i].value for seed in each) for each in found.values()]
        shown = ("" if cell is None else one.measure.text(cell) for cell in (*cells, one.real, one.noise))
        table.add_row(one.measure.title, *shown)
    names = {one.name for one in first}
    if "precision" in names and "inversion_error" not in names:
        table.caption = "Not inverted: the generator's samples see each other (batch normalisation)."
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def _plain(measured: Any) -> dict[str, Any]:
    """A measure in JSON's types, which have no number that is not finite."""
    said = {"name": measured.name, "title": measured.measure.title, "meaning": measured.measure.meaning}
    numbers = {name: getattr(measured, name) for name in ("value", "real", "noise")}
    return said | {
        name: None if value is None or not math.isfinite(value) else value for name, value in numbers.items()
    }
