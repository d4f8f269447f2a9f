"""Changes that published methods make to the players' optimisers: functions from a method to another."""

import dataclasses
import inspect
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import optax

from saddlery import types
from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.method import Method
from saddlery.optimisers import RANGES, Optimiser, as_text, learning_rate, with_numbers
from saddlery.text.arguments import quoted
from saddlery.types import Pair


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
    """A change of the discriminator's learning rate, to `ratio` times the generator's."""

    ratio: Any

    def __call__(self, method: Method) -> Method:
        """The method with the discriminator's learning rate changed."""
        rate, _ = (learning_rate("ratio", each) for each in method.optimisers)
        return dataclasses.replace(
            method, discriminator=with_numbers(method.discriminator, learning_rate=self.ratio * rate)
        )


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


class PerBound(eqx.Module):
    """A change of both learning rates, divided by the bound on each entry of the gradient."""

    bound: Any

    def __call__(self, method: Method) -> Method:
        """The method with these learning rates."""
        generator, discriminator = (
            with_numbers(each, learning_rate=learning_rate("value", each) / self.bound) for each in method.optimisers
        )
        return dataclasses.replace(method, generator=generator, discriminator=discriminator)


class Adam(eqx.Module):
    """A check that both optimisers are Adam's, for a method that is defined by it."""

    def __call__(self, method: Method) -> Method:
        """The method itself.

        **Raises:** `ValueError` for another optimiser.
        """
        for player, chosen in zip(Pair._fields, method.optimisers, strict=True):
            if not (isinstance(chosen, Optimiser) and chosen.name == "adam"):
                raise InvalidValue(f"{player}: got {quoted(as_text(chosen))}, expected adam(…), as the method needs")
        return method


class Step(eqx.Module):
    """The generator's learning rate taken as the step of competitive gradient descent, adaptive or not."""

    def __call__(self, method: Method) -> Method:
        """The method with that step in its rule."""
        return dataclasses.replace(
            method, rule=dataclasses.replace(method.rule, step=learning_rate("step", method.generator))
        )
