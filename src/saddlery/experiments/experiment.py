"""An experiment: methods on games in every combination of their axes, described so that it can be repeated."""

import dataclasses
import functools
import json
import shlex
from pathlib import Path
from typing import Any

from saddlery.errors import Damaged, InTheWay, InvalidValue, NotFound
from saddlery.experiments import grid
from saddlery.experiments.extension import require_extensible
from saddlery.experiments.grid import Setting
from saddlery.records import description
from saddlery.records.claims import FORMER, RUN
from saddlery.records.description import Description
from saddlery.records.rows import require_few
from saddlery.records.store import location
from saddlery.text.arguments import number, plain, whole
from saddlery.text.call import parse
from saddlery.text.places import unplaced, unplaced_names

KEPT = 64  # runs of an experiment up to which each one's last checkpoint and samples are kept
TURNING = ("bilinear", "dirac", "quadratic")  # games whose path is drawn, and whose steps cost nearly nothing
RETOLD = ("title", "note", "command")  # words about an experiment, which change nothing of it


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment: methods on a game, all with the same steps, seeds and measures.

    A flat list anywhere in a text is an axis, so is `linspace(a, b, n)` or `geomspace(a, b, n)`, and so is a list of
    learning rates; every combination of all axes is a setting of its own. A list of lists is a matrix.

    **Arguments:**
    - `game`, `methods`: the texts of calls, such as `"ring(preset='numerics')"` and `"unrolled(steps=[1, 10])"`; what a
      method's text says of optimisers or schedule stands for that method.
    - `steps`, `seeds`: how many steps, and how many runs of each method.
    - `every`: steps between two records; by default a fiftieth of the steps, of `bilinear`, `dirac` and `quadratic` a
      thousandth, so that their players' path is seen.
    - `key`: the number of the `jax.random.key`.
    - `generator_optimiser`, `discriminator_optimiser`: texts such as `"adam(learning_rate=1e-3, b1=0.5)"`; by default
      those that belong to the game's preset.
    - `learning_rate`: another for both players, a number or a list of them.
    - `schedule`: the text of a schedule that replaces each method's own.
    - `average`: decay of the generator's averaged weights, which are then measured too.
    - `devices`: how many of this machine's divide each run's batch among them; with more than one, runs follow one
      another. See `saddlery.data_parallel`.
    - `samples`: how many samples each record measures; `shown`: how many it keeps to be looked at, by default 512, and
      none where there are more than 64 runs.
    - `measures`: names of probes of plugins that are recorded too.
    - `store`: where results are kept, a path or an fsspec address such as `s3://bucket/fair.zarr`; by default
      `results.zarr` in the experiment's folder.
    - `title`, `note`: free text for the report; `command`: the command line that makes the experiment again.

    **Raises:** `ValueError` for texts that are no calls, settings that are the same, axes that are empty, and numbers
    out of range; whether games and methods exist is found by `prepare`.
    """

    game: str
    methods: tuple[str, ...]
    steps: int = 5000
    seeds: int = 4
    every: int | None = None
    key: int = 0
    generator_optimiser: str | None = None
    discriminator_optimiser: str | None = None
    learning_rate: float | list[float] | None = None
    schedule: str | None = None
    average: float | None = None
    devices: int = 1
    samples: int = 2500
    shown: int | None = None
    measures: tuple[str, ...] = ()
    store: str | None = None
    title: str = ""
    note: str = ""
    command: str = ""

    def __post_init__(self):
        methods = (self.methods,) if isinstance(self.methods, str) else self.methods
        labels = tuple(str(parse(method)) for method in methods)
        if not labels:
            raise InvalidValue("methods: got none, expected at least one")
        object.__setattr__(self, "methods", labels)
        object.__setattr__(self, "measures", tuple(self.measures))
        object.__setattr__(self, "game", str(parse(self.game)))
        whole("steps", self.steps)
        if self.every is None:
            records = 1000 if parse(self.game).name in TURNING else 50
            object.__setattr__(self, "every", max(1, self.steps // records))
        require_few(self.steps, whole("every", self.every))
        whole("seeds", self.seeds)
        whole("samples", self.samples)
        whole("devices", self.devices)
        whole("key", self.key, 0, 2**32 - 1)
        for rate in grid.values("learning_rate", self.learning_rate):
            if rate is not None:
                number("learning_rate", rate, above=0)
        if self.average is not None:
            number("average", self.average, least=0, below=1)
        if self.store is not None:
            object.__setattr__(self, "store", location(self.store))
        few = len(self.settings) * self.seeds <= KEPT
        if self.shown is None:
            object.__setattr__(self, "shown", 512 if few else 0)
        whole("shown", self.shown, 0)

    @functools.cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The settings: every combination of the axes."""
        shared = {
            "schedule": self.schedule,
            "generator": self.generator_optimiser,
            "discriminator": self.discriminator_optimiser,
            "learning_rate": self.learning_rate,
        }
        return _unplaced(grid.settings(self.game, self.methods, shared))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the settings; without axes, the methods' texts."""
        return tuple(setting.label for setting in self.settings)

    @property
    def grid(self) -> dict[str, Any]:
        """The parts of an experiment that its results depend on, in JSON's types; where pictures lie is none."""
        about = {name: value for name, value in dataclasses.asdict(self).items() if name not in RETOLD}
        about["game"] = unplaced(self.game)  # pictures count by what they are
        return json.loads(json.dumps(about))

    @property
    def description(self) -> Description:
        """The description of the experiment in `run.json`, without its fingerprint."""
        return Description("experiment", json.loads(json.dumps(dataclasses.asdict(self))))

    def require_same(self, held: Description, folder: Path) -> None:
        """Refuse to go on with a folder that holds another experiment; what is said about the two does not count.

        **Raises:** `FileExistsError` when it holds another, or runs of `saddlery.train`; `ValueError` when it is this
        one with a number of steps from which it cannot be extended to so many.
        """
        same = held.kind == "experiment" and Experiment.of(held, folder).grid | {"steps": self.steps} == self.grid
        if not same:
            raise InTheWay(f"{plain(folder)} holds {in_words(held)}; choose another folder, or replace it with --force")
        begun, runs = held.what["steps"], len(self.settings) * self.seeds
        require_extensible(folder, begun, self.steps, self.every)  # type: ignore[arg-type]
        if self.steps > begun and runs > KEPT:
            raise InvalidValue(
                f"steps: the {runs} runs of {plain(folder)} cannot be extended from {begun} to {self.steps}: of more "
                f"than {KEPT} runs no checkpoint is kept at their ends; train them anew, in another folder"
            )

    def extended(self, steps: int) -> "Experiment":
        """The experiment with another number of steps and the same `every`, its command too.

        >>> Experiment("ring", ("consensus",), steps=100, command="saddlery run ring").extended(300).command
        'saddlery run ring --steps 300 --every 2'
        """
        command = self.command and _with_options(self.command, {"--steps": steps, "--every": self.every})
        return dataclasses.replace(self, steps=steps, command=command)

    def extends(self, held: Description, folder: Path) -> Description:
        """The folder's description with so many steps, and what else it says as it was."""
        longer = Experiment.of(held, folder).extended(self.steps).description.what
        return held._replace(
            what=longer, fingerprint=held.fingerprint and held.fingerprint | {"description": self.grid}
        )

    @classmethod
    def of(cls, held: Description, folder: Path) -> "Experiment":
        """The experiment of a folder's description.

        **Raises:** `ValueError` when the folder holds runs of `saddlery.train`, or what was watched; `Damaged` when it
        is not as expected.
        """
        path = Path(folder) / RUN
        description.require_game(held, folder)
        if held.kind != "experiment":
            raise InvalidValue(
                f"{plain(folder)} was written by saddlery.train: it holds runs of one method, and no grid of settings"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        if odd := sorted(held.what.keys() ^ known):
            raise Damaged(
                f"{plain(path)} is damaged: {', '.join(map(plain, odd))} {'is' if len(odd) == 1 else 'are'} not as "
                "expected"
            )
        try:
            return cls(**held.what)
        except (ValueError, TypeError) as error:
            raise Damaged(f"{plain(path)} is damaged: {error}") from error

    @classmethod
    def read(cls, folder: Path) -> "Experiment":
        """The experiment that a folder holds.

        **Raises:** `FileNotFoundError` when the folder holds none; `ValueError` when it cannot be read or was written
        by another version of Saddlery.
        """
        return cls.of(description.read(folder), folder)


def _unplaced(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """Settings whose labels and levels, which pages show, hold no absolute paths; the same names are numbered."""
    found = []
    for label, each in unplaced_names({each.label: each for each in settings}).items():
        levels = {
            k: unplaced(f"'{level}'")[1:-1] if isinstance(level, str) else level for k, level in each.levels.items()
        }
        found.append(each._replace(label=label, levels=levels))
    return tuple(found)


def _with_options(command: str, options: dict[str, Any]) -> str:
    """A command line with other values of some options, those that it lacks in front of `--out`."""
    words = shlex.split(command)
    for name, value in options.items():
        if name in words:
            words[words.index(name) + 1] = str(value)
        else:
            at = words.index("--out") if "--out" in words else len(words)
            words[at:at] = [name, str(value)]
    return shlex.join(words)


def in_words(held: Description) -> str:
    """The kind of a folder's content, in a few words."""
    what = held.what
    if held.kind == "watched":
        return "a training that was watched in PyTorch"
    if held.kind == "training":
        return f"runs of saddlery.train ({plain(what.get('steps'), 20)} steps)"
    methods = ", ".join(map(str, what.get("methods") or ()))
    return plain(
        f"an experiment ({what.get('game')}: {methods}; {what.get('steps')} steps, {what.get('seeds')} seeds)", 300
    )


def experiments_in(folder: Path | str) -> list[Path]:
    """The folders of experiments: the folder itself when it holds one, or those right below it that do.

    **Raises:** `FileNotFoundError` when there is none.
    """
    folder = Path(folder)
    for name in (RUN, FORMER[0]):  # of a former one it is said what it is
        if (folder / name).is_file():
            return [folder]
        if found := sorted(path.parent for path in folder.glob(f"*/{name}")):
            return found
    raise NotFound(f"{plain(folder)} holds no runs" if folder.exists() else f"there is no folder {folder}")
