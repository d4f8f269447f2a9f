"""An experiment: methods on a game in every combination of what they are given, written down to be repeated."""

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from saddlery import storage
from saddlery.arguments import number, whole
from saddlery.call import build, parse
from saddlery.claims import DESCRIPTION
from saddlery.reading import Damaged, read_json
from saddlery.recording import require_few
from saddlery.sweeps import grid
from saddlery.sweeps.grid import Setting
from saddlery.sweeps.store import location

FORMAT = 5
KEPT = 64  # runs of an experiment up to which each one's last checkpoint and samples are kept
RETOLD = ("title", "note", "command")  # words about an experiment, which change nothing of it


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Methods on a game, all with the same steps, seeds and measures.

    A flat list anywhere in a text is an axis, so is `linspace(a, b, n)` or `geomspace(a, b, n)`, and so is a list of
    learning rates; every combination of all axes is a setting of its own. A list of lists is a matrix.

    **Arguments:**
    - `game`, `methods`: the texts of calls, such as `"ring(preset='numerics')"` and `"unrolled(steps=[1, 10])"`; what a
      method's text says of optimisers or schedule stands for that method.
    - `steps`, `seeds`: how many steps, and how many runs of each method.
    - `every`: steps between two records; by default a fiftieth of the steps.
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
    store: str | None = None
    title: str = ""
    note: str = ""
    command: str = ""

    def __post_init__(self):
        methods = (self.methods,) if isinstance(self.methods, str) else self.methods
        labels = tuple(str(parse(method)) for method in methods)
        if not labels:
            raise ValueError("methods: got none, expected at least one")
        object.__setattr__(self, "methods", labels)
        object.__setattr__(self, "game", str(parse(self.game)))
        whole("steps", self.steps)
        if self.every is None:
            object.__setattr__(self, "every", max(1, self.steps // 50))
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
        """Every combination of the axes."""
        return grid.settings(
            self.game,
            self.methods,
            {
                "schedule": self.schedule,
                "generator": self.generator_optimiser,
                "discriminator": self.discriminator_optimiser,
                "learning_rate": self.learning_rate,
            },
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """What the settings are called; without axes, the methods' texts."""
        return tuple(setting.label for setting in self.settings)

    def folder_of(self, label: str) -> str:
        """The name of a setting's folder: its place and its label, in letters that any file system takes."""
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", label).strip("-")[:80]
        return f"{self.labels.index(label) + 1}-{readable}"

    def write(self, folder: Path) -> None:
        """Write `experiment.json` into a folder."""
        held = {"format": FORMAT, **dataclasses.asdict(self), "fingerprint": None}  # which is known when all is built
        storage.write(folder / DESCRIPTION, as_json(held))

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
            held = read_json(path, "description of an experiment")
            version = held.pop("format")
            held.pop("fingerprint", None)
        except (KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"{path} is damaged: it is no description of an experiment") from error
        if version != FORMAT:
            raise ValueError(
                f"{path} has format {version!r}, this version of Saddlery reads format {FORMAT}; "
                "use the version that wrote it, or run the experiment again in another folder"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        if odd := sorted(held.keys() ^ known):
            raise ValueError(f"{path} is damaged: {', '.join(odd)} {'is' if len(odd) == 1 else 'are'} not as expected")
        try:
            return cls(**held | {"methods": tuple(held["methods"])})
        except (ValueError, TypeError) as error:
            raise Damaged(f"{path} is damaged: {error}") from error


def as_json(held: dict[str, Any]) -> str:
    """A description as it is written into its folder."""
    return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


class Ready(NamedTuple):
    """An experiment whose games, by their texts, and methods, by their settings' labels, are built and fit together.

    `probes`, as of `saddlery.train`, are recorded beside those that suit the game; in this process only. `own` are the
    methods that are one's own, which no text describes.
    """

    experiment: Experiment
    games: dict[str, Any]
    methods: dict[str, Any]
    probes: Mapping[str, Callable] = MappingProxyType({})
    own: Mapping[str, Any] = MappingProxyType({})

    @property
    def game(self) -> Any:
        """The game, the first where there are several."""
        return next(iter(self.games.values()))


def prepare(
    experiment: Experiment, games: dict[str, Any] | None = None, methods: dict[str, Callable] | None = None
) -> Ready:
    """Build the games and every method and check the games, before anything runs or is written.

    **Arguments:** `games` and `methods` are one's own, by the names that the experiment's texts call them: games as
    they are, methods as functions like those of `saddlery.methods`; they keep their own optimisers.

    **Raises:** `ValueError` and `TypeError` naming what does not exist or fit, and the nearest that does.
    """
    import jax

    from saddlery.game import adopt, check
    from saddlery.games import GAMES
    from saddlery.methods import METHODS
    from saddlery.sweeps.cells import alike

    mine, own = games or {}, methods or {}
    texts = dict.fromkeys(each.game for each in experiment.settings)
    games = {text: adopt(mine[text]) if text in mine else build("game", text, GAMES) for text in texts}
    for game in games.values():
        players, *_ = check(game, jax.random.key(experiment.key))
        require_room("samples", game, players, experiment.samples)
        require_room("shown", game, players, experiment.shown or 1)
    divided(experiment, games)
    methods = {
        each.label: build("method", each.method, METHODS | own).for_game(games[each.game])
        for each in experiment.settings
    }
    for (label, method), *_ in alike(list(methods.items()), lambda pair: pair[1]):
        _try_optimisers(label, method)
    return Ready(
        experiment,
        games,
        methods,
        own={each.label: methods[each.label] for each in experiment.settings if parse(each.method).name in own},
    )


def require_room(argument: str, game: Any, players: Any, number: int) -> None:
    """Refuse more samples of a GAN than there is memory for, before any is drawn.

    **Arguments:** `players`, or their shapes.

    **Raises:** `ValueError` naming the argument.
    """
    import jax

    from saddlery.game import afford

    if hasattr(game, "sample"):
        key = jax.random.key(0)
        drawn = jax.eval_shape(lambda generator: game.sample(generator, key, number), players.generator)
        afford(f"{argument}: {number:,} samples", drawn, copies=4)  # with networks' layers and what measures them


def divided(experiment: Experiment, games: dict[str, Any]) -> dict[str, Any]:
    """The games as they are trained: their batches divided among devices where the experiment says so.

    **Raises:** `ValueError` when there are not so many devices, or they do not divide a batch.
    """
    from saddlery.sharding import data_parallel

    one = experiment.devices == 1
    return games if one else {text: data_parallel(game, experiment.devices) for text, game in games.items()}


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


def same(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments have the same results, whatever is said about them."""
    return grid_of(one) == grid_of(other)


def grid_of(experiment: Experiment) -> dict[str, Any]:
    """All of an experiment that its results depend on, in JSON's types."""
    told = {name: value for name, value in dataclasses.asdict(experiment).items() if name not in RETOLD}
    return json.loads(json.dumps(told))


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
