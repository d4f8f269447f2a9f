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
        self._pending: list[torch.Tensor] = []
        self._gradient: dict[int, torch.Tensor] = {}
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
        self._pending.clear()

    @torch.no_grad()
    def _pre(self, optimiser: Optimizer, args: tuple, kwargs: dict) -> None:
        if _is_nested(optimiser):
            return
        self.before()
        for each in held([optimiser]):
            mine = self.division.part(each.detach())
            if mine.numel() and not _fits(self._kept.get(id(each)), mine):
                self._kept[id(each)] = mine.clone()  # at the first step, or of what was moved or resized since
        if (args[1] if len(args) > 1 else kwargs.get("closure")) is None:  # the first is the optimiser
            self._gradient[id(optimiser)] = self._norms(optimiser)

    @torch.no_grad()
    def _post(self, optimiser: Optimizer, args: tuple, kwargs: dict) -> None:
        if _is_nested(optimiser):
            return
        gradient = self._gradient.pop(id(optimiser), None)
        if gradient is None:  # a closure took it within the step
            gradient = self._norms(optimiser)
        parts = [(each, self.division.part(each.detach())) for each in held([optimiser])]
        fitting = [(each, mine) for each, mine in parts if _fits(self._kept.get(id(each)), mine)]
        parameters, now = [each for each, _ in fitting], [mine for _, mine in fitting]
        was = [self._kept[id(each)] for each in parameters]
        lists.subtract_(was, now)
        update = self._summed(parameters, lists.norms(was))
        lists.copy_(was, now)
        self._pending.append(torch.stack([gradient, update]))
        if optimiser is self.player.optimisers[0]:
            self.steps += 1
            if self.stepped is not None:
                self.stepped()

    def _norms(self, optimiser: Optimizer) -> torch.Tensor:
        """The norms of gradients by block."""
        having = [(each, self.division.part(each.grad)) for each in held([optimiser]) if each.grad is not None]
        gradients = [gradient.to_dense() if gradient.is_sparse else gradient for _, gradient in having]
        found = self._summed([each for each, _ in having], lists.norms(gradients))
        scale = getattr(optimiser, "grad_scale", None)  # of fused optimisers, which undo it themselves
        return found if scale is None else found / scale

    def _summed(self, parameters: list[torch.Tensor], norms: Sequence[torch.Tensor]) -> torch.Tensor:
        """Norms of parameters put together to those of their blocks, on the first parameter's device."""
        device = self.player.parameters[0].device
        found = torch.zeros(len(self.blocks.names), device=device)
        if not parameters:
            return found
        square = torch.stack([each.to(device, torch.float32, non_blocking=True) for each in norms]).square_()
        if self.division.divided:
            square *= torch.tensor([self.division.weight(each) for each in parameters], device=device)
        of = torch.tensor([self._block.get(id(each), 0) for each in parameters], device=device)
        return found.index_add_(0, of, square).sqrt_()

    def window(self) -> Window:
        """The norms of the steps since the last call; the only point at which the device is waited for."""
        if not self._pending:
            nothing = np.zeros((0, len(self.blocks.names)))
            return Window(nothing, nothing)
        pending = torch.stack(self._pending)
        if self.division.divided:
            pending = self.division.added(pending.square_()).sqrt_()
        found = pending.cpu().numpy().astype(float)
        self._pending.clear()
        return Window(found[:, 0], found[:, 1])

    @torch.no_grad()
    def size(self) -> float:
        """‖θ‖ of the player now."""
        norms = lists.norms([self.division.part(each.detach()) for each in self.player.parameters])
        square = self._summed([*self.player.parameters], norms).square().sum()
        return float(self.division.added(square).sqrt())


def _is_nested(optimiser: Optimizer) -> bool:
    """Whether a step is within another of the same optimiser, as where a class calls its base's: both have hooks."""
    code, found, frame = getattr(type(optimiser).step, "__code__", None), 0, sys._getframe(1)
    while frame is not None and found < 2:
        found += frame.f_code is code and frame.f_locals.get("self") is optimiser
        frame = frame.f_back
    return found > 1


def _fits(kept: torch.Tensor | None, parameter: torch.Tensor) -> bool:
    return (
        kept is not None
        and kept.shape == parameter.shape
        and kept.device == parameter.device
        and kept.dtype == parameter.dtype
    )
