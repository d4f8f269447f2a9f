"""Arithmetic on lists of tensors, all of a list in one call: what optimisers of PyTorch use, where they are fast."""

from collections.abc import Sequence

import torch

# pyright: reportPrivateImportUsage=false
# These functions are documented, and named as if they were not.


def norms(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The Euclidean norm of each tensor, on its device.

    >>> [float(each) for each in norms([torch.tensor([3.0, 4.0]), torch.ones(1)])]
    [5.0, 1.0]
    """
    return list(torch._foreach_norm(list(tensors))) if tensors else []


def subtract_(these: Sequence[torch.Tensor], those: Sequence[torch.Tensor]) -> None:
    """Subtract those from these, in place."""
    if these:
        torch._foreach_sub_(list(these), list(those))


def add_(these: Sequence[torch.Tensor], those: Sequence[torch.Tensor], times: float) -> None:
    """Add so many times those to these, in place."""
    torch._foreach_add_(list(these), list(those), alpha=times)


def scale_(these: Sequence[torch.Tensor], by: float) -> None:
    """Multiply these, in place."""
    torch._foreach_mul_(list(these), by)


def copy_(these: Sequence[torch.Tensor], those: Sequence[torch.Tensor]) -> None:
    """Copy those into these."""
    if these:
        torch._foreach_copy_(list(these), list(those))
