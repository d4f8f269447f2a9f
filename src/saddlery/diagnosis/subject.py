"""What is diagnosed: a game, a method and two players, from a run's last checkpoint or given."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from saddlery import recording
from saddlery.arguments import quoted, whole
from saddlery.call import parse
from saddlery.claims import RUN, RUNS
from saddlery.dynamics.jacobian import require_players_of
from saddlery.execution import cells_of
from saddlery.experiment import KEPT, Experiment, prepare
from saddlery.game import Pair, adopt, check
from saddlery.method import Method
from saddlery.names import nearest
from saddlery.results import open_results
from saddlery.training import begin, start


class Subject(NamedTuple):
    """Who is looked at, and what is known of their past.

    - `game`, `method`, `players`, `state`: to go on from, `state` being `None` where it is not known; `key`: of all
      randomness to come.
    - `history`: the run's records along `step`, `None` without one.
    - `step`: how many steps the players have behind them; `diverged_at`: where the run left the finite numbers, −1 for
      never.
    - `title`: the run in words; `others`: methods that the run holds beside this one.
    """

    game: Any
    method: Method
    players: Pair
    state: Any | None
    key: Any
    history: Any = None
    step: int = 0
    diverged_at: int = -1
    title: str = ""
    others: tuple[str, ...] = ()


def from_folder(folder: str | os.PathLike, method: str | None = None, seed: int = 0) -> Subject:
    """A seed of a method in an experiment's folder, at its last checkpoint; one that diverged, at its start.

    **Arguments:** `method` is the text of one of the run's methods, or its name where that is enough; by default the
    first.

    **Raises:** `FileNotFoundError` when there is no experiment or no checkpoint; `ValueError` for a method or seed that
    the run does not have, and when the checkpoints are damaged or of another game.
    """
    folder = Path(folder)
    if (folder / RUN).is_file():
        raise FileNotFoundError(
            f"{folder} was written by saddlery.train, which does not say of which game and method it is; "
            "use saddlery.diagnose(game, method, players, key=…)"
        )
    experiment = Experiment.read(folder)
    label = _label(experiment, method)
    whole("seed", seed, 0, experiment.seeds - 1)
    out = folder / RUNS / experiment.folder_of(label)
    if not list((out / "checkpoints" / f"seed-{seed}").glob("step-*")):
        raise FileNotFoundError(
            f"{folder} holds no checkpoint of {label}, seed {seed}: there is none in "
            f"{out / 'checkpoints' / f'seed-{seed}'}; {_remedy(folder, label)}"
        )
    ready = prepare(experiment)
    setting = next(each for each in experiment.settings if each.label == label)
    game, chosen = ready.games[setting.game], ready.methods[label]
    cell = cells_of(ready, folder)[experiment.labels.index(label)]
    rows, key = cell.plan.records, cell.keys[seed]
    stage = begin(cell.plan, seed, key)
    if stage.step == 0 and stage.diverged_at < 0:
        raise ValueError(f"{folder}: every checkpoint of {label}, seed {seed} is damaged")
    carry, step = stage.carry, stage.step
    if stage.diverged_at >= 0:  # the last finite numbers are too large to say anything
        carry, step = start(game, chosen, jax.random.split(key, 3)[0], None, False), 0
    known = {name: values for name, values in stage.history.items() if values.ndim == 1}
    history = recording.dataset([known], cell.plan.probes, rows).isel(seed=0, drop=True).sel(step=slice(0, stage.step))
    return Subject(
        game, chosen, carry.players, carry.state, jax.random.fold_in(key, stage.step), history, step,
        stage.diverged_at, f"{setting.game}, {label}, seed {seed}",
        tuple(text for text in experiment.labels if text != label),
    )  # fmt: skip


def _remedy(folder: Path, label: str) -> str:
    """How a setting without checkpoints comes to have some: what is finished is not trained again."""
    try:
        finished = label in open_results(folder)["setting"].values
    except (FileNotFoundError, ValueError):
        finished = False
    if not finished:
        return f"make it with: saddlery resume {folder}"
    return (
        f"it is finished, and keeps none; train it again with saddlery run, among at most {KEPT} runs: more keep none"
    )


def _label(experiment: Experiment, method: str | None) -> str:
    """The method meant: the first, the one with this text, or the only one with this name."""
    if method is None:
        return experiment.labels[0]
    text = str(parse(method))
    named = [label for label in experiment.labels if text in (label, parse(label).name)]
    if text in experiment.labels or len(named) == 1:
        return text if text in experiment.labels else named[0]
    if named:
        raise ValueError(f"method: the run holds several of {method!r}: {', '.join(named)}")
    raise ValueError(nearest("method of this run", method, experiment.labels))


def given(game: Any, method: Any, players: Any, key: Any, state: Any = None, history: Any = None) -> Subject:
    """A game, a method and players given, checked against each other.

    **Raises:** `TypeError` for what is no method, key or game; `ValueError` when the players are another game's, naming
    the first part that differs.
    """
    if not isinstance(method, Method):
        raise TypeError(f"method: got {quoted(method)}, expected a Method, such as saddlery.methods.simultaneous()")
    if not (hasattr(key, "dtype") and jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == ()):
        raise TypeError(f"key: got {quoted(key)}, expected a jax.random.key(…)")
    game = adopt(game)
    check(game, key)
    require_players_of(game, players, key)
    players = Pair(*jax.tree.map(jnp.asarray, tuple(players)))
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(players)):
        raise ValueError("players: they hold numbers that are not finite; give the last ones that were")
    step = 0 if history is None else int(history["step"].values[-1])
    diverged_at = -1 if history is None or "diverged_at" not in history else int(history["diverged_at"])
    return Subject(game, method.for_game(game), players, state, key, history, step, diverged_at)
