"""A built experiment: its games and methods as objects that fit together, before anything runs or is written."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from saddlery import plugins
from saddlery.errors import InvalidValue
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.programs import alike
from saddlery.game import adopt, afford, check
from saddlery.games import GAMES
from saddlery.method import Method
from saddlery.methods import METHODS
from saddlery.methods.options import as_published
from saddlery.runs.measures import MEASURES
from saddlery.sharding import data_parallel
from saddlery.text.call import Call, build
from saddlery.text.names import nearest
from saddlery.types import Players


class BuiltExperiment(NamedTuple):
    """A built experiment: its games, by their texts, and its methods, by their settings' labels, which fit together.

    `probes`, as of `saddlery.train`, are recorded beside those that suit the game; in this process only. `own` are the
    methods that are one's own, which no text describes. `placed` are the calls of games whose pictures were found
    elsewhere than their texts say; of what is `blank`, stand-ins are in the place of the pictures.
    """

    experiment: Experiment
    games: dict[str, Any]
    methods: dict[str, Any]
    probes: Mapping[str, Callable] = MappingProxyType({})
    own: Mapping[str, Any] = MappingProxyType({})
    placed: Mapping[str, Call] = MappingProxyType({})
    blank: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the settings."""
        return self.experiment.labels

    @property
    def seeds(self) -> int:
        """The number of runs of each setting."""
        return self.experiment.seeds

    @property
    def game(self) -> Any:
        """The game, the first where there are several."""
        return next(iter(self.games.values()))


def prepare(
    experiment: Experiment,
    games: Mapping[str, Any] | None = None,
    methods: Mapping[str, Callable[..., Method] | Method] | None = None,
    placed: Mapping[str, Call] = MappingProxyType({}),
    blank: bool = False,
) -> BuiltExperiment:
    """Build an experiment: its games and methods, checked, before anything runs or is written.

    **Arguments:** `games` and `methods` are one's own, by the names that the experiment's texts call them: games as
    they are, methods as functions like those of `saddlery.methods` or as they are; they keep their own optimisers.
    `placed`, `blank`: as of `BuiltExperiment`.

    **Raises:** `ValueError` and `TypeError` naming what does not exist or fit, and the nearest that does.
    """
    plugins.discover()
    mine, own = games or {}, {name: as_published(method) for name, method in (methods or {}).items()}
    calls = {str(each.game): each.game for each in experiment.settings}
    games = {
        text: adopt(mine[call.name]) if call.name in mine else build("game", placed.get(text, call), GAMES)
        for text, call in calls.items()
    }
    for game in games.values():
        players, *_ = check(game, jax.random.key(experiment.key))
        require_room("samples", game, players, experiment.samples)
        require_room("shown", game, players, experiment.shown or 1)
    divided(experiment, games)
    known = {**METHODS, **own}
    texts = {str(each.method): each.method for each in experiment.settings}  # the same on each of several games
    made = {text: build("method", call, known) for text, call in texts.items()}
    chosen = {each.label: made[str(each.method)].for_game(games[str(each.game)]) for each in experiment.settings}
    for name in experiment.measures:
        if name not in MEASURES:
            raise InvalidValue(nearest("measure", name, MEASURES) if MEASURES else f"measures: unknown {name!r}")
    for (label, method), *_ in alike(list(chosen.items()), lambda pair: pair[1]):
        _try_optimisers(label, method)
    return BuiltExperiment(
        experiment,
        games,
        chosen,
        own={each.label: chosen[each.label] for each in experiment.settings if each.method.name in own},
        placed=placed,
        blank=blank,
    )


def require_room(argument: str, game: Any, players: Players, number: int) -> None:
    """Refuse to draw more samples of a GAN than there is memory for.

    **Arguments:** `players`, or their shapes.

    **Raises:** `ValueError` naming the argument.
    """
    if hasattr(game, "sample"):
        key = jax.random.key(0)
        drawn = jax.eval_shape(lambda generator: game.sample(generator, key, number), players.generator)
        afford(f"{argument}: {number:,} samples", drawn, copies=4)  # with networks' layers and what measures them


def divided(experiment: Experiment, games: dict[str, Any]) -> dict[str, Any]:
    """The games as they are trained: their batches divided among devices where the experiment asks for it.

    **Raises:** `ValueError` when there are not so many devices, or they do not divide a batch.
    """
    one = experiment.devices == 1
    return games if one else {text: data_parallel(game, experiment.devices) for text, game in games.items()}


def _try_optimisers(text: str, method: Any) -> None:
    """Trace each optimiser on one number: optax itself looks at its arguments only when it is used."""
    number = jnp.zeros(())
    for player, optimiser in method.optimisers._asdict().items():
        try:
            jax.eval_shape(lambda x, o=optimiser: o.update(x, o.init(x), x), number)
        except Exception as error:
            raise InvalidValue(
                f"{text}: the {player}'s optimiser cannot be used: {str(error).strip().splitlines()[0]}"
            ) from error
