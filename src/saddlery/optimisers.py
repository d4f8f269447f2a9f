"""Optimisers: any optax transformation by name, its numbers kept as data."""

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import equinox as eqx
import numpy as np
import optax
from jaxtyping import Array

from saddlery.arrays import numbers
from saddlery.errors import InvalidValue
from saddlery.text.arguments import Bounds, quoted
from saddlery.text.call import Call, parse
from saddlery.text.names import nearest
from saddlery.types import Memory, Numbers, Parameters

# Optimisers as they were published, the generator's and the discriminator's: on the rings of the unrolled paper's
# released code and of its text (Metz et al., 2017), on ring and images of the Numerics paper (Mescheder et al., 2017),
# of SAGAN (Zhang et al., 2019); and ours for small images, for analytic games and for steps that adapt by themselves.
PUBLISHED: dict[str, tuple[str, ...]] = {
    "unrolled": ("adam(learning_rate=1e-3, b1=0.5)", "adam(learning_rate=1e-4, b1=0.5)"),
    "unrolled-paper": ("adam(learning_rate=1e-4, b1=0.5)",) * 2,
    "numerics": ("rmsprop(learning_rate=1e-4, decay=0.9, eps=1e-10, initial_scale=1.0)",) * 2,
    "images": ("adam(learning_rate=2e-4, b1=0.5)",) * 2,
    "sagan": ("adam(learning_rate=1e-4, b1=0.0, b2=0.9)", "adam(learning_rate=4e-4, b1=0.0, b2=0.9)"),
    "analytic": ("sgd(learning_rate=0.1)",) * 2,
    "adaptive": ("sgd(learning_rate=1e-4)",) * 2,
}


class Optimiser(eqx.Module):
    """An optimiser: an optax transformation by name, its numbers array leaves.

    Another learning rate, momentum or ε is then another argument of the same compiled program, not another
    compilation; mapping over settings is mapping over these leaves. Any optax transformation can be used in its
    place, with its numbers compiled in.
    """

    name: str = eqx.field(static=True)
    numbers: dict[str, Array]
    settings: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def transformation(self) -> optax.GradientTransformation:
        """The optax transformation itself."""
        numbers = dict(self.numbers)
        before = [BEFORE[name](numbers.pop(name)) for name in BEFORE if name in numbers]
        after = [AFTER[name](numbers.pop(name)) for name in AFTER if name in numbers]
        return optax.chain(*before, getattr(optax, self.name)(**numbers, **dict(self.settings)), *after)

    def init(self, params: Parameters) -> Memory:
        """The transformation's state for these parameters."""
        return self.transformation().init(params)

    def update(self, updates: Parameters, state: Memory, params: Parameters = None) -> tuple[Parameters, Memory]:
        """The transformation's step: what to add to the parameters, and the new state."""
        return self.transformation().update(updates, state, params)

    def __str__(self) -> str:
        """The text that `as_optimiser` makes it of: `adam(learning_rate=0.001, b1=0.5)`; usual numbers are left out."""
        usual = {name: each.default for name, each in inspect.signature(getattr(optax, self.name)).parameters.items()}
        held = {name: _shortest(self.numbers[name]) for name in sorted(self.numbers, key=_first)}
        told = {name: value for name, value in held.items() if name not in usual or value != usual[name]}
        return str(Call(self.name, told | dict(self.settings)))


OptimiserLike: TypeAlias = str | Optimiser | optax.GradientTransformation | None  # `None` leaves it open


def _first(name: str) -> tuple[bool, str]:
    """The order in which numbers are written: the learning rate first."""
    return name != "learning_rate", name


def _shortest(value: Any) -> Any:
    """A number with the fewest digits that are read back as the same number of its precision."""
    return float(str(np.asarray(value)[()]))


# Arguments that every optimiser takes beside its own: what is done to the gradient before it, to its update after.
BEFORE: dict[str, Callable[..., optax.GradientTransformation]] = {
    "clip": optax.clip,
    "clip_norm": optax.clip_by_global_norm,
}
AFTER: dict[str, Callable[..., optax.GradientTransformation]] = {
    "optimism": lambda optimism: optax.scale_by_optimistic_gradient(alpha=1.0, beta=optimism)
}

# The transformations that take a learning rate and nothing of the problem, by their optax names.
OPTIMISERS = (
    "adabelief", "adadelta", "adagrad", "adam", "adamax", "adamw", "adan", "amsgrad", "lamb", "lion", "nadam",
    "novograd", "radam", "rmsprop", "rprop",
    "sgd", "sign_sgd", "yogi",
)  # fmt: skip

# The numbers and their ranges. Momentum may be negative (Gidel et al., 2019), of Adam's relatives as `b1`.
SIZE: Bounds = {"least": 0.0}
POSITIVE: Bounds = {"above": 0.0}
SHARE: Bounds = {"least": 0.0, "below": 1.0}
SIGNED: Bounds = {"above": -1.0, "below": 1.0}
RANGES: dict[str, Bounds] = {
    "learning_rate": SIZE, "b1": SIGNED, "momentum": SIGNED, "b2": SHARE, "b3": SHARE, "decay": SHARE, "rho": SHARE,
    "eps": SIZE, "eps_root": SIZE, "weight_decay": SIZE, "initial_scale": SIZE, "initial_accumulator_value": SIZE,
    "threshold": SIZE, "eta_minus": POSITIVE, "eta_plus": POSITIVE, "min_step_size": POSITIVE,
    "max_step_size": POSITIVE, "clip": POSITIVE, "clip_norm": POSITIVE, "optimism": {},
}  # fmt: skip


