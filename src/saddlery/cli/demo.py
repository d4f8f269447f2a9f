"""`saddlery demo`: training, measures and a report from end to end, in a few minutes."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.run import Force, Quiet, claimed, estimate, train
from saddlery.errors import InvalidValue
from saddlery.records.claims import local_folder
from saddlery.text.names import nearest


def demo(
    out: Annotated[Path, typer.Option(help="The folder for everything.")] = Path("runs/demo"),
    scale: Annotated[str, typer.Option(help="full (a few minutes) or small (half a minute).")] = "full",
    force: Force = False,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much it would be, and how long.")] = False,
) -> None:
    """Run a demonstration: methods on a ring of Gaussians and on digits, with a report.

    Trains on both under several methods and writes a report. Stopped with Ctrl-C, the same command goes on from there.
    """
    environment.require()
    from saddlery.experiments.built import prepare
    from saddlery.studies.demo import SCALES, folders

    if scale not in SCALES:
        raise InvalidValue(nearest("scale", scale, SCALES))
    out = local_folder("out", out)
    built = {path: prepare(experiment) for path, experiment in folders(out, scale).items()}
    if dry_run:
        for path, each in built.items():
            estimate(each, path, None)
        return
    with claimed(built, resume=True, force=force) as stops:
        train(built, out, stops, quiet=quiet)
