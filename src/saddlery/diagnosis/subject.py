"""The subject of a diagnosis: a game, a method and two players, from a run's last checkpoint or given."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import xarray as xr

from saddlery.dynamics.jacobian import require_players_of
from saddlery.errors import InvalidType, InvalidValue
from saddlery.experiments.restored import Built, Restored, built_in, restored
from saddlery.game import Game, Pair, adopt, check
from saddlery.method import Method
from saddlery.runs.keys import RunKeys, as_key
from saddlery.runs.steps import start
from saddlery.schedules import State
from saddlery.text.arguments import quoted
from saddlery.text.provenance import call_of
from saddlery.types import Key, Memory, Players


class Subject(NamedTuple):
    """The subject of a diagnosis: game, method and players, and what is known of their past.

    - `game`, `method`, `players`, `state`: to go on from, `state` being `None` where it is not known; `key`: of all
      randomness to come.
    - `history`: the run's records along `step`, `None` without one.
    - `step`: how many steps the players have behind them; `diverged_at`: where the run left the finite numbers, −1 for
      never.
    - `title`: the run in words; `others`: methods that the run holds beside this one.
    - `checkpoints`: players trained independently as far, these first, on which advice is confirmed.
    - `text`, `of`: the texts of the method and of the game, where they are known.
    """

    game: Game
    method: Method
    players: Pair
    state: State | None
    key: Key
    history: xr.Dataset | None = None
    step: int = 0
    diverged_at: int = -1
    title: str = ""
    others: tuple[str, ...] = ()
    checkpoints: tuple[Pair, ...] = ()
    text: str = ""
    of: str = ""

    @property
    def heading(self) -> str:
        """The run in words, and where in it the players are from; empty for players that were given."""
        if not self.title or self.diverged_at < 0:
            return self.title and f"{self.title}, at step {self.step:,}"
        return f"{self.title}, which diverged at step {self.diverged_at:,}: looked at from its start"


def from_folder(
    folder: str | os.PathLike, method: str | None = None, seed: int = 0, checkpoints: int = 1, data: str | None = None
) -> Subject:
    """The subject from a folder: a seed of a method at its last checkpoint; one that diverged, at its start.

    **Arguments:** `method` is the text of one of the run's methods, or its name where that is enough; by default the
    first. `checkpoints`: how many of the folder's seeds to hold, this one first. `data`: as of `saddlery.load`.

    **Raises:** `FileNotFoundError` when there is no experiment or no checkpoint; `ValueError` for a method or seed that
    the run does not have, and when the checkpoints are damaged or of another game.
    """
    built = built_in(Path(folder), data=data)
    return of_restored(restored(Path(folder), method, seed, built), built, checkpoints)


def of_restored(found: Restored, built: Built | None = None, checkpoints: int = 1) -> Subject:
    """The subject from a restored run, at its last checkpoint; one that diverged, at its start.

    **Arguments:** `built`: what its folder holds, where other seeds are wanted as `checkpoints`.
    """
    of, step, key = found.of, found.step, found.cell.keys[found.seed]
    carry = found.carry
    if found.diverged_at >= 0:  # the last finite numbers are too large to say anything
        carry, step = start(of.game, of.method, RunKeys.of(key).init, None, False), 0
    known = [name for name, each in found.history.data_vars.items() if each.dims in ((), ("step",))]
    return Subject(
        of.game, of.method, carry.players, carry.state, jax.random.fold_in(key, found.step),
        found.history.sel(step=slice(0, found.step))[known], step, found.diverged_at,
        f"{of.title}, seed {found.seed}", of.others, (carry.players, *_others(found, built, step, checkpoints - 1)),
        of.label, of.title.removesuffix(f", {of.label}"),
    )  # fmt: skip


def _others(found: Restored, built: Built | None, step: int, most: int) -> Iterator[Pair]:
    """The players of at most so many other seeds of the same setting that are as far; none for a start."""
    if built is None or found.cell.folder is None or step == 0:
        return
    seeds = (seed for seed in range(built.seeds) if seed != found.seed)
    while most > 0 and (seed := next(seeds, None)) is not None:
        try:
            other = restored(found.cell.folder, found.of.label, seed, built)
        except (FileNotFoundError, ValueError):  # it keeps none
            continue
        if other.diverged_at < 0 and other.step == step:
            most -= 1
            yield other.carry.players


def given(
    game: Game,
    method: Method,
    players: Players,
    key: Key | int,
    state: Memory = None,
    history: xr.Dataset | None = None,
) -> Subject:
    """The subject from a game, a method and players, checked against each other.

    **Raises:** `TypeError` for what is no method, key or game; `ValueError` when the players are another game's, naming
    the first part that differs.
    """
    if not isinstance(method, Method):
        raise InvalidType(f"method: got {quoted(method)}, expected a Method, such as saddlery.methods.simultaneous()")
    key, made = as_key(key), str(call_of(game) or "")
    game = adopt(game)
    check(game, key)
    require_players_of(game, players, key)
    players = Pair(*jax.tree.map(jnp.asarray, tuple(players)))
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(players)):
        raise InvalidValue("players: they hold numbers that are not finite; give the last ones that were")
    step = 0 if history is None else int(history["step"].values[-1])
    diverged_at = -1 if history is None or "diverged_at" not in history else int(history["diverged_at"])
    text = str(call_of(method) or "")
    return Subject(
        game,
        method.for_game(game),
        players,
        state,
        key,
        history,
        step,
        diverged_at,
        checkpoints=(players,),
        text=text,
        of=made,
    )