def optimiser(name: str, /, **arguments: Any) -> Optimiser:
    """An optimiser: an optax transformation by name, its numbers kept as data.

    ```python
    optimiser("adam", learning_rate=1e-3, b1=0.5)
    optimiser("sgd", learning_rate=0.1, momentum=-0.3, clip_norm=1.0)
    ```

        >>> print(optimiser("adam", learning_rate=1e-3, b1=0.5))
        adam(learning_rate=0.001, b1=0.5)
        >>> sgd, x = optimiser("sgd", learning_rate=0.5, clip=1.0), np.zeros(2, np.float32)
        >>> sgd.update(np.float32([4.0, -0.5]), sgd.init(x))[0].tolist()  # each entry clipped to ±1, times −½
        [-0.5, 0.25]
        >>> optimistic, now = optimiser("sgd", learning_rate=1.0, optimism=0.5), np.zeros(1, np.float32)
        >>> first, state = optimistic.update(np.float32([1.0]), optimistic.init(now))
        >>> first.tolist(), optimistic.update(np.float32([2.0]), state)[0].tolist()  # −1, then −(2 + ½ (2 − 1))
        ([-1.0], [-2.5])

    **Arguments:**
    - `name`: one of `OPTIMISERS`.
    - `arguments`: those of the optax function; `clip` (ℓ∞, each entry of the gradient) and `clip_norm` (the global
      norm) clip the gradient before it; `optimism` β makes of its updates uₜ optimistic ones, uₜ + β (uₜ − uₜ₋₁),
      the first of which is u₀ itself. Adam divides by √(ν + `eps_root`) + `eps`, and `eps_root` is 0: that root has no
      derivative at ν = 0, which unrolling needs, and `saddlery.methods.unrolled` makes it 1e-16. The `eps` of
      `rmsprop` is inside the root.

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest, and for a number out of its range.
    """
    if name not in OPTIMISERS:
        raise InvalidValue(nearest("optimiser", name, OPTIMISERS))
    parameters = inspect.signature(getattr(optax, name)).parameters
    for argument in arguments:
        if argument not in (allowed := (*parameters, *BEFORE, *AFTER)):
            raise InvalidValue(nearest(f"argument of {name}", argument, allowed))
    for argument, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and argument not in arguments:
            raise InvalidValue(f"optimiser: {name} needs {argument}")
    settings, data = {}, {}
    # Also the numbers left at their defaults: their values then cannot tell two programs apart.
    for argument, value in ({name: each.default for name, each in parameters.items()} | arguments).items():
        default = parameters[argument].default if argument in parameters else 0.0
        if argument in RANGES and not (callable(value) or value is default is None):
            data[argument] = numbers(argument, value, **RANGES[argument])
        elif isinstance(default, bool) and not isinstance(value, bool):
            raise InvalidValue(f"{argument}: got {quoted(value)}, expected True or False")
        elif argument in arguments:
            settings[argument] = value
    return Optimiser(name, dict(sorted(data.items())), tuple(sorted(settings.items())))  # as JAX orders them


def with_numbers(chosen: OptimiserLike, **numbers: Numbers) -> Optimiser:
    """An optimiser with other arguments.

        >>> print(with_numbers(optimiser("sgd", learning_rate=0.1), momentum=-0.5))
        sgd(learning_rate=0.1, momentum=-0.5)

    **Raises:** `ValueError` for one that is already made by optax, and for numbers out of range.
    """
    if not isinstance(chosen, Optimiser):
        raise InvalidValue(
            f"optimiser: {', '.join(numbers)} cannot be put into one that is already made by optax; "
            "give it as text or as saddlery.optimiser(…)"
        )
    return optimiser(chosen.name, **(chosen.numbers | dict(chosen.settings) | numbers))


def as_optimiser(
    chosen: OptimiserLike, learning_rate: float | None = None
) -> Optimiser | optax.GradientTransformation | None:
    """An optimiser from text, one of Saddlery's or optax's; `learning_rate` takes the place of its own.

        >>> print(as_optimiser("adam(learning_rate=1e-3, b1=0.5)", learning_rate=0.25))
        adam(learning_rate=0.25, b1=0.5)

    **Raises:** `ValueError` for text that names none, and for a learning rate that cannot be put in.
    """
    given = {} if learning_rate is None else {"learning_rate": learning_rate}
    if isinstance(chosen, str):
        call = parse(chosen)
        return optimiser(call.name, **(call.arguments | given))
    return with_numbers(chosen, **given) if given else chosen


def learning_rate(argument: str, chosen: OptimiserLike) -> Array:
    """The learning rate of an optimiser, which `argument` needs.

        >>> float(learning_rate("ratio", optimiser("sgd", learning_rate=0.25)))
        0.25

    **Raises:** `ValueError` when it is made by optax or has none.
    """
    if not isinstance(chosen, Optimiser) or "learning_rate" not in chosen.numbers:
        raise InvalidValue(
            f"{argument}: the optimiser is already made by optax or has no number as its learning rate; "
            "give it as text or as saddlery.optimiser(…)"
        )
    return chosen.numbers["learning_rate"]


def as_text(chosen: OptimiserLike) -> str:
    """The text of an optimiser: the call that makes it, or that optax has made it already.

    >>> as_text(optimiser("sgd", learning_rate=0.25)), as_text(optax.sgd(0.25))
    ('sgd(learning_rate=0.25)', 'an optax transformation')
    """
    return str(chosen) if isinstance(chosen, Optimiser) else "an optax transformation"
