"""Modules of somebody's loop as they are written: not compiled, not computed again, not one of replicas."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.utils import checkpoint
from torch.utils._pytree import tree_map


@contextmanager
def eager() -> Iterator[None]:
    """A context in which modules run as they are written: not compiled, not computed again, not one of replicas."""
    with ExitStack() as stack:
        # Its older way of computing activations again knows no `torch.autograd.grad`.
        _put(stack, checkpoint, "CheckpointFunction", _Direct)
        if "torch._dynamo" in sys.modules:  # which takes seconds to load, and was for what is compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", "Using `torch.compile", UserWarning)  # of hooks of all modules
        _put(stack, DataParallel, "forward", _alone)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            _put(stack, DistributedDataParallel, "forward", _alone)
        yield


def _put(stack: ExitStack, owner: object, name: str, value: object) -> None:
    """Put something in the place of an attribute until a context ends."""
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


class _Direct:
    """What stands in the place of a function whose activations are computed again in the backward pass."""

    @staticmethod
    def apply(function: Callable, preserve: bool, *args: Any) -> Any:
        """Call the function."""
        return function(*args)


def _alone(self: DistributedDataParallel | DataParallel, *args: Any, **kwargs: Any) -> Any:
    """What a module that has replicas returns, without these."""
    if self.device_ids:
        device = next(self.module.parameters()).device
        move = lambda each: each.to(device) if isinstance(each, torch.Tensor) else each  # noqa: E731
        args, kwargs = tree_map(move, (args, kwargs))
    return self.module(*args, **kwargs)
