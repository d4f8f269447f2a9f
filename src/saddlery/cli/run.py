"""`saddlery run`: train methods on a game, into a folder."""

import contextlib
import itertools
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saddlery.cli import environment
from saddlery.cli.errors import Ended
from saddlery.cli.output import say
from saddlery.cli.plugins import Plugins
from saddlery.cli.progress import shown
from saddlery.cli.report import publish
from saddlery.errors import Invalid, InvalidValue
from saddlery.records.claims import local_folder
from saddlery.text.call import Call, literal, parse
from saddlery.text.names import nearest

if TYPE_CHECKING:
    import threading

    from saddlery.experiments.built import BuiltExperiment
    from saddlery.loggers import Logger

ENGINES = ("local", "ray")

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Do not write report.html at the end.")]
Engine = Annotated[str, typer.Option(help="local, or ray: on every machine of a Ray cluster.")]
Address = Annotated[str | None, typer.Option(help="The Ray cluster's, such as auto or ray://head:10001.")]
BreakLease = Annotated[
    bool, typer.Option("--break-lease", help="Take a store elsewhere from the process that holds its lease.")
]
Log = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LOGGER",
        help="Where records go too while runs are under way: tensorboard, wandb or csv; again for more.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the experiment that the folder, or the store, holds.")]


def run(
    game: Annotated[str, typer.Argument(help='A game, such as ring or "grid(side=5)"; see: saddlery list games.')],
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            metavar="METHOD",
            help='A method, such as "unrolled(steps=10)"; again for more. A list, as in "unrolled(steps=[1, 10])", '
            "is an axis, here and in every other text: every combination of all axes is trained. [alternating]",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps of training.")] = 5000,
    seeds: Annotated[int, typer.Option(help="Runs of each method, side by side.")] = 4,
    every: Annotated[
        int | None,
        typer.Option(help="Steps between measurements. [a fiftieth of the steps, of analytic games a thousandth]"),
    ] = None,
    key: Annotated[int, typer.Option(help="The number all randomness comes from.")] = 0,
    preset: Annotated[str | None, typer.Option(help="The game's preset, as in \"ring(preset='numerics')\".")] = None,
    loss: Annotated[str | None, typer.Option(help="The game's loss; see: saddlery list losses.")] = None,
    penalty: Annotated[
        str | None,
        typer.Option(help='The game\'s gradient penalty, such as "r1(weight=1.0)"; see: saddlery list penalties.'),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="The images: a data set's name, or the path of a folder, zip, tar, table …; see docs/data.md."
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(help="The side to which images are resized.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at an image that cannot be read.")] = False,
    network: Annotated[
        str | None, typer.Option(help='A family of networks, such as "dcgan4(width=32)"; see: saddlery list networks.')
    ] = None,
    learning_rate: Annotated[
        str | None,
        typer.Option(help="Both players', instead of the game's usual; geomspace(1e-5, 1e-2, 7) tries each."),
    ] = None,
    generator_optimiser: Annotated[
        str | None, typer.Option(help='Such as "adam(learning_rate=1e-3, b1=0.5)", instead of the game\'s usual.')
    ] = None,
    discriminator_optimiser: Annotated[str | None, typer.Option(help="Likewise for the discriminator.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help='Such as "alternating(discriminator_steps=5)", instead of each method\'s own.')
    ] = None,
    shown: Annotated[
        int | None, typer.Option(help="Samples kept of each measurement, to look at. [512; of many runs 0]")
    ] = None,
    average: Annotated[
        float | None, typer.Option(help="Measure the generator's moving average too: its decay.")
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="signals, curvature, or a measure of a plugin; those of files given are recorded."
        ),
    ] = None,
    devices: Annotated[int, typer.Option(help="Divide each run's batch among so many of this machine's.")] = 1,
    checkpoint_seconds: Annotated[float, typer.Option(min=0, help="How often each run is kept to go on from.")] = 30.0,
    log: Log = None,
    out: Annotated[Path | None, typer.Option(help="The folder for everything. [runs/GAME]")] = None,
    store: Annotated[
        str | None, typer.Option(help="Where results are kept, such as s3://bucket/fair.zarr. [OUT/results.zarr]")
    ] = None,
    engine: Engine = "local",
    address: Address = None,
    break_lease: BreakLease = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much it would be, and how long.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    no_report: NoReport = False,
    plugin: Plugins = None,
) -> None:
    """Train methods on a game, several seeds each, and every combination of what is given as a list.

    Results and a report go into a folder. Stop it with Ctrl-C whenever you like:
    saddlery resume FOLDER goes on from there.
    """
    environment.require(figures=not no_report)
    from saddlery.experiments.built import prepare
    from saddlery.experiments.experiment import Experiment

    if data is not None:
        decode(data, size, strict)
    given = {"loss": loss, "penalty": penalty, "network": network}
    texts = {name: _axis(name, text) for name, text in given.items()}
    own = {"preset": preset, "data": data, "size": size, **texts}
    game = str(_with(parse(game), **own))
    folder = local_folder("out", out) if out else _free_folder(parse(game).name)
    if store is not None and store.startswith("memory://"):
        raise InvalidValue(f"store: got {store!r}, which is gone when this command ends")
    settings = {
        "steps": steps,
        "seeds": seeds,
        "every": every,
        "key": key,
        "learning_rate": None if learning_rate is None else literal("learning_rate", learning_rate),
        "generator_optimiser": generator_optimiser,
        "discriminator_optimiser": discriminator_optimiser,
        "schedule": schedule,
        "average": average,
        "devices": None if devices == 1 else devices,
        "shown": shown,
        "measures": _measures(measure) or None,
        "store": store,
    }
    methods = tuple(method or ["alternating"])
    command = _command(game, methods, settings | {"measures": measure, "plugins": plugin}, folder)
    experiment = Experiment(
        game, methods, command=command, **{name: value for name, value in settings.items() if value is not None}
    )
    built = prepare(experiment)
    told = loggers(log, engine)
    chosen = chosen_engine(engine, address)
    if dry_run:
        estimate(built, folder, chosen)
        return
    with claimed({folder: built}, force=force, take=break_lease) as stops:
        train(
            {folder: built}, folder, stops, quiet=quiet, page=not no_report, checkpoint_seconds=checkpoint_seconds,
            engine=chosen, log=told,
        )  # fmt: skip


