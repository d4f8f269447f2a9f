"""Derivatives of the discriminator's loss along directions, by automatic differentiation and by finite differences."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.utils._pytree import tree_map

from saddlery.torch.audit.calls import Change, derivatives, flagged, wide
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.functions import USUAL, Treatment
from saddlery.torch.audit.scores import D
from saddlery.torch.state import State

DIRECTIONS = 4  # along which derivatives are compared, random but for one
WARM = (30, 100, 300)  # evaluations after which what is iterated in a forward pass may have converged
ROUNDING = 100.0  # times that of differences, below which derivatives are none
LONGER = 4.0  # step at which differences are taken again, to see whether they are those of a smooth function


class Precision(NamedTuple):
    """A precision of differences: of which numbers, by which step of parameters' size, and which error counts."""

    double: bool
    step: float
    error: float

    def rounding(self, value: float) -> float:
        """The rounding of differences of a value."""
        return torch.finfo(torch.float64 if self.double else torch.float32).eps * abs(value) / self.step

    @property
    def words(self) -> str:
        """Its name."""
        return "float64" if self.double else "float32"


DOUBLE, SINGLE = Precision(True, 1e-6, 0.01), Precision(False, 3e-3, 0.3)


def apart(one: torch.Tensor, other: torch.Tensor, rounding: float = 0.0) -> float:
    """The root mean square of the difference of some numbers as a share of the larger ones, or of their rounding.

    >>> apart(torch.tensor([3.0, 4.0]).double(), torch.tensor([3.0, 0.0]).double())
    0.8
    """
    larger = torch.maximum(one.abs(), other.abs()).clamp(min=ROUNDING * rounding).square().sum()
    return float(((one - other).square().sum() / larger).sqrt()) if larger > 0 else 0.0


class Differences:
    """Derivatives of the discriminator's loss by its parameters along random directions, from one state.

    Spectral norm of PyTorch's holds still meanwhile, as in evaluation mode: at its iteration's end that is the same.
    """

    def __init__(self, evaluate: Evaluations, precision: Precision):
        self.evaluate, self.precision = evaluate, precision
        self.parameters = [each for each in evaluate.players[D].parameters if id(each) not in evaluate.generator]
        self.still: set[int] = set()  # parameters that are frozen, and stay where they are
        random = torch.Generator().manual_seed(1)
        self.directions = [
            [_sized(each, torch.randn(each.shape, generator=random)) for each in self.parameters]
            for _ in range(DIRECTIONS - 1)
        ]
        # Along the parameters themselves, since what is normalised by their size does not change.
        self.directions.append([wide(each.detach().cpu()) for each in self.parameters])
        self.warm: list[tuple[dict, str, torch.Tensor]] = []
        self.iterated: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.convert: Callable = _doubled if precision.double else lambda x: x
        self.batch = tree_map(self.convert, evaluate.batch)

    def evaluated(
        self, treatment: Treatment = USUAL, put_in: Change | None = None, prepare: Callable[[], None] = lambda: None
    ) -> Evaluated:
        """The losses in this precision."""

        def prepared() -> None:
            self._prepare()
            prepare()

        treatment = treatment._replace(double=self.precision.double)
        with self._numbers():
            return self.evaluate(prepare=prepared, treatment=treatment, put_in=put_in, batch=self.batch)

    def automatic(self, treatment: Treatment = USUAL) -> torch.Tensor:
        """The derivatives by automatic differentiation."""
        found = self.evaluated(treatment).losses[D]
        with flagged(self.parameters):
            gradient = derivatives(found, self.parameters)
        self.still |= {
            id(parameter)
            for parameter, each in zip(self.parameters, gradient, strict=True)
            if each is None and not self.evaluate.state.flag(parameter)
        }
        along = [
            sum(_inner(g, u) for g, u in zip(gradient, way, strict=True) if g is not None) for way in self.directions
        ]
        return torch.tensor(along, dtype=torch.float64)

    def finite(self, longer: float = 1.0) -> torch.Tensor:
        """The derivatives by finite differences, with the usual step or a longer one."""
        step = longer * self.precision.step
        return torch.tensor(
            [(self._along(way, step) - self._along(way, -step)) / (2 * step) for way in self.directions],
            dtype=torch.float64,
        )

    def _along(self, way: list[torch.Tensor], step: float) -> float:
        def prepare() -> None:
            for parameter, each in zip(self.parameters, way, strict=True):
                if id(parameter) not in self.still:
                    parameter.data.add_(step * each.to(parameter))

        return self.evaluated(prepare=prepare).values[D]

    def converge(self, evaluations: int) -> None:
        """Let what the forward pass iterates converge, such as somebody's own spectral norm."""
        state = self.evaluate.state
        self.evaluated()
        with self._numbers():
            for _ in range(evaluations):
                self.evaluate.again(self.batch, treatment=Treatment(double=self.precision.double))
        self.warm = [(of, name, each.detach().clone()) for of, name, each in _arrays(state) if not each.requires_grad]
        moved = {id(each) for each in self.parameters}
        self.iterated = [
            (each, each.data.clone()) for each in state.parameters if id(each) not in moved and not state.flag(each)
        ]

    def _prepare(self) -> None:
        state = self.evaluate.state
        for module in state.modules:
            if type(module).__name__ == "_SpectralNorm" or any(
                isinstance(each, SpectralNorm) for each in module._forward_pre_hooks.values()
            ):
                module.training = False
        if self.precision.double:
            for parameter in state.parameters:
                parameter.grad = None
                parameter.data = _doubled(parameter.data)
            for of, name, each in _arrays(state):
                of[name] = self.convert(each)
        for of, name, each in self.warm:
            of[name] = each.clone()
        for parameter, numbers in self.iterated:
            parameter.data = numbers.clone()

    @contextmanager
    def _numbers(self) -> Iterator[None]:
        was = torch.get_default_dtype()
        if self.precision.double:
            torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(was)


def _doubled(thing: Any) -> Any:
    """An array of numbers in float64; other things as they are."""
    if not isinstance(thing, torch.Tensor) or not (thing.is_floating_point() or thing.is_complex()):
        return thing
    return thing.to(torch.complex128 if thing.is_complex() else torch.float64)


def _inner(gradient: torch.Tensor, way: torch.Tensor) -> float:
    """The derivative along a direction."""
    return float((wide(gradient.cpu()) * way.conj()).real.sum())


def _sized(parameter: torch.Tensor, way: torch.Tensor) -> torch.Tensor:
    """A direction of a parameter's size."""
    size = float(wide(parameter.detach().abs()).square().mean().sqrt()) if parameter.numel() else 0.0
    return way.double() * (size or 0.1)


def _arrays(state: State) -> list[tuple[dict, str, torch.Tensor]]:
    """Buffers and plain attributes of modules that are arrays of numbers, with the dict that holds each."""
    return [
        (of, name, each)
        for module in state.modules
        for of in (module._buffers, module.__dict__)
        for name, each in of.items()
        if isinstance(each, torch.Tensor) and (each.is_floating_point() or each.is_complex())
    ]
