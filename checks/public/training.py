"""A training that is watched: optimisers, losses, a step, batches, and how far its samples are from real ones."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from saddlery.data.cifar import cifar10
from saddlery.data.mnist import mnist

DIRECTIONS, COMPARED = 256, 1000


class Training(NamedTuple):
    """What a code makes of itself.

    `losses`: from a batch to both, for the check; `step`: one of training as the code has it, which returns what a
    watch may be told; `distance`: of samples from real ones, the less the better.
    """

    generator: torch.optim.Optimizer
    discriminator: torch.optim.Optimizer
    losses: Callable[[Any], tuple[torch.Tensor, torch.Tensor]]
    step: Callable[[Any], dict[str, Any]]
    batches: Callable[[], Iterator[Any]]
    distance: Callable[[], float]


def cifar(count: int = 10_000) -> torch.Tensor:
    """Pictures of CIFAR-10 in [−1, 1], `(count, 3, 32, 32)`, from the folder of data sets."""
    found = torch.as_tensor(np.array(cifar10().images[:count])).float()
    return found.permute(0, 3, 1, 2) / 127.5 - 1


def digits(count: int = 10_000) -> torch.Tensor:
    """Digits of MNIST in [−1, 1], `(count, 1, 28, 28)`, from the folder of data sets."""
    found = torch.as_tensor(np.array(mnist("test").images[:count])).float()
    return found.reshape(-1, 1, 28, 28) / 127.5 - 1


def drawn(data: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """Batches of rows, drawn without end."""
    while True:
        yield data[torch.randint(len(data), (size,))]


@torch.no_grad()
def sliced(one: torch.Tensor, other: torch.Tensor) -> float:
    """The sliced 2-Wasserstein distance of two sets of as many samples, over that of the second to its own mean."""
    one, other = (each[:COMPARED].reshape(COMPARED, -1).double() for each in (one, other))
    way = torch.randn(one.shape[1], DIRECTIONS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    way /= way.norm(dim=0)
    a, b = ((each @ way).sort(0).values for each in (one, other))
    return float(((a - b) ** 2).mean().sqrt() / (b - b.mean(0)).pow(2).mean().sqrt())


@contextmanager
def beside(folder: Path) -> Iterator[None]:
    """A folder of modules that can be imported."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
