"""The state of a loop in PyTorch, kept so that it is bit for bit the same after a measurement."""

import copy
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from types import CellType
from typing import Any

import numpy as np
import torch
from torch.nn import Module
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim import Optimizer

Undo = Callable[[], object]  # makes something what it was, and returns it
Generator = torch.Generator | np.random.Generator | np.random.RandomState | random.Random
INTERNAL = frozenset(Module().__dict__) - {"training"}  # attributes that PyTorch gives every module
LONGEST, DEEPEST = 4096, 6  # entries of a container that are looked into, and how deep
ROOM = 2**28  # bytes of arrays that are copied besides those of modules and optimisers: no data set is


class State:
    """The state of parameters, of modules as they are met, of optimisers, and of random number generators.

    Of a parameter its numbers, gradient and flag; of a module its buffers, mode and other attributes; each of the same
    storage again after `restore`. Random numbers are those of PyTorch, of NumPy's and Python's global generators, and
    of every generator that was added.

        >>> weight = torch.nn.Parameter(torch.ones(2))
        >>> state = State([weight])
        >>> drawn = torch.randn(1)
        >>> with torch.no_grad():
        ...     _ = weight.mul_(3)
        >>> state.restore()
        >>> weight.tolist(), bool(torch.randn(1) == drawn)
        ([1.0, 1.0], True)

    **Arguments:** `gradients`: whether `.grad` is kept.
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor] = (),
        optimisers: Iterable[Optimizer] = (),
        gradients: bool = True,
    ):
        self._gradients = gradients
        self._parameters: dict[int, tuple] = {}
        self._modules: dict[int, tuple[Module, bool, Undo]] = {}
        self._others: dict[object, tuple[object, Undo]] = {}  # by `id`, and the object, so that no other one takes that
        self._room = [ROOM]
        for each in parameters:
            self.add_parameter(each)
        self._random = _random({each.device.type for each in self.parameters})
        for each in optimisers:
            self._others[id(each)] = each, _of_optimiser(each)

    def add_parameter(self, parameter: torch.Tensor) -> None:
        """Keep a parameter as it is now, unless it is kept already."""
        if id(parameter) not in self._parameters and parameter.is_leaf:
            grad = parameter.grad if self._gradients else None
            self._parameters[id(parameter)] = (
                parameter, parameter.data, parameter.detach().clone(), parameter.requires_grad,
                grad, None if grad is None else grad.detach().clone(),
            )  # fmt: skip

    def add_module(self, module: Module) -> None:
        """Keep a module as it is now, without those in it, unless it is kept already."""
        if id(module) in self._modules:
            return
        for parameter in module._parameters.values():
            if parameter is not None:
                self.add_parameter(parameter)
        undo = [_names(each) for each in (module._parameters, module._modules) if isinstance(each, dict)]
        buffers = module._buffers if isinstance(module._buffers, dict) else dict(module._buffers.items())  # of a script
        undo += [_contents(buffers, None), _contents(module.__dict__, self._room, INTERNAL)]
        self._modules[id(module)] = module, module.training, lambda: [each() for each in undo]

    def add_generator(self, generator: Generator) -> None:
        """Keep a random number generator as it is now, unless it is kept already."""
        if id(generator) not in self._others:
            self._others[id(generator)] = generator, _of_generator(generator)

    def add_attributes(self, thing: object) -> None:
        """Keep the attributes of an object as they are now, unless they are kept already."""
        if id(thing) not in self._others:
            self._others[id(thing)] = thing, _contents(thing.__dict__, self._room)

    def add_value(self, value: object) -> None:
        """Keep what nested containers hold as it is now, unless that is kept already."""
        if id(value) not in self._others:
            self._others[id(value)] = value, _kept(value, self._room)

    def add_cell(self, cell: CellType) -> None:
        """Keep a variable of a function around another, unless it is kept already."""
        if id(cell) not in self._others:
            undo = _kept(cell.cell_contents, self._room)
            self._others[id(cell)] = cell, lambda: setattr(cell, "cell_contents", undo())

    def add_global(self, variables: dict[str, Any], name: str) -> None:
        """Keep a variable of a module of Python's as it is now."""
        undo = _kept(variables[name], self._room)
        self._others[id(variables), name] = variables, lambda: variables.__setitem__(name, undo())

    @property
    def modules(self) -> list[Module]:
        """The modules that are kept, in the order in which they were met."""
        return [each[0] for each in self._modules.values()]

    @property
    def parameters(self) -> list[torch.Tensor]:
        """The parameters that are kept."""
        return [each[0] for each in self._parameters.values()]

    def flag(self, parameter: torch.Tensor) -> bool:
        """Whether a parameter was trainable; as it is now, if it is not kept."""
        kept = self._parameters.get(id(parameter))
        return parameter.requires_grad if kept is None else kept[3]

    def training(self, module: Module) -> bool:
        """Whether a module was in training mode; as it is now, if it is not kept."""
        kept = self._modules.get(id(module))
        return module.training if kept is None else kept[1]

    @torch.no_grad()
    def restore(self) -> None:
        """Make all that is kept what it was."""
        for parameter, data, numbers, trainable, grad, gradient in self._parameters.values():
            parameter.data = data
            _write(parameter, numbers)
            parameter.requires_grad_(trainable)
            if self._gradients:
                parameter.grad = grad
            if grad is not None:
                _write(grad, gradient)
        for *_, undo in self._modules.values():
            undo()
        for _, undo in self._others.values():
            undo()
        _reset(self._random)


