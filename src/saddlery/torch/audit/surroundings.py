"""What a function refers to: variables around it, objects, modules and random number generators, by way of others."""

import functools
import random
import sys
import sysconfig
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch.nn import Module

from saddlery.torch.state import INTERNAL, LONGEST, State

MOST = 20_000  # things that are looked through
OURS = str(Path(__file__).parents[2])
INSTALLED = (*(sysconfig.get_paths()[each] for each in ("stdlib", "platstdlib", "purelib", "platlib")), OURS)
GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
STEPPED = (torch.optim.lr_scheduler.LRScheduler, torch.amp.GradScaler)  # of PyTorch's, that have numbers of their own
PLAIN = (int, float, complex, bool, str, type(None), list, dict, set, deque, torch.Tensor, np.ndarray)


def keep(state: State, *functions: object) -> None:
    """Keep in a state what functions refer to and may change: variables, attributes of objects, modules.

    Of objects those of classes that are not installed: what others do with files, threads and processes is theirs.
    """
    seen: dict[int, object] = {}
    left = deque(functions)
    while left and len(seen) < MOST:
        thing = left.popleft()
        if id(thing) in seen or isinstance(thing, ModuleType | BuiltinFunctionType | str | int | float | np.ndarray):
            continue
        seen[id(thing)] = thing
        if isinstance(thing, FunctionType):
            left.extend(_variables(state, thing))
        elif isinstance(thing, GENERATORS):
            state.add_generator(thing)
        elif isinstance(thing, Module):
            for each in thing.modules():
                state.add_module(each)
                left.extend(_of_module(each))
        elif isinstance(thing, STEPPED):
            state.add_attributes(thing)
        else:
            if _is_own(type(thing).__module__) and hasattr(thing, "__dict__") and not isinstance(thing, type):
                state.add_attributes(thing)
            left.extend(_within(thing))


def _within(thing: Any) -> Iterator[object]:
    """What something is made of."""
    if isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, list | tuple | set | frozenset | deque):
        yield from thing if len(thing) <= LONGEST else ()
    elif isinstance(thing, dict):
        yield from thing.values() if len(thing) <= LONGEST else ()
    elif isinstance(thing, type):
        for each in vars(thing).values() if _is_own(thing.__module__) else ():
            yield getattr(each, "fget", None) or getattr(each, "__func__", each)
    else:
        yield from _of_object(thing)


def _of_module(module: Module) -> Iterator[object]:
    """The attributes of a module, its hooks, and the functions of its class, where this is not installed."""
    yield from [each for name, each in vars(module).items() if name not in INTERNAL]
    yield from [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
    yield from [each for each in type(module).__mro__ if _is_own(each.__module__)]


def _of_object(thing: object) -> Iterator[object]:
    """The attributes of an object, and the functions of its classes, where these are not installed."""
    if any(_is_own(each.__module__) for each in type(thing).__mro__):
        yield from list(getattr(thing, "__dict__", {}).values())
        yield from type(thing).__mro__


def _variables(state: State, function: FunctionType) -> Iterator[object]:
    """The variables of others that a function uses, which are kept."""
    yield from (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    yield from getattr(function, "__dict__", {}).values()  # as of what is wrapped
    for cell in function.__closure__ or ():
        if _is_filled(cell):
            if isinstance(cell.cell_contents, PLAIN):
                state.add_cell(cell)
            yield cell.cell_contents
    if _is_own(function.__module__) and not function.__code__.co_filename.startswith(INSTALLED):
        for name in _names(function.__code__):
            if name in function.__globals__:
                value = function.__globals__[name]
                if isinstance(value, PLAIN) and not name.startswith("__"):
                    state.add_global(function.__globals__, name)
                yield value


def _names(code: CodeType) -> Iterator[str]:
    """The names that a code uses, and those that codes in it use."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # a variable that has no value yet
        return False


def _is_own(module: str | None) -> bool:
    """Whether a module of Python's is none that is installed: a script, a notebook, a package that is worked on."""
    found = sys.modules.get(module or "")
    file = getattr(found, "__file__", None)
    if found is None or module in sys.builtin_module_names:
        return False
    return file is None or not (file.startswith(INSTALLED) or "-packages" in file)
