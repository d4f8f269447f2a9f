"""Evaluations of somebody's losses, each from the same state: parameters, buffers and random numbers."""

import copy
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch.utils._pytree import tree_map

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.torch.audit.calls import Call, Calls, Change
from saddlery.torch.audit.functions import USUAL, Functions, Treatment
from saddlery.torch.audit.surroundings import keep
from saddlery.torch.blocks import holders
from saddlery.torch.eager import eager
from saddlery.torch.players import Losses, Player
from saddlery.torch.state import State

Batch = TypeVar("Batch")


class Evaluated(NamedTuple):
    """An evaluation: both losses, generator first, the discriminator's calls, and functions that were called.

    `outermost`: the modules that no other called; `trained`: the `id`s of those that were called in training mode.
    """

    losses: tuple[torch.Tensor, torch.Tensor]
    calls: list[Call]
    functions: Functions
    outermost: list[torch.nn.Module]
    trained: set[int]

    @property
    def values(self) -> tuple[float, float]:
        """The losses as numbers."""
        return float(self.losses[0].detach()), float(self.losses[1].detach())


class Evaluations:
    """Evaluations of losses on a batch.

    **Arguments:** `losses`, `batch`, `players`, `step`: as of `saddlery.torch.check`.

    **Attributes:** `count`: of evaluations.
    """

    def __init__(self, losses: Losses, batch: object, players: list[Player], step: Callable[[Any], Any] | None = None):
        self.losses, self.batch, self.players, self.step = losses, batch, players, step
        held = [each for player in players for each in player.parameters]
        moved = [each for player in players for each in player.optimisers] if step else []
        self.state = State(held, moved)
        keep(self.state, losses, step)
        found = {id(each) for module in self.state.modules for each in module._parameters.values()}
        for module in holders(held) if {id(each) for each in held} - found else ():  # which takes longer
            for each in module.modules():
                self.state.add_module(each)
        self.state.add_value(batch)
        self.generator, self.discriminator = ({id(each) for each in player.parameters} for player in players)
        self.opened: frozenset[int] = frozenset()
        self.count = 0

    def within(self, modules: Iterable[torch.nn.Module]) -> "Evaluations":
        """The same evaluations, of which the calls within some modules count as the discriminator's, not theirs."""
        other = copy.copy(self)
        other.opened = self.opened | {id(each) for each in modules}
        return other

    def swapped(self) -> "Evaluations":
        """The same evaluations with the players in each other's place, which are of the same state."""
        other = copy.copy(self)
        other.players = self.players[::-1]
        other.generator, other.discriminator = self.discriminator, self.generator
        return other

    def __call__(
        self,
        change: Change | None = None,
        *,
        put_in: Change | None = None,
        treatment: Treatment = USUAL,
        prepare: Callable[[], None] | None = None,
        batch: object = None,
    ) -> Evaluated:
        """The losses from the state as it was.

        **Arguments:** `change`, `put_in`: of what the discriminator returns, and of what it is given; `treatment`: of
        functions; `prepare`: called once the state is as it was; `batch`: another.

        **Raises:** `TypeError` or `ValueError` where what `losses` returns is not two numbers of PyTorch's.
        """
        self.state.restore()
        if prepare is not None:
            prepare()
        return self.again(self.batch if batch is None else batch, change, put_in, treatment)

    def again(
        self, batch: object, change: Change | None = None, put_in: Change | None = None, treatment: Treatment = USUAL
    ) -> Evaluated:
        """The losses from whatever the state is now."""
        self.count += 1
        batch = copied(batch)  # which somebody may write to
        functions = Functions(self.state, treatment)
        shared = self.generator & self.discriminator
        calls = Calls(self.state, self.generator - shared, self.discriminator - shared, change, put_in, self.opened)
        with eager(), torch.enable_grad(), warnings.catch_warnings(), calls, functions:
            if treatment.uncut:  # of numbers that have a graph where they had none
                warnings.simplefilter("ignore")
            found = self.losses(batch)
        return Evaluated(_two(found), calls.calls, functions, [*calls.outermost.values()], calls.trained)


def copied(batch: Batch) -> Batch:
    """A batch with copies of its arrays."""
    return tree_map(_own, batch)


def _own(leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor):
        if leaf.grad_fn is not None:  # what somebody has made of parameters, which stays that
            return leaf
        return leaf.detach().clone().requires_grad_(leaf.requires_grad)
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


def _two(found: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise InvalidType(f"losses: it returned {quoted(found)}, expected (generator_loss, discriminator_loss)")
    for name, each in zip(("generator's", "discriminator's"), found, strict=True):
        if not isinstance(each, torch.Tensor):
            raise InvalidType(f"losses: the {name} loss is {quoted(each)}, expected a tensor with its graph, no number")
        if each.numel() != 1:
            raise InvalidValue(f"losses: the {name} loss has shape {tuple(each.shape)}, expected one number")
    return found[0].reshape(()), found[1].reshape(())
