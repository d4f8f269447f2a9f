"""Norms of gradients and updates at every step, by hooks of optimisers, kept on the device until they are asked for."""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import Module
from torch.optim import Optimizer

from saddlery.torch import lists
from saddlery.torch.blocks import Blocks, blocks, holders
from saddlery.torch.division import Division
from saddlery.torch.players import Player, held


class Window(NamedTuple):
    """Norms of the last steps of a player, `(step, block)` each."""

    gradient: np.ndarray
    update: np.ndarray

    @property
    def last(self) -> tuple[float, float]:
        """The norms of the last step over all blocks: of the gradient, and of the update."""
        if not len(self.gradient):
            return np.nan, np.nan
        return float(np.sqrt((self.gradient[-1] ** 2).sum())), float(np.sqrt((self.update[-1] ** 2).sum()))

    @property
    def not_finite(self) -> float:
        """The share of the steps whose gradient is not finite; NaN where there was no step."""
        return float((~np.isfinite(self.gradient)).any(1).mean()) if len(self.gradient) else np.nan


class Norms:
    """The norms of a player's gradients and updates, block by block, noted at each step of its optimisers.

    A copy of the parameters is kept, of which each step's update is the difference. Gradients are as the optimiser gets
    them: after clipping, and free of a scale of mixed precision. Of parameters that are divided over processes, each of
    these keeps its part, and they add up when the norms are asked for, which all of them must do.

    **Arguments:** `modules`: that hold its parameters, by default all that are alive are looked through; `before`:
    called before each step of any of its optimisers, `stepped`: after each of the first; `guarded`: put around what
    optimisers call.
    """

    def __init__(
        self,
        player: Player,
        modules: Sequence[Module] | None = None,
        before: Callable[[], None] = lambda: None,
        stepped: Callable[[], None] | None = None,
        guarded: Callable[[Callable], Callable] = lambda function: function,
    ):
        self.player, self.before, self.stepped = player, before, stepped
        modules = holders(player.parameters) if modules is None else modules
        self.blocks: Blocks = blocks(player.parameters, modules)
        self.division = Division(player.parameters, modules)
        self.steps = 0
        self._block = {id(each): of for each, of in zip(player.parameters, self.blocks.of, strict=True)}
        self._kept: dict[int, torch.Tensor] = {}
        self._begun: dict[int, _Step] = {}
        self._pending: list[_Noted] = []  # of each step the gradient's and then the update's
        self._handles = [
            handle
            for optimiser in player.optimisers
            for handle in (
                optimiser.register_step_pre_hook(guarded(self._pre)),
                optimiser.register_step_post_hook(guarded(self._post)),
            )
        ]

    def close(self) -> None:
        """Take the hooks away, and free the copy."""
        for handle in self._handles:
            handle.remove()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as after parameters were put back."""
        self._kept.clear()
        self._begun.clear()
        self._pending.clear()

    @torch.no_grad()
    def _pre(self, optimiser: Optimizer, args: tuple, kwargs: dict) -> None:
        if _is_nested(optimiser):
            return
        self.before()
        parameters = [*held([optimiser])]
        parts = [self.division.part(each) for each in parameters]
        for each, mine in zip(parameters, parts, strict=True):
            if not self._fits(each, mine):
                self._kept[id(each)] = mine.clone()  # at the first step, or of what was moved or resized since
        takes_gradient = (args[1] if len(args) > 1 else kwargs.get("closure")) is not None  # the first is the optimiser
        gradient = None if takes_gradient else self._gradient(optimiser, parameters)
        self._begun[id(optimiser)] = _Step(parameters, parts, gradient)

    @torch.no_grad()
    def _post(self, optimiser: Optimizer, args: tuple, kwargs: dict) -> None:
        if _is_nested(optimiser):
            return
        if id(optimiser) not in self._begun:  # it began before it was watched
            return
        parameters, parts, gradient = self._begun.pop(id(optimiser))
        fitting = [(each, mine) for each, mine in zip(parameters, parts, strict=True) if self._fits(each, mine)]
        was, now = [self._kept[id(each)] for each, _ in fitting], [mine for _, mine in fitting]
        lists.subtract_(was, now)
        update = self._noted([each for each, _ in fitting], was)
        lists.copy_(was, now)
        self._pending += gradient or self._gradient(optimiser, parameters), update
        if optimiser is self.player.optimisers[0]:
            self.steps += 1
            if self.stepped is not None:
                self.stepped()

    def _gradient(self, optimiser: Optimizer, parameters: list[torch.Tensor]) -> "_Noted":
        """The norms of gradients."""
        having = [(each, self.division.part(each.grad)) for each in parameters if each.grad is not None]
        gradients = [each.to_dense() if each.is_sparse else each for _, each in having]
        found = self._noted([each for each, _ in having], gradients)
        scale = getattr(optimiser, "grad_scale", None)  # of fused optimisers, which undo it themselves
        return found if scale is None else found._replace(norms=found.norms / scale)

    def _noted(self, parameters: list[torch.Tensor], tensors: list[torch.Tensor]) -> "_Noted":
        """Norms of what is of parameters, on the first one's device; nothing is waited for."""
        return _Noted(parameters, lists.norms(tensors).to(self.player.parameters[0].device, non_blocking=True))

    def window(self) -> Window:
        """The norms of the steps since the last call; the only point at which the device is waited for."""
        noted, self._pending = self._pending, []
        square = np.zeros((len(noted), len(self.blocks.names)))
        if not noted:
            return Window(square, square)
        steps = np.repeat(np.arange(len(noted)), [len(each.parameters) for each in noted])
        parameters = [one for each in noted for one in each.parameters]
        of = np.array([self._block.get(id(one), 0) for one in parameters], int)
        np.add.at(square, (steps, of), self._squared(parameters, torch.cat([each.norms for each in noted])))
        found = np.sqrt(self._added(square))
        return Window(found[::2], found[1::2])

    @torch.no_grad()
    def size(self) -> float:
        """‖θ‖ of the player now."""
        parameters = [*self.player.parameters]
        norms = lists.norms([self.division.part(each) for each in parameters])
        return float(np.sqrt(self._added(self._squared(parameters, norms).sum(keepdims=True))[0]))

    def _fits(self, parameter: torch.Tensor, part: torch.Tensor) -> bool:
        """Whether what is kept of a parameter is of the kind that this process has of it now."""
        kept = self._kept.get(id(parameter))
        return kept is not None and kept.shape == part.shape and kept.device == part.device and kept.dtype == part.dtype

    def _squared(self, parameters: list[torch.Tensor], norms: torch.Tensor) -> np.ndarray:
        """Squares of norms of parameters, such that those of all processes add up."""
        square = norms.cpu().numpy().astype(float) ** 2
        if not self.division.divided:
            return square
        return square * np.array([self.division.weight(each) for each in parameters])

    def _added(self, squares: np.ndarray) -> np.ndarray:
        if not self.division.divided:
            return squares
        return self.division.added(torch.from_numpy(squares).to(self.player.parameters[0].device)).cpu().numpy()


class _Noted(NamedTuple):
    """The norms of what is of some parameters, on the device."""

    parameters: list[torch.Tensor]
    norms: torch.Tensor


class _Step(NamedTuple):
    """A step that has begun: parameters, what this process has of them, gradients unless a closure takes them."""

    parameters: list[torch.Tensor]
    parts: list[torch.Tensor]
    gradient: _Noted | None


def _is_nested(optimiser: Optimizer) -> bool:
    """Whether a step is within another of the same optimiser, as where a class calls its base's: both have hooks."""
    code, found, frame = getattr(type(optimiser).step, "__code__", None), 0, sys._getframe(1)
    while frame is not None and found < 2:
        found += frame.f_code is code and frame.f_locals.get("self") is optimiser
        frame = frame.f_back
    return found > 1
