"""A call of `saddlery.train` as its folder describes it, and its runs built again from the description."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from saddlery.errors import Damaged, InTheWay, InvalidValue
from saddlery.experiments.experiment import in_words
from saddlery.experiments.extension import require_extensible
from saddlery.experiments.pictures import require_recorded
from saddlery.game import Game, adopt
from saddlery.games import GAMES
from saddlery.method import Method
from saddlery.methods import METHODS
from saddlery.records.claims import RUN
from saddlery.records.description import Description, depends_on
from saddlery.records.rows import rows
from saddlery.runs.cell import Cell
from saddlery.runs.fingerprint import cell_identity, compare
from saddlery.runs.keys import SeedKeys, key_from_text, key_text
from saddlery.text.arguments import first_line, plain, quoted, whole
from saddlery.text.call import Call, build, parse
from saddlery.text.provenance import call_of
from saddlery.types import Key


@dataclass(frozen=True)
class Training:
    """A call of `train` as its folder describes it.

    Its number of steps may grow: `grid`, what its results depend on, is all but that and `again`.

    **Arguments:** `again`: of `made_by`.
    """

    cell: Cell
    every: int
    seeds: int | None
    key: Key
    again: Mapping[str, Any]
    store: None = None

    @property
    def steps(self) -> int:
        """The number of steps."""
        return self.cell.steps

    @property
    def grid(self) -> dict[str, Any]:
        """The arguments that the results depend on, in JSON's types."""
        shared = self.cell.identity()["description"]  # type: ignore[misc]
        return {"every": self.every, "seeds": self.seeds, "key": key_text(self.key)} | shared

    @property
    def fingerprint(self) -> dict[str, Any]:
        """The fingerprint of the runs, what their numbers depend on; the game's data are digested once."""
        return self.cell.identity() | {"description": self.grid}  # type: ignore[misc]

    @property
    def description(self) -> Description:
        """The description of the call in `run.json`, without its fingerprint."""
        return Description("training", self.grid | {"steps": self.cell.steps, "again": dict(self.again)})

    def require_same(self, held: Description, folder: Path) -> None:
        """Refuse to go on with a folder that holds other runs.

        **Raises:** `FileExistsError` when it holds an experiment; `ValueError` when it holds other runs, naming what
        differs, or longer ones.
        """
        if held.kind != "training":
            raise InTheWay(f"out: {plain(folder)} holds {in_words(held)}; choose another folder")
        require_recorded(folder, held, {"game": self.cell.game})
        now = self.fingerprint
        compare(f"out: {folder}", (held.fingerprint or now) | {"description": depends_on(held)}, now, warn=False)
        require_extensible(folder, whole("steps", held.what.get("steps")), self.steps, self.every)

    def extends(self, held: Description, folder: Path) -> Description:
        """The folder's description with so many steps."""
        return held._replace(what=held.what | {"steps": self.steps})


def made_by(game: Game, method: Method, **own: object) -> dict[str, Any]:
    """The calls that make the parts of a call of `train` again, in JSON's types.

    `game` and `method` are the calls that made them, or names for those of which no call is known; these, and what of
    `own` is not `None`, are in the list `own`: they have to be given again.

        >>> import saddlery as sd
        >>> made_by(sd.games.ring(modes=4), sd.Method(sd.rules.Consensus(1.0), sd.schedules.simultaneous()))
        {'game': 'ring(modes=4)', 'method': 'consensus', 'own': ['method']}
    """
    calls = {"game": call_of(game), "method": call_of(method)}
    names = {"game": type(game).__name__, "method": type(method.rule).__name__.lower()}
    missing = [
        *(name for name, call in calls.items() if call is None),
        *(name for name in own if own[name] is not None),
    ]
    return {name: str(call or names[name]) for name, call in calls.items()} | {"own": missing}


class BuiltTraining(NamedTuple):
    """The runs of `saddlery.train` in a folder, built from its description.

    - `cell`: theirs, of which the probes are names only; `every`, `key`: as `train` had them; `asked`: its `seeds`.
    - `method`: as it was given, its optimisers perhaps left open; `again`: of `made_by`; `blank`: as of
      `saddlery.experiments.built.BuiltExperiment`.
    """

    cell: Cell
    method: Method
    every: int
    key: Key
    asked: int | None
    again: Mapping[str, Any]
    blank: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of the only setting."""
        return (self.cell.label,)

    @property
    def seeds(self) -> int:
        """The number of runs."""
        return len(self.cell.keys)


def prepare_training(
    held: Description,
    folder: Path,
    games: Mapping[str, Any] | None = None,
    methods: Mapping[str, Callable[..., Method] | Method] | None = None,
    placed: Mapping[str, Call] = MappingProxyType({}),
    blank: bool = False,
) -> BuiltTraining:
    """Build the game and the method of runs of `saddlery.train`.

    **Arguments:** `games` and `methods`: one's own, by the names that the folder has for them; `placed`, `blank`: as of
    `saddlery.experiments.built.prepare`.

    **Raises:** `ValueError` naming a part that is one's own and is not given; `Damaged` when the description is not as
    expected.
    """
    try:
        what, again = held.what, held.what["again"]
        key, seeds, average = key_from_text(what["key"]), what["seeds"], what["average"]
        steps, every, own = whole("steps", what["steps"]), whole("every", what["every"]), set(again["own"])
        keys = [key] if seeds is None else SeedKeys(key, whole("seeds", seeds))
        probes: dict[str, Any] = dict.fromkeys(what["probes"])
        calls = {name: parse(again[name]) for name in ("game", "method")}
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{plain(folder / RUN)} is damaged: it is no description of runs: {first_line(error)}") from error
    tables: dict[str, tuple[Any, Any]] = {"game": (GAMES, games or {}), "method": (METHODS, methods or {})}
    parts: dict[str, Any] = {}
    for name, call in calls.items():
        table, given = tables[name]
        if name in own and call.name not in given:
            raise InvalidValue(
                f"{plain(folder)}: the {name} of these runs, {plain(call.name)}, has no text that makes it again; give "
                f"it: saddlery.load(folder, {name}s={{{quoted(call.name)}: …}}), or go on by the same "
                "saddlery.train(…, resume=True)"
            )
        parts[name] = given[call.name] if name in own else build(name, placed.get(again[name], call), table)
    game, method = adopt(parts["game"]), parts["method"] if isinstance(parts["method"], Method) else parts["method"]()
    cell = Cell(
        game=game, method=method.for_game(game), steps=steps, records=rows(steps, every), probes=probes,
        average=average, keys=keys, label=again["method"], folder=folder,
    )  # fmt: skip
    if not blank:
        cell.identity = functools.cache(lambda: cell_identity(cell, every))
    return BuiltTraining(cell, method, every, key, seeds, again, blank)
