"""How parameters are divided over processes that train together, as by FSDP."""

import sys
from collections.abc import Iterable, Sequence

import torch
from torch import distributed
from torch.nn import Module

ONLY_NORMS = "parameters are divided over processes (FSDP): norms and alarms are watched, nothing else is measured"


class Division:
    """How a player's parameters are divided over processes, so that sums over parts can be taken.

    **Attributes:** `divided`: whether any is; where none is, each process has all of them.

        >>> Division([torch.nn.Parameter(torch.ones(2))], []).divided
        False
    """

    def __init__(self, parameters: Sequence[torch.Tensor], modules: Iterable[Module]):
        wanted = {id(each) for each in parameters}
        mine = [each for each in modules if any(id(one) in wanted for one in each.parameters())]
        self._flat = any(_flattens(part) for each in mine for part in each.modules())
        self.divided = self._flat or any(_placed(each) for each in parameters)

    def part(self, tensor: torch.Tensor) -> torch.Tensor:
        """What this process has of a parameter or a gradient: its part of one that is divided, otherwise all of it."""
        return tensor.to_local() if self.divided and _placed(tensor) else tensor  # type: ignore[attr-defined]

    def weight(self, parameter: torch.Tensor) -> float:
        """One over the number of processes that hold the same numbers of a parameter; 1 where nothing is divided."""
        if not self.divided or self._flat:
            return 1.0
        if not _placed(parameter):
            return 1.0 / distributed.get_world_size()
        sizes = zip(parameter.device_mesh.shape, parameter.placements, strict=True)  # type: ignore[attr-defined]
        copies = 1
        for size, placement in sizes:
            copies *= 1 if placement.is_shard() else size
        return 1.0 / copies

    def added(self, found: torch.Tensor) -> torch.Tensor:
        """A sum over processes, each of which must be here; the same where nothing is divided."""
        if self.divided:
            distributed.all_reduce(found)
        return found

    @property
    def place(self) -> int:
        """Which part this process has; 0 where nothing is divided."""
        return distributed.get_rank() if self.divided else 0


def _placed(tensor: torch.Tensor) -> bool:
    """Whether it is a `DTensor`, as FSDP's second version has them."""
    return hasattr(tensor, "placements")


def _flattens(module: Module) -> bool:
    """Whether it is FSDP's first version, which has parts of all parameters in a row."""
    loaded = sys.modules.get("torch.distributed.fsdp")
    return loaded is not None and isinstance(module, loaded.FullyShardedDataParallel)
