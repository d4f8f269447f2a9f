"""`saddlery evaluate`: every measure on finished runs."""

import json
import math
import statistics
import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from saddlery._system import signals
from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.report import WIDTH, Data
from saddlery.errors import InvalidValue, NotFound
from saddlery.text.arguments import plain, whole
from saddlery.text.names import nearest

Method = Annotated[str | None, typer.Option("--method", "-m", help="Only this method of the run, or best. [all]")]


class Seed(NamedTuple):
    """What was measured of a run: its seed, its step, and each measure."""

    seed: int
    step: int
    measures: list[Any]


Found = dict[str, list[Seed]]  # by the settings' labels


def evaluate(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder.")],
    method: Method = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds of each method.")] = 4,
    samples: Annotated[int, typer.Option(help="How many samples are measured at most.")] = 2500,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    features: Annotated[
        str,
        typer.Option(
            help="By which images are compared: trained (a small network on the data), pixels, or inception (an extra)."
        ),
    ] = "trained",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    data: Data = None,
    plugin: Plugins = None,
) -> None:
    """Evaluate trained players by every measure, at their last checkpoints.

    Modes, quality, diversity, inversion: the median over seeds, beside what a perfect generator scores and what noise
    or untrained players score. Prints a table and writes FOLDER/evaluation.json after each run.
    """
    environment.require(figures=False)
    import jax

    from saddlery import evaluation
    from saddlery.diagnosis.subject import of_restored
    from saddlery.experiments.built import require_room
    from saddlery.experiments.restored import built_in, chosen, restored_runs
    from saddlery.metrics.image_features import KINDS, inception_features
    from saddlery.records import storage

    if features not in KINDS:
        raise InvalidValue(nearest("features", features, KINDS))
    by = inception_features() if features == "inception" else features
    samples, target = whole("samples", samples, 100), folder / "evaluation.json"
    built = built_in(folder, data=data)
    storage.require_replaceable(target)
    labels = built.labels if method is None else (chosen(built, method, folder).label,)
    wanted = range(min(seeds, built.seeds))
    found: Found = {}
    refused: list[str] = []
    for label in labels:
        for seed in wanted:
            signals.check()
            if not quiet:
                print(f"{label}, seed {seed}", file=sys.stderr, flush=True)
            try:
                subject = of_restored(next(restored_runs(folder, label, [seed], built)))
                if subject.diverged_at >= 0:
                    refused.append(f"{label}, seed {seed} diverged at step {subject.diverged_at:,}")
                    continue
                require_room("samples", subject.game, subject.players, samples)
                measured = evaluation.evaluate(
                    subject.game, subject.players, jax.random.key(key), samples=samples, features=by
                )
            except (NotFound, InvalidValue) as error:
                refused.append(f"{label}, seed {seed}: {error}")
                continue
            found.setdefault(label, []).append(Seed(seed, subject.step, measured))
            _write(target, found)
    for each in refused:
        print(plain(f"left out: {each}", 500), file=sys.stderr)
    if not found:
        raise Ended(f"{folder}: there is nothing to measure: {'; '.join(refused)}", 1)
    _print(found)
    say(f"Evaluation: {target}")


def _write(path: Path, found: Found) -> None:
    """Write all that was measured so far."""
    from saddlery.records import storage

    held = {
        label: [each._asdict() | {"measures": [_plain(one) for one in each.measures]} for each in seeds]
        for label, seeds in found.items()
    }
    try:
        storage.write(path, json.dumps(held, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    except OSError as error:
        raise Ended(f"{path} cannot be written: {error.strerror or error}", 1) from error


def _print(found: Found) -> None:
    """A row for each measure, with what it is, a column for each method, and a perfect generator's and noise's."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from saddlery.analysis.labels import shortened

    first = next(iter(found.values()))[0].measures
    steps = sorted({seed.step for each in found.values() for seed in each})
    title = f"Medians over seeds, at step {' to '.join(f'{step:,}' for step in dict.fromkeys((steps[0], steps[-1])))}"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", row_styles=None)
    table.add_column("Measure", ratio=1)
    labels = shortened([*found])
    for label in labels.short.values():
        table.add_column(Text(label), justify="right")
    table.add_column("perfect generator", justify="right", style="dim")
    table.add_column("noise, or untrained", justify="right", style="dim")
    for i, one in enumerate(first):
        cells = [_median([seed.measures[i].value for seed in each]) for each in found.values()]
        every = [seed.measures[i] for each in found.values() for seed in each]
        why = next((each.why for each in every if math.isnan(each.value)), "")
        about = f"{one.measure.meaning}; {one.samples:,} {_counted(one)}"
        name = Text(one.title).append(f"\n{about}", style="dim").append(f"\nnot measured: {why}" if why else "")
        table.add_row(name, *(_shown(one, cell) for cell in (*cells, one.real, one.noise)))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    for line in labels.lines:
        console.print(Text(line))
    for name, meaning in {one.features: one.of for one in first if one.features}.items():
        console.print(Text(f"{name} features: {meaning}"))
    names = {one.name for one in first}
    if "pairwise_pixels" in names and "inversion_error" not in names:
        console.print("Not inverted: the generator's samples see each other (batch normalisation).")


def _shown(one: Any, cell: float | None) -> str:
    """A value as it is written, empty where there is none."""
    return "" if cell is None or math.isnan(cell) else one.measure.text(cell)


def _median(values: list[float]) -> float:
    """The median of those that were measured."""
    return statistics.median(known) if (known := [each for each in values if not math.isnan(each)]) else math.nan


def _counted(one: Any) -> str:
    """What a row's number of samples is of."""
    own = {"linear_probe": "images", "generator_jacobian": "points"}
    return own.get(one.name, "real images" if one.real is None else "samples")


def _plain(measured: Any) -> dict[str, Any]:
    """A measure in JSON's types, which have no number that is not finite."""
    said = {"name": measured.name, "title": measured.title, "meaning": measured.measure.meaning}
    said |= {name: getattr(measured, name) for name in ("samples", "features", "of", "why")}
    numbers = {name: getattr(measured, name) for name in ("value", "real", "noise")}
    return said | {
        name: None if value is None or not math.isfinite(value) else value for name, value in numbers.items()
    }
