"""Unrolled GANs of several depths K on digits, as several studies train them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.text.call import parse

SIZES = {0.25: "¼", 0.5: "½"}  # of discriminators, in labels
RECORDS = 10  # along training


class Scale(NamedTuple):
    """The scale of such a study: digits, networks, steps, seeds, batch, noise, optimisers and K.

    `network` has `{}` for the size of the discriminator, where that is swept too.
    """

    data: str
    network: str
    steps: int
    seeds: int
    batch: int
    noise: int
    generator: str
    discriminator: str
    depths: tuple[int, ...] = (0, 1, 5, 10)

    def experiment(self, game: str, methods: Sequence[str], samples: int) -> Experiment:
        """The experiment of methods on a game at this scale."""
        return Experiment(
            game, tuple(methods), steps=self.steps, every=max(1, self.steps // RECORDS), seeds=self.seeds,
            samples=samples, shown=64, generator_optimiser=self.generator, discriminator_optimiser=self.discriminator,
        )  # fmt: skip

    def game(self, name: str, network: str | list[str], **arguments: object) -> str:
        """The text of a game of images, of this scale's data, batch and noise."""
        given = {"data": self.data, "batch": self.batch, "noise": self.noise, "network": network, **arguments}
        return f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})"

    def networks(self, fractions: Sequence[float]) -> list[str]:
        """The networks, with each size of discriminator."""
        return [self.network.format(fraction) for fraction in fractions]


def unrolled(depths: Sequence[int]) -> list[str]:
    """The methods: unrolled GANs, of which K = 0 is simultaneous descent."""
    return ["simultaneous" if depth == 0 else f"unrolled(steps={depth})" for depth in depths]


def named(setting: Setting, fractions: Sequence[float] = ()) -> dict[str, Any]:
    """The coordinates of a setting: its label, `method`, `depth` and `fraction`, the size of the discriminator."""
    depth = int(setting.method.arguments.get("steps", 0))
    about = {"setting": f"K = {depth}", "method": "unrolled" if depth else "simultaneous", "depth": float(depth)}
    if not fractions:
        return about
    fraction = parse(setting.game.arguments["network"]).arguments["fraction"]
    return about | {"setting": f"K = {depth}, D {SIZES.get(fraction, f'{fraction:g}')}", "fraction": fraction}
