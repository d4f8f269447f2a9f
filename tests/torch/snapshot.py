"""All that must be bit for bit the same after a measurement."""

import random

import numpy as np
import torch

from saddlery.torch.blocks import holders


def bits(array):
    """An array's numbers as bytes, so that -0.0 and every NaN count."""
    return array.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def plain(value):
    """A value as something that can be compared."""
    if isinstance(value, torch.Tensor):
        return bits(value), tuple(value.shape), value.dtype
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if isinstance(value, int | float | str | bool | type(None)) else id(value)


def of_parameter(parameter):
    grad = parameter.grad
    return (
        plain(parameter), parameter.data_ptr(), parameter.requires_grad, id(grad), None if grad is None else plain(grad)
    )  # fmt: skip


def of_module(module):
    outside = {name: plain(each) for name, each in vars(module).items() if not name.startswith("__")}
    return outside | {f"buffer {name}": (id(each), plain(each)) for name, each in module._buffers.items()}


def of_optimiser(optimiser):
    groups = [
        {name: plain(each) for name, each in group.items() if name != "params"} for group in optimiser.param_groups
    ]
    return groups, {id(key): plain(of) for key, of in optimiser.state.items()}


def parameters_of(*optimisers):
    return [each for of in optimisers for group in of.param_groups for each in group["params"]]


def modules_of(*optimisers):
    """The modules that hold parameters of optimisers."""
    return holders(parameters_of(*optimisers))


def snapshot(*optimisers, modules=()):
    """The state of optimisers, of their parameters, of modules, and of random numbers."""
    modules = {id(each): each for module in modules for each in module.modules()}
    every = [*parameters_of(*optimisers), *(each for module in modules.values() for each in module.parameters())]
    return {
        "parameters": {id(each): of_parameter(each) for each in every},
        "modules": {key: of_module(each) for key, each in modules.items()},
        "optimisers": [of_optimiser(each) for each in optimisers],
        "of torch": bits(torch.get_rng_state()),
        "of numpy": repr(np.random.get_state()),
        "of python": random.getstate(),
        "default": torch.get_default_dtype(),
    }


def marked(*optimisers):
    """Gradients that a check has to leave: none, NaN, -0.0 and others, by turns."""
    for optimiser in optimisers:
        for i, each in enumerate(parameter for group in optimiser.param_groups for parameter in group["params"]):
            if i % 3:
                each.grad = torch.full_like(each, -0.0 if i % 3 == 1 else 0.25)
                each.grad.view(-1)[:1] = float("nan")
