"""Generated and real samples as the discriminator gets them: their scale (F14), and batch norm over both."""

from collections.abc import Sequence

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from saddlery.torch.audit.calls import wide
from saddlery.torch.audit.evaluation import Evaluated
from saddlery.torch.audit.findings import CODES, Finding
from saddlery.torch.audit.rows import Roles

RATIO = 20.0  # of spreads, from which on scales differ
BOUNDS = {"TanhBackward0": (-1.0, 1.0), "SigmoidBackward0": (0.0, 1.0)}
LOOSE = 0.1  # by which share of its width real samples may leave a range
FULL = 0.8  # of [0, 1], from which on samples that are nowhere below 0 fill it
DEPTH = 6  # operations that may follow a last activation
PASSING = ("View", "Reshape", "Cat", "Clone", "Permute", "Transpose", "Unsqueeze", "Squeeze", "ToCopy", "Slice")


def scales(base: Evaluated, seen: Roles) -> list[Finding]:
    """The finding that the discriminator could tell real samples by their scale alone: F14."""
    for module in dict.fromkeys(call.module for call in base.calls):  # by itself, as what others get may be features
        real, fake, bounds, where = _samples(base, seen, module)
        if len(real) and len(fake) and (what := _apart(real, fake, bounds)):
            remedy = "scale real samples to the range that the generator can make"
            return [Finding("F14", f"{CODES['F14']}: {what}", where, remedy)]
    return []


def _samples(
    base: Evaluated, seen: Roles, module: torch.nn.Module
) -> tuple[torch.Tensor, torch.Tensor, tuple[float, float] | None, str]:
    """The numbers of real and of generated samples that a module gets, what bounds the latter, and where it gets them.

    Of each call the tensor that changes with the generator, and of that the places that do: others are what samples
    are generated from.
    """
    real, fake, bounds, where, made = [], [], None, "", torch.zeros(0).bool()
    for call, rows, changed in zip(base.calls, seen.generated, seen.changed, strict=True):
        place = next((j for j, each in enumerate(changed) if bool(each.any())), 0)
        if call.module is not module or not call.inputs or not (each := call.inputs[place]).is_floating_point():
            continue
        if not each.ndim or len(each) != len(rows):
            continue
        rows = rows.to(each.device)
        real.append(each.detach()[~rows])
        fake.append(each.detach()[rows])
        if bool(rows.any()):
            bounds, where = bounds or activation(each), str(call.site)
            made = changed[place][rows].any(0)
    if not where:
        return torch.zeros(0), torch.zeros(0), None, ""
    return _joined(real, made), _joined(fake, made), bounds, where


def _joined(samples: Sequence[torch.Tensor], made: torch.Tensor) -> torch.Tensor:
    """The numbers of samples at the places that a generator makes, all where samples are of another shape."""
    return torch.cat([wide(each[:, made] if each.shape[1:] == made.shape else each).reshape(-1) for each in samples])


def _apart(real: torch.Tensor, fake: torch.Tensor, bounds: tuple[float, float] | None) -> str:
    """How scales differ, empty where they do not."""
    least, most = float(real.min()), float(real.max())
    if bounds is not None:
        low, high = bounds
        slack = LOOSE * (high - low)
        if least < low - slack or most > high + slack:
            return f"real ones are in {least:.3g} to {most:.3g}, the generator's last activation in {low:g} to {high:g}"
        if low < 0 and 0 <= least < 1 - FULL and FULL < most <= 1 and float(fake.min()) < 0:
            return f"real ones are in {least:.3g} to {most:.3g}, none below 0; the generator ends in tanh, -1 to 1"
        return ""
    spread, other = float(real.std()), float(fake.std())
    if other > RATIO * spread or spread > RATIO * max(other, 1.0):  # a generator that makes little may learn more
        return f"real ones have the standard deviation {spread:.3g}, generated ones {other:.3g}"
    return ""


def activation(samples: torch.Tensor) -> tuple[float, float] | None:
    """The range of the bounded function that samples were last put through; `None` where there is none."""
    nodes = [samples.grad_fn]
    for _ in range(DEPTH):
        for node in nodes:
            if node is not None and node.name() in BOUNDS:
                return BOUNDS[node.name()]
        nodes = [
            each
            for node in nodes
            if node is not None and any(word in node.name() for word in PASSING)
            for each, _ in node.next_functions
        ]
    return None


def mixed(base: Evaluated, seen: Roles) -> list[str]:
    """The notes on batch norm in the discriminator: what real samples' scores show of generated ones beside them."""
    found = {}
    for call, other, rows in zip(base.calls, seen.moved.calls if seen.moved else [], seen.generated, strict=True):
        normed = any(isinstance(each, _BatchNorm) and each.training for each in call.module.modules())
        if not normed or not bool(rows.any()) or bool(rows.all()):
            continue
        for one, two in zip(call.outputs, other.outputs, strict=True):
            if one.ndim and len(one) == len(rows):
                change = (two - one).detach()[~rows.to(one.device)]
                share = float(change.square().mean().sqrt() / one.detach().std())
                found[str(call.site)] = (
                    f"batch norm of the discriminator sees real and generated samples in one pass ({call.site}): with "
                    f"a little change of the generator alone, scores of real samples change by {share:.1%} of their "
                    "spread"
                )
    return [*found.values()]


def normed_penalty(base: Evaluated) -> list[str]:
    """The notes on penalties of single samples' gradients where batch norm makes each depend on the others."""
    found = {}
    for call in base.calls:
        normed = any(isinstance(each, _BatchNorm) and each.training for each in call.module.modules())
        for each in base.functions.gradients:
            if normed and any(one is given for one in each.inputs for given in call.inputs):
                found[each.site] = (
                    f"the penalty takes the gradient by each sample ({each.site}), which batch norm in the "
                    "discriminator makes depend on the other samples of the batch"
                )
    return [*found.values()]
