"""`saddlery run`: train methods on a game, into a folder."""

import itertools
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlery.call import Call, parse
from saddlery.cli import cache
from saddlery.cli.errors import Ended, mistakes
from saddlery.cli.progress import shown
from saddlery.cli.report import publish

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Do not write report.html at the end.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the experiment that the folder holds.")]


def run(
    game: Annotated[str, typer.Argument(help='A game, such as ring or "grid(side=5)"; see: saddlery list games.')],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            metavar="METHOD",
            help='A method, such as "unrolled(steps=10)"; again for more. [alternating]',
        ),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps of training.")] = 5000,
    seeds: Annotated[int, typer.Option(help="Runs of each method, side by side.")] = 4,
    every: Annotated[int | None, typer.Option(help="Steps between measurements. [a fiftieth of the steps]")] = None,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    preset: Annotated[str | None, typer.Option(help="The game's preset, as in \"ring(preset='numerics')\".")] = None,
    loss: Annotated[str | None, typer.Option(help="The game's loss; see: saddlery list losses.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Both players', instead of the game's usual.")] = None,
    generator_optimiser: Annotated[
        str | None, typer.Option(help='Such as "adam(learning_rate=1e-3, b1=0.5)", instead of the game\'s usual.')
    ] = None,
    discriminator_optimiser: Annotated[str | None, typer.Option(help="Likewise for the discriminator.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help='Such as "alternating(discriminator=5)", instead of each method\'s own.')
    ] = None,
    average: Annotated[
        float | None, typer.Option(help="Measure the generator's moving average too: its decay.")
    ] = None,
    checkpoint_seconds: Annotated[float, typer.Option(min=0, help="How often each run is kept to go on from.")] = 30.0,
    out: Annotated[Path | None, typer.Option(help="The folder for everything. [runs/GAME]")] = None,
    force: Force = False,
    quiet: Quiet = False,
    no_report: NoReport = False,
) -> None:
    """Train methods on a game, several seeds each.

    Results and a report go into a folder. Stop it with Ctrl-C whenever you like:
    saddlery resume FOLDER goes on from there.
    """
    cache.enable()
    with mistakes():
        from saddlery.experiment import Experiment, claim, prepare

        game = str(_with(parse(game), preset=preset, loss=loss))
        folder = out or _free_folder(parse(game).name)
        settings = {
            "steps": steps,
            "seeds": seeds,
            "every": every,
            "key": key,
            "learning_rate": learning_rate,
            "generator_optimiser": generator_optimiser,
            "discriminator_optimiser": discriminator_optimiser,
            "schedule": schedule,
            "average": average,
        }
        methods = tuple(method or ["alternating"])
        experiment = Experiment(game, methods, command=_command(game, methods, settings, folder), **settings)
        ready = prepare(experiment)
        claim(folder, experiment, force=force)
    train({folder: ready}, folder, quiet=quiet, page=not no_report, checkpoint_seconds=checkpoint_seconds)


def train(
    ready: dict[Path, Any], folder: Path, *, quiet: bool, page: bool = True, checkpoint_seconds: float = 30.0
) -> None:
    """Carry experiments out, each in its own folder, with the display; then print the table and write the report."""
    from saddlery.experiment import carry_out

    again = f"continue with: {shlex.join(['saddlery', 'resume', str(folder)])}"
    try:
        with shown([each.experiment for each in ready.values()], quiet) as progress:
            results = [carry_out(each, path, progress, checkpoint_seconds) for path, each in ready.items()]
    except KeyboardInterrupt:
        raise Ended(f"stopped; {again}", 1) from None
    except ValueError as error:  # what the folder holds is damaged or was made by another version
        raise Ended(str(error), 1) from error
    except OSError as error:
        raise Ended(f"{error}; what was written so far is kept in {folder}, {again}", 1) from error
    publish(results, folder, page)


def _with(call: Call, **arguments: str | None) -> Call:
    """A game's call with the arguments that options gave; one given both ways is refused."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if twice := sorted(given.keys() & call.arguments.keys()):
        raise ValueError(f"{twice[0]}: given both in {str(call)!r} and as --{twice[0]}")
    return Call(call.name, call.arguments | given)


def _free_folder(name: str) -> Path:
    """`runs/NAME`, or the first of `runs/NAME-2`, `runs/NAME-3`, … that is not there yet."""
    folders = (Path("runs", name if i == 1 else f"{name}-{i}") for i in itertools.count(1))
    return next(folder for folder in folders if not folder.exists())


def _command(game: str, methods: tuple[str, ...], settings: dict[str, Any], folder: Path) -> str:
    """The command line that makes the same results again."""
    words = ["saddlery", "run", game]
    for method in methods:
        words += ["--method", str(parse(method))]
    for name, value in settings.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--out", str(folder)])
