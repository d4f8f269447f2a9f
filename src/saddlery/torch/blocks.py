"""The parts of a network that norms are told of: parameters by the module that holds them."""

import gc
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch.nn import Module

MOST = 16  # blocks of a player


class Blocks(NamedTuple):
    """The blocks of a player: their names, and of each parameter which one it is of."""

    names: tuple[str, ...]
    of: tuple[int, ...]


def blocks(parameters: Sequence[torch.Tensor], modules: Iterable[Module] | None = None) -> Blocks:
    """The blocks of a player's parameters: by names of modules, cut off where there are more than 16 otherwise.

        >>> network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        >>> blocks([*network.parameters()])
        Blocks(names=('0', '2'), of=(0, 0, 1, 1))

    **Arguments:** `modules`: that hold them; by default all modules that are alive are looked through.
    """
    names = named(parameters, modules)
    paths = [names.get(id(each), f"parameter {i}").split(".") for i, each in enumerate(parameters)]
    depth = max((len(path) for path in paths), default=1)
    while depth > 1 and len({_head(path, depth) for path in paths}) > MOST:
        depth -= 1
    heads = [_head(path, depth) for path in paths]
    found = list(dict.fromkeys(heads))
    if len(found) > MOST:
        group = [i * MOST // len(found) for i in range(len(found))]
        other = {name: found[group.index(of)] for name, of in zip(found, group, strict=True)}
        heads = [other[each] for each in heads]
        found = list(dict.fromkeys(heads))
    place = {name: i for i, name in enumerate(found)}
    return Blocks(tuple(found), tuple(place[each] for each in heads))


def _head(path: Sequence[str], depth: int) -> str:
    """The module's part of a parameter's path, of so many names at most."""
    return ".".join((path[:-1] or path)[:depth])


def named(parameters: Sequence[torch.Tensor], modules: Iterable[Module] | None = None) -> dict[int, str]:
    """The paths of parameters, by `id`, in the largest module that holds them."""
    wanted = {id(each) for each in parameters}
    found: dict[int, str] = {}
    for module in holders(parameters) if modules is None else modules:
        for path, each in module.named_parameters():
            if id(each) in wanted:
                found.setdefault(id(each), path)
    return found


def holders(parameters: Sequence[torch.Tensor]) -> list[Module]:
    """The modules that hold some parameters, of all that are alive, the largest first."""
    wanted = {id(each) for each in parameters}
    alive = [each for each in gc.get_objects() if issubclass(type(each), Module)]
    holding = [each for each in alive if any(id(one) in wanted for one in each.parameters())]
    return sorted(holding, key=lambda each: -sum(1 for _ in each.modules()))
