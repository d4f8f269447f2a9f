"""Arithmetic on lists of tensors, all of a list in one call: what optimisers of PyTorch use, where they are fast."""

from collections.abc import Sequence

import torch

# pyright: reportPrivateImportUsage=false
# These functions are documented, and named as if they were not.


def norms(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The Euclidean norm of each tensor, `(tensor,)`, on the first one's device.

    >>> norms([torch.tensor([3.0, 4.0]), torch.ones(1)]).tolist()
    [5.0, 1.0]
    """
    if not tensors:
        return torch.zeros(0)
    if all(_has_dot(each) for each in tensors):  # faster by a third on CPUs, and its sums lose less
        flat = [each.view(-1) for each in tensors]
        return torch.stack([torch.dot(each, each) for each in flat]).sqrt_()
    found = torch._foreach_norm(list(tensors))
    return torch.stack([each.to(found[0].device, torch.float32, non_blocking=True) for each in found])


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


def _has_dot(tensor: torch.Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.dtype in (torch.float32, torch.float64) and tensor.is_contiguous()
