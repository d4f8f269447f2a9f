"""The shares of the parts of a generator's loss in its gradient, as of a reconstruction and an adversarial part."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.torch import lists
from saddlery.torch.eager import eager
from saddlery.torch.state import kept

LAST = 20  # looks over which swings are told
FEWEST = 9  # looks from which on it is told whether a part still falls
LEVEL = 0.1  # of a part's fall from the first third of the looks to the last, below which the last step of it is none
Parts = Callable[[Any], Mapping[str, torch.Tensor]]


class Shares(NamedTuple):
    """‖∇L_i‖ of each part of a loss by some parameters at one step, and the parts' values L_i."""

    norms: dict[str, float]
    values: Mapping[str, float] = {}

    @property
    def shares(self) -> dict[str, float]:
        """Each norm over their sum.

        >>> Shares({"reconstruction": 3.0, "adversarial": 1.0}).shares
        {'reconstruction': 0.75, 'adversarial': 0.25}
        """
        total = sum(self.norms.values())
        return {name: each / total if total > 0 else np.nan for name, each in self.norms.items()}

    def recorded(self) -> dict[str, float]:
        """The numbers that are recorded."""
        return {f"share_{name}": each for name, each in self.shares.items()}

    def weight(self, of: str, to: str) -> float:
        """The factor that makes the gradient of one part as long as that of another, the adaptive weight of VQGAN."""
        return self.norms[to] / self.norms[of] if self.norms[of] > 0 else np.inf


def shares(parts: Parts, batch: object, by: Sequence[torch.Tensor], held: Sequence[torch.Tensor]) -> Shares:
    """The norms of the gradients of a loss's parts, on one batch; all is bit for bit as before.

    **Arguments:** `parts`: from a batch to the parts of the generator's loss by name, each with its weight; `by`: the
    parameters of which, such as the last layer's weight; `held`: all parameters of the loop.

    **Raises:** `TypeError` where `parts` does not return numbers of PyTorch's by name; `ValueError` for fewer than two.
    """
    with kept(held, gradients=False), eager(), torch.enable_grad():
        found = parts(batch)
        if not isinstance(found, Mapping) or not all(isinstance(each, torch.Tensor) for each in found.values()):
            raise InvalidType(f"parts: it returned {quoted(found)}, expected tensors by name")
        if len(found) < 2:
            raise InvalidValue(f"parts: got {', '.join(found) or 'none'}, expected two parts of a loss or more")
        norms = {name: _length(each, by) for name, each in found.items()}
        values = {name: float(each.detach().float().mean()) for name, each in found.items()}
    return Shares(norms, values)


def _length(part: torch.Tensor, by: Sequence[torch.Tensor]) -> float:
    """‖∂L_i‖ by some parameters; 0 where it does not depend on them."""
    gradients = torch.autograd.grad(part, list(by), retain_graph=True, allow_unused=True)
    return float(lists.norms([each.float() for each in gradients if each is not None]).norm())


def told(looks: Mapping[int, Shares]) -> list[str]:
    """What the last looks say: each part's share with its swings, and the weight by which two would be alike."""
    if not looks:
        return []
    last = [looks[step] for step in sorted(looks)[-LAST:]]
    lines = []
    for name in last[-1].norms:
        held = np.array([each.shares.get(name, np.nan) for each in last])
        swing = f", from {np.nanmin(held):.1%} to {np.nanmax(held):.1%} over {len(held)} looks" if len(held) > 1 else ""
        lines.append(f"share of {name} in the generator's gradient: {held[-1]:.1%}{swing}")
    first, *others = last[-1].norms
    for name in others:
        weights = np.array([each.weight(name, first) for each in last])
        swing = f", from {weights.min():.3g} to {weights.max():.3g} over these looks" if len(weights) > 1 else ""
        alike = f"{name} times {weights[-1]:.3g} would have a gradient as long as that of {first}"
        lines.append(f"{alike}{swing} (measured on your loop)")
    return lines + _falling(looks, first)


def _falling(looks: Mapping[int, Shares], first: str) -> list[str]:
    """Whether the part that the others are measured by still falls, which tells when a discriminator may start."""
    steps = sorted(looks)
    values = np.array([looks[step].values.get(first, np.nan) for step in steps])
    if len(steps) < FEWEST or not np.isfinite(values).all():
        return []
    third = len(steps) // 3
    start, middle, end = (float(np.median(each)) for each in (values[:third], values[third:-third], values[-third:]))
    since, share = f"since step {steps[third]:,}", (middle - end) / (start - end) if start > end else 0.0
    fell = (
        f"{first} fell from {start:.3g} to {end:.3g}"
        if start > end
        else f"{first} did not fall: {start:.3g}, {end:.3g}"
    )
    if share < LEVEL:
        told = "it has levelled off: a discriminator that starts now has no improvement left to disturb"
    else:
        told = f"{share:.0%} of that {since}: a discriminator that starts now meets a generator that learns without it"
    return [f"{fell}; {told} (medians of thirds of {len(steps)} looks, measured on your loop)"]
