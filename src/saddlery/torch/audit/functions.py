"""Functions of PyTorch that are called during an evaluation of the losses, noted and, one by one, changed."""

import linecache
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from saddlery.torch.state import State

OURS = str(Path(__file__).parents[1])
THEIRS = str(Path(torch.__file__).parent)
CLASSES = (functional.cross_entropy, functional.nll_loss)  # of which the first argument tells classes
ENTROPIES = (functional.binary_cross_entropy_with_logits, functional.binary_cross_entropy)
PASSING = ("autograd", "_tensor.py", "overrides.py", "utils", "functional.py", "modules/module.py", "modules/loss.py")
CUTS = (torch.Tensor.detach, torch.detach, vars(torch._C.TensorBase)["data"].__get__)  # of the graph
SWITCH = torch._C._set_grad_enabled
OUT = (torch.Tensor.item, torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.__float__)  # numbers leave the graph
NARROW = (torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16)
LARGER = 0.01  # share by which what is cut off is made larger, to see whether derivatives depend on it


class Site(NamedTuple):
    """A line of somebody's code, in which a function of PyTorch is called.

    `own`: whether it calls it itself, and not by way of a module of PyTorch.
    """

    file: str
    line: int
    function: str = ""
    own: bool = True

    def __str__(self) -> str:
        """The file's name, the line, and what stands there."""
        text = linecache.getline(self.file, self.line).strip()
        return f"{Path(self.file).name}:{self.line}{f': {text}' if text else ''}"


class Entropy(NamedTuple):
    """A call of a binary cross-entropy: where, of which function, and its two arguments."""

    site: Site
    name: str
    logits: torch.Tensor
    labels: torch.Tensor


class Gradient(NamedTuple):
    """A call of `torch.autograd.grad`: where, of what, weighted how, by what, what it found, and by other tensors."""

    site: Site
    outputs: tuple[torch.Tensor, ...]
    weights: tuple[torch.Tensor | None, ...]
    inputs: tuple[torch.Tensor, ...]
    found: tuple[torch.Tensor | None, ...]
    also: tuple[torch.Tensor | None, ...] = ()


class Treatment(NamedTuple):
    """What is done to functions of PyTorch during an evaluation.

    - `uncut`: sites at which what cuts the graph of derivatives does not: no `detach`, no `no_grad`, and
      `torch.autograd.grad` makes a graph. `scaled`: sites at which what is cut off is a little larger.
    - `summed`: whether the sum of what is cut off is noted. `double`: whether numbers that are asked for in another
      precision are in float64.
    - `also`: tensors by which gradients are taken too, where `torch.autograd.grad` is called.
    """

    uncut: Collection[Site] = ()
    scaled: Collection[Site] = ()
    summed: bool = False
    double: bool = False
    also: Sequence[torch.Tensor] = ()


USUAL = Treatment()