@contextmanager
def kept(
    parameters: Iterable[torch.Tensor], optimisers: Iterable[Optimizer] = (), gradients: bool = True
) -> Iterator[State]:
    """A context at whose end all is as it was: parameters, optimisers, random numbers, and modules that were called."""
    state = State(parameters, optimisers, gradients)
    hook = register_module_forward_pre_hook(lambda module, _: state.add_module(module))
    try:
        yield state
    finally:
        hook.remove()
        state.restore()


def _kept(value: Any, room: list[int] | None, depth: int = 0) -> Undo:
    """What makes a value what it is now: an array's numbers, what a container holds.

    **Arguments:** `room`: bytes that arrays may have together, one number, counted down here; without limit if `None`.
    """
    if isinstance(value, torch.Tensor):
        return _of_tensor(value, room)
    if isinstance(value, np.ndarray):
        return _of_array(value, room)
    if isinstance(value, set):
        those = [*value]
        return lambda: _filled(value, those)
    if depth == DEEPEST or not isinstance(value, list | deque | tuple | dict) or len(value) > LONGEST:
        shallow = copy.copy(value) if isinstance(value, list | deque | dict) else None
        return _same(value) if shallow is None else lambda: _filled(value, shallow)
    if isinstance(value, dict):
        return _contents(value, room, depth=depth)
    held = [_kept(each, room, depth + 1) for each in value]
    if isinstance(value, tuple):  # which stays what it is, but for what it holds
        return lambda: ([undo() for undo in held], value)[1]
    return lambda: _filled(value, [undo() for undo in held])


def _contents(
    variables: MutableMapping[Any, Any], room: list[int] | None, without: Iterable[str] = (), depth: int = 0
) -> Undo:
    """What makes a dictionary hold what it holds now, some names left out."""
    without = {*without}
    held = {name: _kept(each, room, depth + 1) for name, each in variables.items() if name not in without}

    def undo() -> MutableMapping[Any, Any]:
        for name in [name for name in variables if name not in held and name not in without]:
            del variables[name]
        for name, of in held.items():
            variables[name] = of()
        return variables

    return undo


def _names(variables: dict[str, Any]) -> Undo:
    """What makes a dictionary hold the same objects as now, whatever becomes of these."""
    held = dict(variables)
    return lambda: _filled(variables, held)


def _same(value: Any) -> Undo:
    return lambda: value


def _filled(value: Any, held: Any) -> Any:
    """A container with other contents."""
    value.clear()
    (value.extend if isinstance(value, list | deque) else value.update)(held)
    return value


def _of_tensor(tensor: torch.Tensor, room: list[int] | None) -> Undo:
    if tensor.is_inference() or not _fits(tensor.numel() * tensor.element_size(), room):
        return _same(tensor)
    data, numbers, leaf, trainable = tensor.data, tensor.detach().clone(), tensor.is_leaf, tensor.requires_grad

    def undo() -> torch.Tensor:
        tensor.data = data
        _write(tensor, numbers)
        if leaf and tensor.is_leaf and tensor.requires_grad != trainable:
            tensor.requires_grad_(trainable)
        return tensor

    return undo


def _write(tensor: torch.Tensor, numbers: torch.Tensor) -> None:
    """Write numbers into a tensor, which no graph that was made of it notices."""
    (tensor.data if tensor.layout == torch.strided else tensor).copy_(numbers)


def _of_array(array: np.ndarray, room: list[int] | None) -> Undo:
    if not array.flags.writeable or not _fits(array.nbytes, room):
        return _same(array)
    numbers = array.copy()

    def undo() -> np.ndarray:
        array[...] = numbers
        return array

    return undo


def _fits(size: int, room: list[int] | None) -> bool:
    """Whether there is room for so many bytes, which it takes."""
    if room is None:
        return True
    room[0] -= size if (fits := size <= room[0]) else 0
    return fits


def _of_optimiser(optimiser: Optimizer) -> Undo:
    groups = [_contents(group, None, ("params",)) for group in optimiser.param_groups]
    states = {key: _contents(of, None) if isinstance(of, dict) else _same(of) for key, of in optimiser.state.items()}

    def undo() -> None:
        for each in groups:
            each()
        for key in [key for key in optimiser.state if key not in states]:
            del optimiser.state[key]
        for key, of in states.items():
            optimiser.state[key] = of()

    return undo


def _of_generator(generator: Generator) -> Undo:
    """What makes a random number generator of PyTorch, NumPy or Python what it is now."""
    if isinstance(generator, torch.Generator):
        kept = generator.get_state()
        return lambda: generator.set_state(kept)
    if isinstance(generator, np.random.Generator):
        state = generator.bit_generator.state
        return lambda: setattr(generator.bit_generator, "state", state)
    if isinstance(generator, np.random.RandomState):
        state = generator.get_state()
        return lambda: generator.set_state(state)
    state = generator.getstate()
    return lambda: generator.setstate(state)


def _random(kinds: Iterable[str]) -> tuple:
    """The state of the global generators, and of those of some kinds of devices."""
    devices = []
    for kind in sorted({*kinds, *(["cuda"] if torch.cuda.is_initialized() else [])} - {"cpu", "meta"}):
        module = torch.get_device_module(kind)
        every = hasattr(module, "get_rng_state_all")
        put = module.set_rng_state_all if every else module.set_rng_state
        devices.append((put, module.get_rng_state_all() if every else module.get_rng_state()))
    return torch.get_rng_state(), devices, np.random.get_state(), random.getstate()


def _reset(state: tuple) -> None:
    of_torch, devices, of_numpy, of_python = state
    torch.set_rng_state(of_torch)
    for put, kept in devices:
        put(kept)
    np.random.set_state(of_numpy)
    random.setstate(of_python)
