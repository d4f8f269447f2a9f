"""`saddlery sample`: samples of a trained generator, as a sheet of images, a file for each, or numbers."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say, say_others
from saddlery.cli.plugins import Plugins
from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, whole

SHEET, EACH = 4, 1  # screen pixels for each pixel of an image
DIGITS = 5  # of the names of images, at least


def sample(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder.")],
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many samples.")] = 64,
    method: Annotated[
        str | None,
        typer.Option("--method", "-m", help="Of the run's methods, by its text or its beginning, or best. [the first]"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the run's seeds.")] = 0,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    each: Annotated[bool, typer.Option("--each", help="Write a .png for each image, into a folder.")] = False,
    scale: Annotated[
        int | None,
        typer.Option(min=1, help=f"Screen pixels for each pixel of an image. [{SHEET}; with --each {EACH}]"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A .png, or a .npy for the numbers; with --each a folder. [FOLDER/samples.png; FOLDER/samples]"
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Draw samples from a trained generator.

    Images as a sheet, or with --each as files 00000.png, 00001.png, …; points of the plane as a scatter plot among the
    data. Of a run that diverged they are drawn by its last finite players, which is said.
    """
    environment.require()
    import jax
    import numpy as np

    from saddlery.experiments.built import require_room
    from saddlery.experiments.restored import built_in, restored
    from saddlery.games import as_gan
    from saddlery.records.claims import local_folder
    from saddlery.records.storage import require_own, require_replaceable
    from saddlery.report import sheet

    target = local_folder("out", out) if out else folder / ("samples" if each else "samples.png")
    if each and target.suffix in (".png", ".npy"):
        raise InvalidValue(f"out: got {target}, expected a folder beside --each")
    if not each and target.suffix not in (".png", ".npy"):
        raise InvalidValue(f"out: got {target}, expected a name that ends in .png or .npy, or --each beside it")
    (require_own if each else require_replaceable)(target)
    found = restored(folder, method, seed, built_in(folder, with_data=False))
    game, players = found.of.game, found.carry.players
    if (gan := as_gan(game)) is None:
        raise InvalidValue(f"{folder} holds a game without samples: it is no GAN")
    if found.untrained:
        raise Ended(found.untrained, 1)
    require_room("number", game, players, whole("number", number))
    samples = np.asarray(gan.sample(players.generator, jax.random.key(key), number))
    if each:
        _write_each(target, samples, scale or EACH)
    else:
        _write(target, sheet.numbers(samples) if target.suffix == ".npy" else sheet.png(samples, game, scale or SHEET))
    if caveat := found.caveat("samples"):
        print(plain(caveat), file=sys.stderr)
    if lost := sum(not np.isfinite(one).all() for one in samples):
        print(f"{lost} of {number} samples hold numbers that are not finite", file=sys.stderr)
    say(f"{number} samples of {found.title}, at step {found.step:,}: {target}")
    if method is None:
        say_others(found.of.others)


def _write(target: Path, content: bytes) -> None:
    from saddlery.records import storage

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.write(target, content)
    except OSError as error:
        raise _unwritten(target, error) from error


def _write_each(target: Path, samples: Any, scale: int) -> None:
    """Write images into a folder that appears whole, in the place of one that Saddlery wrote before."""
    from saddlery.records import storage
    from saddlery.report import sheet

    digits = max(DIGITS, len(str(len(samples) - 1)))
    images = sheet.each(samples, scale)
    first = next(images)  # what are no images is said before anything is written
    try:
        with storage.folder(target) as beside:
            (beside / f"{0:0{digits}d}.png").write_bytes(first)
            for i, content in enumerate(images, 1):
                (beside / f"{i:0{digits}d}.png").write_bytes(content)
    except OSError as error:
        raise _unwritten(target, error) from error


def _unwritten(target: Path, error: OSError) -> Ended:
    return Ended(f"{target} cannot be written: {error.strerror or error}", 1)
