"""Optimisers whose numbers are data: any optax transformation by its name."""

import inspect
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import optax


class Optimiser(eqx.Module):
    """An optax transformation, named, its numbers array leaves.

    Another learning rate, momentum or ε is then another argument of the same compiled program, not another
    compilation; mapping over settings is mapping over these leaves. Any optax transformation can be used in its
    place, with its numbers compiled in.
    """

    name: str = eqx.field(static=True)
    numbers: dict[str, Any]
    settings: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def transformation(self) -> optax.GradientTransformation:
        """The optax transformation itself."""
        numbers = dict(self.numbers)
        before = [BEFORE[name](numbers.pop(name)) for name in BEFORE if name in numbers]
        after = [AFTER[name](numbers.pop(name)) for name in AFTER if name in numbers]
        return optax.chain(*before, getattr(optax, self.name)(**numbers, **dict(self.settings)), *after)

    def init(self, params: Any) -> Any:
        """The transformation's state for these parameters."""
        return self.transformation().init(params)

    def update(self, updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        """The transformation's step: what to add to the parameters, and the new state."""
        return self.transformation().update(updates, state, params)


# Arguments that every optimiser takes beside its own: what is done to the gradient before it, to its update after.
BEFORE = {"clip": optax.clip, "clip_norm": optax.clip_by_global_norm}
AFTER = {"optimism": lambda optimism: optax.scale_by_optimistic_gradient(alpha=1.0, beta=optimism)}

# The transformations that take a learning rate and nothing of the problem, by their optax names.
OPTIMISERS = (
    "adabelief", "adadelta", "adagrad", "adam", "adamax", "adamw", "adan", "amsgrad", "lamb", "lion", "nadam",
    "novograd", "radam", "rmsprop", "rprop",
    "sgd", "sign_sgd", "yogi",
)  # fmt: skip


def optimiser(name: str, /, **arguments: Any) -> Optimiser:
    """An optax transformation by name, its numbers kept as data.

    ```python
    optimiser("adam", learning_rate=1e-3, b1=0.5)
    optimiser("sgd", learning_rate=0.1, momentum=-0.3, clip_norm=1.0)
    ```

    **Arguments:**
    - `name`: one of `OPTIMISERS`.
    - `arguments`: those of the optax function; `clip` (ℓ∞, each entry of the gradient) and `clip_norm` (the global
      norm) clip the gradient before it; `optimism` β makes of its updates uₜ optimistic ones, uₜ + β (uₜ − uₜ₋₁).

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest.
    """
    from saddlery.names import nearest

    if name not in OPTIMISERS:
        raise ValueError(nearest("optimiser", name, OPTIMISERS))
    parameters = inspect.signature(getattr(optax, name)).parameters
    for argument in arguments:
        if argument not in (allowed := (*parameters, *BEFORE, *AFTER)):
            raise ValueError(nearest(f"argument of {name}", argument, allowed))
    for argument, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and argument not in arguments:
            raise ValueError(f"optimiser: {name} needs {argument}")
    for argument, value in arguments.items():
        default = parameters[argument].default if argument in parameters else 0.0
        if (isinstance(default, float) or argument == "learning_rate") and not (_is_number(value) or callable(value)):
            raise ValueError(f"{argument}: got {value!r}, expected a number")
    # Also the numbers left at their defaults: their values then cannot tell two programs apart.
    values = {argument: parameter.default for argument, parameter in parameters.items()} | arguments
    numbers = {argument: value for argument, value in values.items() if _is_number(value)}
    settings = {argument: value for argument, value in arguments.items() if argument not in numbers}
    return Optimiser(name, {k: jnp.asarray(v * 1.0) for k, v in numbers.items()}, tuple(sorted(settings.items())))


def _is_number(value: Any) -> bool:
    """A number or an array is data; booleans, names and functions shape the program."""
    return eqx.is_array_like(value) and not isinstance(value, bool)
