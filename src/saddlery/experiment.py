"""An experiment: several methods on one game in a folder, written down whole so that it can be made again."""

import dataclasses
import inspect
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from saddlery import storage
from saddlery.call import build, parse
from saddlery.results import DESCRIPTION, RESULTS, combined, open_results, write_results

FORMAT = 1
RUNS = "runs"  # of a folder: a folder for each method
RETOLD = ("title", "note", "command")  # words about an experiment, which change nothing of it


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Methods on a game, all with the same steps, seeds, measures and optimisers.

    **Arguments:**
    - `game`, `methods`: the texts of calls, such as `"ring(preset='numerics')"` and `"unrolled(steps=10)"`; what a
      method's text says of optimisers or schedule stands for that method.
    - `steps`, `seeds`: how many steps, and how many runs of each method.
    - `every`: steps between two records; by default a fiftieth of the steps.
    - `key`: the number of the `jax.random.key`.
    - `generator_optimiser`, `discriminator_optimiser`: texts such as `"adam(learning_rate=1e-3, b1=0.5)"`; by default
      those that belong to the game's preset.
    - `learning_rate`: another for both players.
    - `schedule`: the text of a schedule that replaces each method's own.
    - `average`: decay of the generator's averaged weights, which are then measured too.
    - `samples`: how many samples each record measures.
    - `title`, `note`: free text for the report; `command`: the command line that makes the experiment again.

    **Raises:** `ValueError` for texts that are no calls, methods that are the same, and numbers out of range; whether
    games and methods exist is found by `prepare`.
    """

    game: str
    methods: tuple[str, ...]
    steps: int = 5000
    seeds: int = 4
    every: int | None = None
    key: int = 0
    generator_optimiser: str | None = None
    discriminator_optimiser: str | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    average: float | None = None
    samples: int = 2500
    title: str = ""
    note: str = ""
    command: str = ""

    def __post_init__(self):
        methods = (self.methods,) if isinstance(self.methods, str) else self.methods
        labels = tuple(str(parse(method)) for method in methods)
        if not labels:
            raise ValueError("methods: got none, expected at least one")
        if repeated := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"methods: {repeated[0]} is given more than once")
        object.__setattr__(self, "methods", labels)
        object.__setattr__(self, "game", str(parse(self.game)))
        _whole("steps", self.steps, 1)
        if self.every is None:
            object.__setattr__(self, "every", max(1, self.steps // 50))
        _whole("every", self.every, 1)
        _whole("seeds", self.seeds, 1)
        _whole("samples", self.samples, 1)
        _whole("key", self.key, 0, 2**32 - 1)
        if self.learning_rate is not None and not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate: got {self.learning_rate!r}, expected a number above 0")
        if self.average is not None and not 0.0 <= self.average < 1.0:
            raise ValueError(f"average: got {self.average!r}, expected a decay in [0, 1)")

    def folder_of(self, method: str) -> str:
        """The name of a method's folder: its place and its text, in letters that any file system takes."""
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", method).strip("-")[:80]
        return f"{self.methods.index(method) + 1}-{readable}"

    def write(self, folder: Path) -> None:
        """Write `experiment.json` into a folder."""
        text = json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, indent=1, ensure_ascii=False)
        storage.write(folder / DESCRIPTION, text + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Experiment":
        """Read it back.

        **Raises:** `FileNotFoundError` when the folder holds none; `ValueError` when it cannot be read or was written
        by another version of Saddlery.
        """
        path = Path(folder) / DESCRIPTION
        if not path.is_file():
            raise FileNotFoundError(f"{folder} holds no experiment: there is no {path}")
        try:
            held = json.loads(path.read_text())
            version = held.pop("format")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is damaged: it is no description of an experiment") from error
        if version != FORMAT:
            raise ValueError(
                f"{path} has format {version!r}, this version of Saddlery reads format {FORMAT}; "
                "use the version that wrote it, or run the experiment again with --force"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        if odd := sorted(held.keys() ^ known):
            raise ValueError(f"{path} is damaged: {', '.join(odd)} {'is' if len(odd) == 1 else 'are'} not as expected")
        return cls(**held | {"methods": tuple(held["methods"])})


def _whole(name: str, value: Any, least: int, most: int = 2**31 - 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name}: got {value!r}, expected a whole number from {least} to {most}")


class Ready(NamedTuple):
    """An experiment whose game and methods are built and fit together."""

    experiment: Experiment
    game: Any
    methods: dict[str, Any]


def prepare(experiment: Experiment) -> Ready:
    """Build the game and every method and check the game, before anything runs or is written.

    **Raises:** `ValueError` and `TypeError` naming what does not exist or fit, and the nearest that does.
    """
    import jax

    from saddlery.game import check
    from saddlery.games import GAMES
    from saddlery.methods import METHODS

    game = build("game", experiment.game, GAMES)
    check(game, jax.random.key(experiment.key))
    optimisers = optimisers_of(experiment, game)
    given = {
        "generator": optimisers.generator,
        "discriminator": optimisers.discriminator,
        "learning_rate": experiment.learning_rate,
        "schedule": experiment.schedule,
    }
    methods = {text: build("method", str(_with(text, given)), METHODS) for text in experiment.methods}
    for text, method in methods.items():
        _try_optimisers(text, method)
    return Ready(experiment, game, methods)


def _try_optimisers(text: str, method: Any) -> None:
    """Trace each optimiser on one number: optax itself looks at its arguments only when it is used."""
    import jax
    import jax.numpy as jnp

    number = jnp.zeros(())
    for player, optimiser in method.optimisers._asdict().items():
        try:
            jax.eval_shape(lambda x, o=optimiser: o.update(x, o.init(x), x), number)
        except Exception as error:
            raise ValueError(
                f"{text}: the {player}'s optimiser cannot be used: {str(error).strip().splitlines()[0]}"
            ) from error


def optimisers_of(experiment: Experiment, game: Any) -> Any:
    """Both players' optimisers, as texts: the experiment's, or those of the game's preset or kind."""
    from saddlery.game import Pair
    from saddlery.games import GAMES, Gan
    from saddlery.methods import SETTINGS

    call = parse(experiment.game)
    parameters = inspect.signature(GAMES[call.name]).parameters
    preset = "images" if isinstance(game, Gan) else "analytic"
    if "preset" in parameters:
        preset = call.arguments.get("preset", parameters["preset"].default)
    chosen = Pair(experiment.generator_optimiser, experiment.discriminator_optimiser)
    return Pair(*(mine or usual for mine, usual in zip(chosen, SETTINGS[preset], strict=True)))


def _with(text: str, given: dict[str, Any]) -> Any:
    """A method's call with the experiment's settings wherever the text does not say otherwise."""
    call = parse(text)
    return call._replace(arguments=given | call.arguments)


def claim(folder: Path, experiment: Experiment, *, resume: bool = False, force: bool = False) -> None:
    """Make a folder an experiment's own: make it, and write `experiment.json` into it.

    With `resume`, a folder that holds this same experiment is left as it is; with `force`, the experiment that it
    holds is deleted first, and nothing else in it.

    **Raises:** `FileExistsError` when the folder holds an experiment and neither applies; `NotADirectoryError` when it
    is a file; `OSError` when it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file, expected a folder")
    if any((folder / name).exists() for name in (DESCRIPTION, RESULTS, RUNS, "run.json")):
        if resume and not force and _same(Experiment.read(folder), experiment):
            return
        if not force:
            raise FileExistsError(
                f"{folder} holds another experiment{_described(folder)}; choose another folder, "
                f"replace it with --force, or continue it with: saddlery resume {folder}"
            )
        for name in (RESULTS, RUNS):
            shutil.rmtree(folder / name, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        experiment.write(folder)
    except OSError as error:
        raise OSError(f"{folder} cannot be written: {error.strerror or error}") from error


def _same(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments have the same results, whatever is said about them."""
    words = dict.fromkeys(RETOLD, "")
    return dataclasses.replace(one, **words) == dataclasses.replace(other, **words)


def _described(folder: Path) -> str:
    """What a folder's experiment is, in a bracket, where that can be read."""
    try:
        held = Experiment.read(folder)
    except (OSError, ValueError, TypeError):
        return ""
    return f" ({held.game}: {', '.join(held.methods)}; {held.steps} steps, {held.seeds} seeds)"


def carry_out(ready: Ready, folder: Path, progress: Callable | None = None, checkpoint_seconds: float = 30.0) -> Any:
    """Train every method in turn, each from its last checkpoint, and write the results when all are done.

    **Arguments:**
    - `ready`: from `prepare`; the folder is one that `claim` accepted.
    - `progress`: called from training's threads with the experiment, a method's text and a `Progress`.
    - `checkpoint_seconds`: how often each run is checkpointed.

    **Returns:** the results, as `open_results` does.

    **Raises:** what `saddlery.train` does: `OSError` when something cannot be written, `KeyboardInterrupt` after a
    checkpoint of every run.
    """
    import jax

    from saddlery.metrics.probes import probes
    from saddlery.training import train

    experiment, game, methods = ready
    if (folder / RESULTS).exists():
        return open_results(folder)
    histories = {}
    for text, method in methods.items():
        out = folder / RUNS / experiment.folder_of(text)
        histories[text] = train(
            game,
            method,
            steps=experiment.steps,
            every=experiment.every,
            seeds=experiment.seeds,
            key=jax.random.key(experiment.key),
            probes=probes(game, experiment.samples),
            average=experiment.average,
            out=out,
            resume=out.exists(),
            checkpoint_seconds=checkpoint_seconds,
            progress=None if progress is None else lambda report, text=text: progress(experiment, text, report),
        ).history
    write_results(combined(experiment, game, optimisers_of(experiment, game), histories), folder)
    return open_results(folder)


def run(
    experiment: Experiment,
    folder: Path | str,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Callable | None = None,
) -> Any:
    """Carry an experiment out in a folder: `prepare`, `claim` and `carry_out`.

    **Arguments:**
    - `resume`: go on with what the folder holds if it is this same experiment.
    - `force`: replace the experiment that it holds.
    - `progress`: called from training's threads with the experiment, a method's text and a `Progress`.

    **Returns:** an `xarray.Dataset` with dimensions `setting`, `seed`, `step`.

    **Raises:** what those three raise.
    """
    ready = prepare(experiment)
    claim(Path(folder), experiment, resume=resume, force=force)
    return carry_out(ready, Path(folder), progress)


def experiments_in(folder: Path | str) -> list[Path]:
    """The folder itself when it holds an experiment, or those right below it that do.

    **Raises:** `FileNotFoundError` when there is none.
    """
    folder = Path(folder)
    if (folder / DESCRIPTION).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{DESCRIPTION}"))
    if not found:
        raise FileNotFoundError(f"{folder} holds no experiment" if folder.exists() else f"there is no folder {folder}")
    return found
