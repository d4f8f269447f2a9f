"""Changes that published methods make to the players' optimisers: functions from a method to another."""

import dataclasses
import inspect
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import optax

from saddlery import types
from saddlery.arrays import numbers
from saddlery.method import Method
from saddlery.optimisers import RANGES, Optimiser, learning_rate, with_numbers
from saddlery.rules import Competitive


class Numbers(eqx.Module):
    """A change of arguments in both players' optimisers, such as `clip_norm=1.0`."""

    numbers: dict[str, Any]

    def __init__(self, **named: types.Numbers):
        self.numbers = {name: numbers(name, value, **RANGES[name]) for name, value in named.items()}

    def __call__(self, method: Method) -> Method:
        """The method with these arguments in both optimisers."""
        generator, discriminator = (with_numbers(each, **self.numbers) for each in method.optimisers)
        return dataclasses.replace(method, generator=generator, discriminator=discriminator)


class Ratio(eqx.Module):
    """A change of the discriminator's learning rate, to `ratio` times what it was."""

    ratio: Any

    def __call__(self, method: Method) -> Method:
        """The method with the discriminator's learning rate changed."""
        rate = self.ratio * learning_rate("ratio", method.discriminator)
        return dataclasses.replace(method, discriminator=with_numbers(method.discriminator, learning_rate=rate))


class Momentum(eqx.Module):
    """A change of momentum in both optimisers: `momentum` where they have it, otherwise Adam's `b1`."""

    momentum: Any

    def __call__(self, method: Method) -> Method:
        """The method with momentum in both optimisers."""
        generator, discriminator = map(self._put, method.optimisers)
        return dataclasses.replace(method, generator=generator, discriminator=discriminator)

    def _put(self, chosen: Any) -> Any:
        takes = inspect.signature(getattr(optax, chosen.name)).parameters if isinstance(chosen, Optimiser) else ()
        return with_numbers(chosen, **{"b1" if "b1" in takes else "momentum": self.momentum})


class Differentiable(eqx.Module):
    """A change of the discriminator's optimiser, to a root differentiable at zero: `eps_root` 1e-16 where it is 0."""

    def __call__(self, method: Method) -> Method:
        """The method with the discriminator's optimiser changed."""
        chosen = method.discriminator
        if not (isinstance(chosen, Optimiser) and "eps_root" in chosen.numbers):
            return method
        root = chosen.numbers["eps_root"]  # which may be traced
        return dataclasses.replace(
            method, discriminator=with_numbers(chosen, eps_root=jnp.where(root == 0.0, 1e-16, root))
        )


class Step(eqx.Module):
    """The generator's learning rate taken as the step of competitive gradient descent."""

    def __call__(self, method: Method) -> Method:
        """The method with that step in its rule."""
        return dataclasses.replace(method, rule=Competitive(learning_rate("step", method.generator)))
