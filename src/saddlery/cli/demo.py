"""`saddlery demo`: the job from end to end, in a few minutes."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import cache
from saddlery.cli.errors import mistakes
from saddlery.cli.run import Force, Quiet, train
from saddlery.names import nearest


def demo(
    out: Annotated[Path, typer.Option(help="The folder for everything.")] = Path("runs/demo"),
    scale: Annotated[str, typer.Option(help="full (a few minutes) or small (half a minute).")] = "full",
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """See it work: a ring of Gaussians and digits.

    Trains on both under several methods and writes a report. Stopped with Ctrl-C, the same command goes on from there.
    """
    cache.enable()
    with mistakes():
        from saddlery.experiment import claim, prepare
        from saddlery.studies.demo import SCALES, folders

        if scale not in SCALES:
            raise ValueError(nearest("scale", scale, SCALES))
        ready = {path: prepare(experiment) for path, experiment in folders(out, scale).items()}
        for path, each in ready.items():
            claim(path, each.experiment, resume=True, force=force)
    train(ready, out, quiet=quiet)
