"""The two players of a loop in PyTorch: what each one's optimisers move."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch.optim import Optimizer

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted

NAMES = ("generator", "discriminator")
Losses = Callable[[Any], tuple[torch.Tensor, torch.Tensor]]  # of both players, from a batch
DEEPEST = 8  # wrappers around an optimiser


class Player(NamedTuple):
    """A player: its optimisers, freed of what wraps them, and the parameters that they hold, each once."""

    name: str
    optimisers: tuple[Optimizer, ...]
    parameters: tuple[torch.Tensor, ...]


def players(generator: Optimizer | Iterable[Optimizer], discriminator: Optimizer | Iterable[Optimizer]) -> list[Player]:
    """The generator and the discriminator by their optimisers.

    >>> weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    >>> [each.name for each in players(*(torch.optim.SGD([weight], 0.1) for weight in weights))]
    ['generator', 'discriminator']

    **Arguments:** an optimiser each, or several; also wrapped, as by Lightning or Accelerate.

    **Raises:** `TypeError` for what is no optimiser; `ValueError` where one is given to both players.
    """
    found = [_player(name, given) for name, given in zip(NAMES, (generator, discriminator), strict=True)]
    if {*map(id, found[0].optimisers)} & {*map(id, found[1].optimisers)}:
        raise InvalidValue("discriminator: got the generator's optimiser, expected another: each player has its own")
    return found


def bare(optimiser: object) -> object:
    """An optimiser without what wraps it, once or several times."""
    inner = optimiser
    for _ in range(DEEPEST):
        inner = getattr(inner, "optimizer", None)
        if isinstance(inner, Optimizer):
            optimiser = inner
    return optimiser


def held(optimisers: Iterable[Optimizer]) -> Iterator[torch.Tensor]:
    """The parameters that optimisers hold, each once."""
    seen = set()
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            for parameter in group["params"]:
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter


def _player(name: str, given: object) -> Player:
    several = given if isinstance(given, Iterable) and not isinstance(given, Optimizer | dict | str) else (given,)
    found = []
    for each in map(bare, several):
        if not isinstance(each, Optimizer):
            hint = "; an optimiser, not the module" if isinstance(each, torch.nn.Module) else ""
            raise InvalidType(f"{name}: got {quoted(each)}, expected a torch.optim.Optimizer or several{hint}")
        found.append(each)
    if not found:
        raise InvalidValue(f"{name}: got no optimiser, expected one or several")
    return Player(name, tuple(found), tuple(held(found)))
