"""Whether gradients by samples that penalties are of are those of the discriminator, by finite differences: F16."""

from collections.abc import Sequence

import numpy as np
import torch

from saddlery.text.arguments import first_line
from saddlery.torch.audit.calls import wide
from saddlery.torch.audit.causes import explaining, remedies
from saddlery.torch.audit.cuts import SHARE, Judged
from saddlery.torch.audit.differences import DOUBLE, LONGER, SINGLE, Differences, apart
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.findings import CODES, Finding
from saddlery.torch.audit.functions import Gradient, Site, Treatment

WAYS = 2  # directions in which samples are moved
ROUNDED = 0.1  # share of a gradient below which differences are those of something that is rounded


def slopes(evaluate: Evaluations, base: Evaluated) -> Judged:
    """Whether each gradient that `torch.autograd.grad` took in the losses is right by what discriminators are given."""
    why = ""
    for precision in (DOUBLE, SINGLE) if base.functions.gradients else ():
        moving = _Moving(Differences(evaluate, precision))
        try:
            return moving.judged()
        except Exception as problem:  # whatever somebody's code has against that
            why = f"a penalty's gradient cannot be compared with differences: {first_line(problem, 120)}"
    return Judged(why=why)


class _Moving:
    """What discriminators are given, moved a little, and what gradients say of it."""

    def __init__(self, differences: Differences):
        self.differences = differences

    def evaluated(self, way: int = 0, step: float = 0.0, uncut: Sequence[Site] = ()) -> tuple[Evaluated, list]:
        """The losses with samples moved by so much in a direction, and what was moved."""
        given: list[torch.Tensor] = []

        def put_in(number: int, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
            found = []
            for each in tensors:
                if each.is_floating_point() and each.requires_grad:
                    each = each + step * self.direction(len(given), way, each)
                    given.append(each)
                found.append(each)
            return found

        return self.differences.evaluated(Treatment(uncut=uncut, also=given), put_in), given

    def direction(self, number: int, way: int, like: torch.Tensor) -> torch.Tensor:
        """A random direction in which a tensor is moved."""
        random = np.random.default_rng((way, number))  # of which no mode of PyTorch knows
        return torch.from_numpy(random.standard_normal(like.shape)).to(like)

    def automatic(self, uncut: Sequence[Site] = ()) -> torch.Tensor:
        """What the gradients say of the directions, `(gradient, direction)`."""
        evaluated, given = self.evaluated(uncut=uncut)
        return torch.tensor(
            [
                [
                    sum(
                        float((by * self.direction(j, way, given[j])).sum())
                        for j, by in enumerate(gradient.also)
                        if by is not None
                    )
                    for way in range(WAYS)
                ]
                for gradient in evaluated.functions.gradients
            ],
            dtype=torch.float64,
        )

    def finite(self, longer: float = 1.0) -> torch.Tensor:
        """What differences say of them."""
        step = longer * self.differences.precision.step
        found = [
            [(a - b) / (2 * step) for a, b in zip(self._values(way, step), self._values(way, -step), strict=True)]
            for way in range(WAYS)
        ]
        return torch.tensor(found, dtype=torch.float64).T

    def _values(self, way: int, step: float) -> list[float]:
        """What each gradient is of."""
        return [_value(each) for each in self.evaluated(way, step)[0].functions.gradients]

    def judged(self) -> Judged:
        """What is known of the gradients: the first that is wrong."""
        automatic = self.automatic()
        if not bool((automatic != 0).any()):
            return Judged()
        finite, gradients = self.finite(), self.evaluated()[0].functions.gradients
        allowed = self.differences.precision.error
        for i, (one, other) in enumerate(zip(automatic, finite, strict=True)):
            if not bool(one.any()) or not bool(torch.isfinite(one).all() and torch.isfinite(other).all()):
                continue
            error = apart(one, other, self.differences.precision.rounding(_value(gradients[i])))
            if error > allowed:
                return self._told(i, gradients[i].site, one, other, error)
        return Judged()

    def _told(self, i: int, site: Site, automatic: torch.Tensor, finite: torch.Tensor, error: float) -> Judged:
        """What to say of a gradient that differs from finite differences."""
        words = self.differences.precision.words
        by = f"the gradient by samples at {site} and finite differences in {words} differ by {error:.0%}"
        if apart(finite, self.finite(LONGER)[i]) > SHARE * error or finite.norm() < ROUNDED * automatic.norm():
            return Judged(why=f"{by}, and differences depend on their step, or what they are of is rounded")
        sites, left = explaining(self.differences, error, lambda sites: apart(self.automatic(sites)[i], finite))
        if not sites:
            return Judged(why=f"{by}: no line was found that cuts the graph")
        what = f"{CODES['F16']}: {by}, and by {left:.1%} with the graph uncut there"
        return Judged((Finding("F16", what, "; ".join(map(str, sites)), remedies(sites)),))


def _value(gradient: Gradient) -> float:
    """What a gradient is of, as a number."""
    return sum(
        float(wide(each if weight is None else each * weight).sum().detach())
        for each, weight in zip(gradient.outputs, gradient.weights, strict=True)
    )
