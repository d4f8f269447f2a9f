"""`saddlery.sweep`: every combination of methods and numbers, several seeds each, as one labelled dataset."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from saddlery._system import signals
from saddlery.errors import InvalidType, InvalidValue
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import train_settings
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.plane import is_plane
from saddlery.game import Game, adopt
from saddlery.loggers.delivery import made
from saddlery.loggers.logger import Logger
from saddlery.method import Method
from saddlery.records import description
from saddlery.records.claims import local_folder
from saddlery.results import Results
from saddlery.text.arguments import QUOTED, quoted, whole
from saddlery.text.call import is_free_name, parse

Made: TypeAlias = str | Method | Callable[..., Method]
MethodsLike: TypeAlias = str | Method | Sequence[str | Method] | Mapping[str, Made]


def sweep(
    game: str | Game,
    methods: MethodsLike,
    *,
    learning_rate: float | Sequence[float] | None = None,
    seeds: int = 4,
    steps: int = 5000,
    out: str | os.PathLike | None = None,
    resume: bool = False,
    force: bool = False,
    on_progress: Callable | None = None,
    loggers: Sequence[str | Logger] = (),
    **settings: Any,
) -> Results:
    """Sweep: train every combination of methods and numbers on a game.

    ```python
    results = sd.sweep("ring", ["simultaneous", "consensus(gamma=[0.1, 1, 10])"], learning_rate=[1e-4, 1e-3], seeds=8)
    results.dataset.sel(method="consensus")["modes"].isel(step=-1).median("seed")
    ```

    A flat list in a text, or `geomspace(a, b, n)`, is an axis. Numbers are data: settings that differ in them share a
    compiled program.

    **Arguments:**
    - `game`: a text such as `"ring(preset='numerics')"`, or a game.
    - `methods`: texts such as `"unrolled(steps=[1, 10])"` or `Method`s, one or several. In a mapping, what stands under
      a name may also be a function of yours that makes a `Method`: `{"mine(gamma=[0.1, 1.0])": mine}` calls
      `mine(gamma=0.1)` and `mine(gamma=1.0)`. A name that is no call may be any short text without brackets,
      quotation marks and $, `{"ridge 0.01": method}`.
    - `learning_rate`: both players', a number or several; by default the game's usual.
    - `seeds`, `steps`: how many runs of each setting, and how many steps each.
    - `out`: a folder that keeps everything, by default one that is gone when the results are; `resume` goes on with the
      same sweep there, up to more `steps` where they are more, those before are a multiple of `every`, and there are at
      most 64 runs; `force` replaces it. What one's own objects are is not compared then, only their names.
    - `on_progress`: called from training's threads with the experiment, a setting's label and a `Progress`.
    - `loggers`: what is told of every record while runs are under way: texts such as `"csv"` and
      `"wandb(project='gans')"`, or objects, see `saddlery.loggers`.
    - `settings`: the other arguments of `saddlery.experiments.experiment.Experiment`: `every`, `key`, `samples`, …

    **Returns:** the `Results`; `results.dataset` has dimensions `setting`, `seed`, `step`, and the setting's levels
    (`method`, `gamma`, `learning_rate`, …) are selected by name.

    **Raises:** `ValueError` and `TypeError` for what does not exist or fit, before any run starts; `FileExistsError`
    when `out` holds a sweep and neither `resume` nor `force` is given; what `saddlery.train` raises.
    """
    name = game if isinstance(game, str) else type(game).__name__
    own_games = {} if isinstance(game, str) else {name: game}
    texts, own_methods = _named(methods)
    if resume and out is not None and settings.get("every") is None:
        settings["every"] = description.recorded_every(local_folder("out", out))
    rates = list(map(float, learning_rate)) if isinstance(learning_rate, Sequence) else learning_rate
    if own_games and settings.get("every") is None and is_plane(adopt(own_games[name])):
        settings["every"] = max(1, whole("steps", steps) // 1000)  # so that the players' path is seen
    experiment = Experiment(
        name, texts, steps=steps, seeds=seeds, learning_rate=rates, **settings
    )  # fmt: skip
    told = made(loggers)
    built = prepare(experiment, games=own_games, methods=own_methods)
    folder = Path(tempfile.mkdtemp(prefix="saddlery-")) if out is None else local_folder("out", out)
    results = Results(folder, lambda: built, experiment.store)
    if out is None:
        weakref.finalize(results, shutil.rmtree, folder, ignore_errors=True)  # which nobody else knows of
    with signals.stoppable(), claimed(folder, experiment, resume=resume, force=force) as stop:
        train_settings(built, folder, on_progress, stop=stop, loggers=told)
    return results


def _named(methods: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The texts of methods, and by the names that stand in them those that are one's own, or what makes them."""
    if isinstance(methods, str | Method):
        methods = [methods]
    if not isinstance(methods, Mapping):
        methods = {text if isinstance(text, str) else f"method_{i + 1}": text for i, text in enumerate(methods)}
    for name, each in methods.items():
        if not isinstance(each, str | Method) and not callable(each):
            raise InvalidType(
                f"methods: {name} is {quoted(each)}, expected a text such as 'consensus(gamma=10)', a Method or a "
                "function that makes one"
            )
    texts = {name: each if isinstance(each, str) else _text(name) for name, each in methods.items()}
    own = {parse(texts[name]).name: each for name, each in methods.items() if not isinstance(each, str)}
    return tuple(texts.values()), own


def _text(name: str) -> str:
    """The text of a name of one's own: a call, or any name in quotation marks.

    **Raises:** `ValueError` for what is neither.
    """
    try:
        return str(parse(name))
    except InvalidValue as error:
        if isinstance(name, str) and is_free_name(name):
            return repr(name)
        raise InvalidValue(
            f"methods: got the name {quoted(name)}, expected a call, such as 'mine(gamma=[0.1, 1.0])', or at most "
            f"{QUOTED} printable characters without brackets, quotation marks and $"
        ) from error