class Functions(TorchFunctionMode):
    """A context in which calls of PyTorch's functions are noted.

    **Arguments:** `state`, in which every `torch.Generator` is kept before it is used.

    **Attributes:** `entropies`: binary cross-entropies; `classes`: logits of those of classes; `cuts`: sites at which
    the graph of derivatives is cut, and `out`: at which numbers leave it, each with the sums of these, if asked for;
    `gradients`: calls of `torch.autograd.grad`.
    """

    def __init__(self, state: State, treatment: Treatment = USUAL):
        super().__init__()
        self.state, self.treatment = state, treatment
        self.entropies: list[Entropy] = []
        self.cuts: dict[Site, list[float]] = {}
        self.out: dict[Site, list[float]] = {}
        self.classes: list[torch.Tensor] = []
        self.gradients: list[Gradient] = []
        self._silent: Site | None = None  # where gradients were turned off, while they are
        self._times = 0

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if isinstance(generator := kwargs.get("generator"), torch.Generator):
            self.state.add_generator(generator)
        if func in ENTROPIES:
            named = dict(zip(("input", "target"), args, strict=False)) | kwargs
            self.entropies.append(Entropy(site(func.__name__), func.__name__, named["input"], named["target"]))
        elif func in CLASSES:
            self.classes.append(args[0] if args else kwargs["input"])
        if func is torch.autograd.grad:
            return self._grad(*args, **kwargs)
        if func is SWITCH:
            return self._switch(*args)
        if func in CUTS or func in OUT:
            return self._cut(func, args, kwargs)
        if self.treatment.double:
            func, args, kwargs = _widened(func, args, kwargs)
        return self._noted(func(*args, **kwargs))

    def _cut(self, func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        """What a function returns that cuts the graph."""
        here = site(getattr(func, "__name__", "data").strip("_"))
        if func in CUTS and not here.own:  # PyTorch's own code knows why
            return func(*args, **kwargs)
        (self.out if func in OUT else self.cuts).setdefault(here, []).extend(self._sums(args[0]))
        if here in self.treatment.uncut:
            return args[0]
        return self._scaled(here, func(*args, **kwargs))

    def _switch(self, on: bool) -> None:
        """Turn gradients on or off."""
        if on or self._silent is not None:
            self._silent = None if on else self._silent
            return SWITCH(on)
        here = site("no_grad")
        if not here.own:
            return SWITCH(on)
        self.cuts.setdefault(here, [])
        if here not in self.treatment.uncut:
            self._silent = here
            SWITCH(False)
        return None

    def _noted(self, found: Any) -> Any:
        """What a function returned, while gradients may be turned off."""
        if self._silent is None or not isinstance(found, torch.Tensor) or not found.is_floating_point():
            return found
        self.cuts[self._silent].extend(self._sums(found))
        return self._scaled(self._silent, found)

    def _grad(self, outputs: Any, inputs: Any, **kwargs: Any) -> Any:
        """What `torch.autograd.grad` finds; its own arguments by the names that it passes them on with."""
        here = site("autograd.grad")
        outputs, inputs = _several(outputs), _several(inputs)
        weights = kwargs.get("grad_outputs")
        weights = (None,) * len(outputs) if weights is None else _several(weights)
        also = self._also(outputs, weights, kwargs)
        if not kwargs.get("create_graph"):
            self.cuts.setdefault(here, [])
            if here in self.treatment.uncut:
                kwargs["create_graph"] = True
        found = torch.autograd.grad(outputs, inputs, **kwargs)
        if here in self.cuts:
            self.cuts[here].extend(self._sums(*found))
        self.gradients.append(Gradient(here, outputs, weights, inputs, found, also))
        return tuple(self._scaled(here, each) for each in found)

    def _scaled(self, here: Site, found: Any) -> Any:
        """What is cut off at a site, larger if that is asked for, each time by another factor."""
        if here not in self.treatment.scaled or not isinstance(found, torch.Tensor | np.ndarray | float):
            return found
        self._times += 1
        return found * (1 + LARGER * self._times)

    def _also(self, outputs: tuple, weights: tuple, kwargs: dict[str, Any]) -> tuple[torch.Tensor | None, ...]:
        """The gradient by other tensors, too."""
        by = [each for each in self.treatment.also if each.requires_grad]
        if not by or kwargs.get("is_grads_batched"):
            return ()
        return torch.autograd.grad(outputs, by, weights, retain_graph=True, allow_unused=True)

    def _sums(self, *values: Any) -> list[float]:
        if not self.treatment.summed:
            return []
        return [float(each.detach().cpu().double().sum()) for each in values if isinstance(each, torch.Tensor)]


def _widened(func: Callable, args: tuple, kwargs: dict[str, Any]) -> tuple[Callable, tuple, dict[str, Any]]:
    """A call that asks for no other precision than float64, and is given no other beside that."""
    if func in NARROW:
        return torch.Tensor.double, args[:1], {}
    kinds = {each.dtype for each in (*args, *kwargs.values()) if _is_float(each)}
    kind = torch.float64
    if len(kinds) > 1 and _is_in_place(func, kwargs) and _is_float(args[0]):
        kind = args[0].dtype  # as which what it is given is written there

    def widened(value: Any) -> Any:
        if isinstance(value, torch.dtype) and value.is_floating_point:
            return torch.float64
        return value.to(kind) if len(kinds) > 1 and _is_float(value) and value.dtype != kind else value

    return func, tuple(map(widened, args)), {name: widened(each) for name, each in kwargs.items()}


def _is_float(value: object) -> TypeGuard[torch.Tensor]:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _is_in_place(func: Callable, kwargs: dict[str, Any]) -> bool:
    name = getattr(func, "__name__", "")
    return "out" in kwargs or name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))


def _several(given: Any) -> tuple:
    return (given,) if isinstance(given, torch.Tensor) else tuple(given)


def stack() -> tuple[Site, ...]:
    """The lines that are being run of somebody's code that Saddlery called, the innermost first."""
    frame, found = sys._getframe(1), []
    while frame is not None and not (found and frame.f_code.co_filename.startswith(OURS)):
        if not frame.f_code.co_filename.startswith((OURS, THEIRS, "<frozen")):
            found.append(Site(frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


def site(function: str = "") -> Site:
    """The innermost line outside of PyTorch and Saddlery that is being run."""
    frame, own = sys._getframe(1), True
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(THEIRS):
            inner = file.removeprefix(THEIRS).lstrip("/\\")
            own = own and any(part in inner for part in PASSING)
        elif not file.startswith((OURS, "<frozen")):
            return Site(file, frame.f_lineno, function, own)
        frame = frame.f_back
    return Site("", 0, function, False)