def claimed(
    built: "dict[Path, BuiltExperiment]", *, resume: bool = False, force: bool = False, take: bool = False
) -> "contextlib.AbstractContextManager[dict[Path, threading.Event]]":
    """A context that holds the folders of experiments, all of them before anything is trained; yields what stops each.

    **Arguments:** `resume`, `force`, `take` as of `saddlery.experiments.claimed.claimed`.
    """
    from saddlery.experiments.claimed import all_claimed

    whats = {path: each.experiment for path, each in built.items()}
    return all_claimed(whats, resume=resume, force=force, take=take)


def train(
    built: "dict[Path, BuiltExperiment]",
    folder: Path,
    stops: "dict[Path, threading.Event]",
    *,
    quiet: bool,
    page: bool = True,
    checkpoint_seconds: float = 30.0,
    engine: Callable | None = None,
    log: "Sequence[Logger]" = (),
) -> None:
    """Run experiments, each in its own folder, with the display; then write the report and print the table."""
    from saddlery.experiments.execution import run_experiment

    on_plan = None if quiet else lambda words: print(words, file=sys.stderr, flush=True)
    try:
        with (
            resumable(folder, *_elsewhere(built)),
            shown([each.experiment for each in built.values()], quiet) as progress,
        ):
            results = [
                run_experiment(
                    each,
                    path,
                    progress,
                    checkpoint_seconds,
                    engine=engine,
                    on_plan=on_plan,
                    stop=stops[path],
                    loggers=log,
                )
                for path, each in built.items()
            ]
    except Invalid as error:  # what the folder holds is damaged or was made by another version
        raise Ended(str(error), 1) from error
    publish(results, folder, page)


