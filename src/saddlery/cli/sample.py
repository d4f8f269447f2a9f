"""`saddlery sample`: samples of a trained generator, as a sheet of images or a file."""

from pathlib import Path
from typing import Annotated

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.errors import InvalidValue
from saddlery.text.arguments import whole


def sample(
    folder: Annotated[Path, typer.Argument(help="An experiment's folder.")],
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many samples.")] = 64,
    method: Annotated[str | None, typer.Option("--method", "-m", help="Of the run's methods. [the first]")] = None,
    seed: Annotated[int, typer.Option(help="Of the run's seeds.")] = 0,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    scale: Annotated[int, typer.Option(min=1, help="Screen pixels for each pixel of an image.")] = 4,
    out: Annotated[Path | None, typer.Option(help="A .png, or a .npy for the numbers. [FOLDER/samples.png]")] = None,
    plugin: Plugins = None,
) -> None:
    """Draw samples from a trained generator.

    Images as a sheet, points of the plane as a scatter plot among the data.
    """
    environment.require()
    import jax

    from saddlery.diagnosis.subject import of_restored
    from saddlery.experiments.built import require_room
    from saddlery.experiments.restored import built_in, restored
    from saddlery.games import as_gan
    from saddlery.records.claims import local_folder
    from saddlery.records.storage import require_replaceable
    from saddlery.report import sheet

    target = local_folder("out", out) if out else folder / "samples.png"
    require_replaceable(target)
    if target.suffix not in (".png", ".npy"):
        raise InvalidValue(f"out: got {target}, expected a name that ends in .png or .npy")
    subject = of_restored(restored(folder, method, seed, built_in(folder, with_data=False)))
    if (gan := as_gan(subject.game)) is None:
        raise InvalidValue(f"{folder} holds a game without samples: it is no GAN")
    require_room("number", subject.game, subject.players, whole("number", number))
    samples = gan.sample(subject.players.generator, jax.random.key(key), number)
    content = sheet.numbers(samples) if target.suffix == ".npy" else sheet.png(samples, subject.game, scale)
    try:
        from saddlery.records import storage

        target.parent.mkdir(parents=True, exist_ok=True)
        storage.write(target, content)
    except OSError as error:
        raise Ended(f"{target} cannot be written: {error.strerror or error}", 1) from error
    say(f"{number} samples of {subject.title}: {target}")
