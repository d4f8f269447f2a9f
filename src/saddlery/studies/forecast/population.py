"""The population of the study `forecast`: runs whose games, losses, methods and rates are drawn at random."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saddlery.experiments.experiment import Experiment
from saddlery.text.call import Call, parse


class Scale(NamedTuple):
    """The scale of the study: steps, records, and runs.

    - `kinds`: combinations of loss, method and size that are drawn of each game; `draws`: of learning rates and of b1,
      of each of these.
    - `failing`, `healthy`: runs that fork. `advised`: runs that are given advice, and `trial`, the steps of its trial.
    """

    steps: int
    every: int
    kinds: int
    draws: int
    failing: int
    healthy: int
    advised: int
    trial: int = 1000
    samples: int = 500

    @property
    def runs(self) -> int:
        """The number of runs.

        >>> SCALES["medium"].runs
        480
        """
        return len(GAMES) * self.kinds * self.draws


class Kind(NamedTuple):
    """A kind of run: what is one compiled program."""

    game: str
    loss: str
    method: str
    size: str


class Run(NamedTuple):
    """A run of the population: its kind, both learning rates and Adam's b1."""

    kind: Kind
    generator_rate: float
    discriminator_rate: float
    b1: float

    @property
    def game(self) -> str:
        """The text of its game.

        >>> Run(Kind("digits", "hinge", "R1", "small"), 1e-3, 1e-3, 0.5).game
        "digits(batch=64, width=32, loss='hinge', penalty=('r1(weight=1.0)',))"
        """
        call, loss = parse(GAMES[self.kind.game].text), LOSSES[self.kind.loss]
        penalties = (*loss.penalties, *METHODS[self.kind.method].penalties)
        changes = {"width": GAMES[self.kind.game].widths[self.kind.size], "loss": loss.text}
        changes |= {"penalty": penalties} if penalties else {}
        return str(call._replace(arguments=call.arguments | changes))

    @property
    def method(self) -> str:
        """The text of its method, with its optimisers."""
        call = parse(METHODS[self.kind.method].text)
        rates = {"generator": self.generator_rate, "discriminator": self.discriminator_rate}
        optimisers = {name: str(Call("adam", {"learning_rate": rate, "b1": self.b1})) for name, rate in rates.items()}
        return str(call._replace(arguments=call.arguments | optimisers))


class Of(NamedTuple):
    """A game of the population: its text, and the widths of its networks by what they are called."""

    text: str
    widths: dict[str, int]


class By(NamedTuple):
    """A method or a loss of the population: its text, and penalties that belong to it."""

    text: str
    penalties: tuple[str, ...] = ()


GAMES = {
    "ring": Of("ring(preset='numerics', std=0.1, batch=128)", {"small": 16, "large": 64}),
    "grid": Of("grid(side=4, preset='numerics', std=0.15, batch=128)", {"small": 16, "large": 64}),
    "moons": Of("moons(preset='numerics', batch=128)", {"small": 16, "large": 64}),
    "digits": Of("digits(batch=64)", {"small": 32, "large": 128}),
    "tanh": Of("ring(preset='unrolled', modes=6, std=0.1, noise=16, batch=128)", {"small": 32, "large": 128}),
}
HELD_OUT = "tanh"  # another family of networks, to which nothing is fitted
LOSSES = {
    "minimax": By("minimax"),
    "non-saturating": By("nonsaturating"),
    "Wasserstein": By("wasserstein", ("wgan_gp(weight=1.0)",)),
    "hinge": By("hinge"),
}
METHODS = {
    "simultaneous": By("simultaneous"),
    "alternating": By("alternating"),
    "five discriminator steps": By("alternating(discriminator_steps=5)"),
    "unrolled": By("unrolled(steps=5)"),
    "consensus": By("consensus(gamma=1.0)"),
    "extragradient": By("extragradient"),
    "R1": By("alternating", ("r1(weight=1.0)",)),
}
RATES = (1e-5, 1e-1)  # of each player, log-uniform
MOMENTA = (0.0, 0.5, 0.9)  # Adam's b1
SCALES = {
    "tiny": Scale(60, 5, 1, 2, 2, 1, 1, 30, samples=100),
    "quick": Scale(1000, 50, 2, 6, 6, 2, 4, 300),
    "medium": Scale(4000, 50, 24, 4, 60, 20, 34),
}


def population(size: Scale, key: int = 0) -> list[Run]:
    """The runs, drawn at random by a seed: of each game as many.

    Of each game `kinds` combinations of loss, method and size are drawn without repetition, and of each of these
    `draws` times both learning rates, log-uniform over four decades, and b1.

        >>> runs = population(SCALES["quick"])
        >>> len(runs), len({run.kind for run in runs}), len(set(runs)) == len(runs)
        (60, 10, True)
    """
    random, runs = np.random.default_rng(key), []
    low, high = np.log(RATES)
    for game in GAMES:
        combinations = [(loss, method, width) for loss in LOSSES for method in METHODS for width in ("small", "large")]
        for place in random.permutation(len(combinations))[: size.kinds]:
            for _ in range(size.draws):
                g, d = (float(f"{rate:.6g}") for rate in np.exp(random.uniform(low, high, 2)))
                runs.append(Run(Kind(game, *combinations[place]), g, d, float(random.choice(MOMENTA))))
    return runs


def experiments(size: Scale, key: int = 0) -> Iterator[tuple[str, Experiment, list[Run]]]:
    """The experiments that train the population, one for each game's text: a name, the experiment and its runs.

    The runs are in the order of its settings.
    """
    runs = population(size, key)
    by_game: dict[str, list[Run]] = {}
    for run in runs:
        by_game.setdefault(run.game, []).append(run)
    for i, (game, own) in enumerate(by_game.items()):
        yield (
            f"{own[0].kind.game}-{i + 1}",
            Experiment(
                game=game,
                methods=tuple(run.method for run in own),
                steps=size.steps,
                every=size.every,
                seeds=1,
                key=1000 * key + i,
                samples=size.samples,
                shown=0,
                measures=("signals", "curvature"),
            ),
            own,
        )


class Place(NamedTuple):
    """The place of a run: its experiment's name, that, its place among the settings, and the run."""

    name: str
    experiment: Experiment
    setting: int
    run: Run


def places(size: Scale, key: int = 0) -> list[Place]:
    """The places of all runs, in the order in which results hold them; of another seed as of `population`.

    >>> len(places(SCALES["quick"])) == SCALES["quick"].runs
    True
    """
    found = []
    for name, experiment, runs in experiments(size, key):
        by_method = {run.method: run for run in runs}
        found += [Place(name, experiment, i, by_method[str(each.method)]) for i, each in enumerate(experiment.settings)]
    return found