@contextlib.contextmanager
def resumable(folder: Path, *options: str) -> Iterator[None]:
    """A context of training into a folder: when it is stopped, or cannot write, the command ends and says how to go on.

    **Arguments:** `options` of the command that goes on.
    """
    again = f"continue with: {shlex.join(['saddlery', 'resume', str(folder), *options])}"
    try:
        yield
    except KeyboardInterrupt:
        raise Ended(f"stopped; {again}", 130) from None
    except OSError as error:
        raise Ended(f"{error}; what was written so far is kept in {folder}, {again}", 1) from error


def _elsewhere(built: dict[Path, Any]) -> list[str]:
    """The option that names a store outside its folder."""
    from saddlery.experiments.claimed import is_inside

    stores = [each.experiment.store for path, each in built.items() if each.experiment.store]
    return ["--store", stores[0]] if stores and not is_inside(stores[0], next(iter(built))) else []


def chosen_engine(name: str, address: str | None) -> Callable | None:
    """The engine that trains cells: `None` for this machine.

    **Raises:** `ValueError` for an unknown engine, an address without Ray, Ray that is not installed or not reached.
    """
    if name not in ENGINES:
        raise InvalidValue(nearest("engine", name, ENGINES))
    if name == "ray":
        from saddlery.experiments.on_ray import engine

        return engine(address)
    if address is not None:
        raise InvalidValue(f"address: got {address!r} with the engine {name}, expected --engine ray beside it")
    return None


def loggers(named: list[str] | None, engine: str) -> "list[Logger]":
    """The loggers that options name.

    **Raises:** `ValueError` for one that does not exist or is not installed, and where runs are trained elsewhere.
    """
    if not named:
        return []
    from saddlery.loggers.delivery import made
    from saddlery.plugins import discover

    if engine != "local":
        raise InvalidValue(f"log: got {named[0]!r} with --engine {engine}, whose runs are trained in other processes")
    discover()
    return made(named)


def estimate(built: "BuiltExperiment", folder: Path, engine: Callable | None) -> None:
    """Print an estimate of an experiment: runs, programs, time and memory. For that its programs are compiled here."""
    from saddlery._system.cores import usable_cores
    from saddlery.experiments import on_ray
    from saddlery.experiments.cells import cells_of, size
    from saddlery.experiments.estimate import Estimate
    from saddlery.experiments.timing import timed

    cells = cells_of(built, None)
    whole = Estimate.of(cells)
    typer.echo(whole)
    say(f"at most {size(cells) / 1e6:,.0f} MB on disk, in {built.experiment.store or folder}")
    here = 1 if built.experiment.devices > 1 else usable_cores()
    streams = here if engine is None else on_ray.cores()
    where = "" if engine is None else f"; on {streams} cores of the cluster"
    typer.echo(f"{whole.timed(timed(cells, here), min(streams, whole.settings * whole.seeds))}{where}")


def decode(data: str, size: int | None, strict: bool) -> None:
    """Decode the images at a path into the cache, with a progress bar, so that the game finds them there."""
    from rich.console import Console
    from rich.progress import Progress

    from saddlery.data.catalogue import as_data, is_path

    if not is_path(data):
        return
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("decoding images", total=None)
        settings = {} if size is None else {"size": size}
        as_data(data, strict=strict, progress=lambda done, of: bar.update(task, completed=done, total=of), **settings)


def _measures(named: list[str] | None) -> tuple[str, ...]:
    """The measures of plugins that are recorded: those of the files given, and those named."""
    from saddlery.plugins import loaded

    of_files = [each for plugin in loaded().values() for each in plugin.names.get("measures", ())]
    return tuple(dict.fromkeys([*of_files, *(named or ())]))


def _axis(name: str, text: str | None) -> Any:
    """A text as it is, or a list of texts."""
    return literal(name, text) if text and text.strip().startswith("[") else text


def _with(call: Call, **arguments: Any) -> Call:
    """A game's call with the arguments that options gave; one given both ways is refused."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if twice := sorted(given.keys() & call.arguments.keys()):
        raise InvalidValue(f"{twice[0]}: given both in {str(call)!r} and as --{twice[0]}")
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
        if name in ("measures", "plugins"):
            words += [word for each in value or () for word in (f"--{name.removesuffix('s')}", str(each))]
        elif value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--out", str(folder)])
