"""Options of published methods: the keywords that every one takes, and how a method is made of them."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypedDict

from saddlery import schedules
from saddlery.errors import InvalidType
from saddlery.method import Method
from saddlery.methods.amendments import Numbers
from saddlery.optimisers import PUBLISHED, Optimiser, as_optimiser
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule
from saddlery.text.call import build
from saddlery.text.provenance import with_call
from saddlery.types import Pair

SCHEDULES = {name: getattr(schedules, name) for name in schedules.__all__ if name.islower()}
P = ParamSpec("P")


class MethodOptions(TypedDict, total=False):
    """The options that every published method takes beside its own arguments.

    - `schedule`: another schedule, as an object or as text such as `"alternating(discriminator_steps=5)"`.
    - `generator`, `discriminator`: each player's optimiser, as `saddlery.optimiser(…)`, any optax transformation, or
      text such as `"adam(learning_rate=1e-3, b1=0.5)"`; by default those of the game, else of the method's paper.
    - `learning_rate`: another learning rate for both of them.
    """

    schedule: Any
    generator: Any
    discriminator: Any
    learning_rate: float | None


def published(function: Callable[P, Method]) -> Callable[P, Method]:
    """A decorator of published methods: the signature lists the keywords of `MethodOptions`, and takes no others.

    >>> from saddlery.methods import simultaneous
    >>> list(inspect.signature(simultaneous).parameters)
    ['schedule', 'generator', 'discriminator', 'learning_rate']
    """
    own = inspect.signature(function)
    named = [each for each in own.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in MethodOptions.__annotations__
    ]
    signature = own.replace(parameters=[*named, *shared])

    @functools.wraps(function)
    def method(*arguments: P.args, **keywords: P.kwargs) -> Method:
        try:
            signature.bind(*arguments, **keywords)
        except TypeError as error:
            raise InvalidType(f"{function.__name__}: {error}") from None
        return function(*arguments, **keywords)

    method.__signature__ = signature  # type: ignore[attr-defined]
    return with_call(Optimiser)(method)


def combined(
    rule: Rule,
    schedule: Schedule,
    settings: str,
    options: MethodOptions,
    *amendments: Callable[[Method], Method],
    needed: bool = False,
) -> Method:
    """A method from a rule, a schedule and the optimisers of `options`; those not given are left open.

        >>> from saddlery import rules
        >>> method = combined(rules.Simultaneous(), schedules.simultaneous(), "analytic", {"learning_rate": 0.25})
        >>> print(method.for_game().generator)
        sgd(learning_rate=0.25)

    **Arguments:** `settings`: those of `saddlery.optimisers.PUBLISHED` that are the method's paper's; `amendments` and
    `needed` as of `Method`.

    **Raises:** `ValueError` for options that do not fit.
    """
    chosen, rate = options.get("schedule"), options.get("learning_rate")
    method = Method(
        rule,
        build("schedule", chosen, SCHEDULES) if isinstance(chosen, str) else chosen or schedule,
        generator=options.get("generator"),
        discriminator=options.get("discriminator"),
        usual=Pair(*map(as_optimiser, PUBLISHED[settings])),
        needed=needed,
        amendments=(*([] if rate is None else [Numbers(learning_rate=rate)]), *amendments),
    )
    closed = method.for_game()  # also of one that stays open: what does not fit is said here
    return method if method.is_open else closed


def as_published(method: Callable[..., Method] | Method) -> Callable[..., Method]:
    """A method of one's own in the form of published ones: a function of the keywords of `MethodOptions`.

    >>> from saddlery import rules
    >>> mine = as_published(Method(rules.Consensus(1.0), schedules.simultaneous()))
    >>> mine(schedule="alternating(discriminator_steps=5)").schedule
    Alternating(discriminator_steps=5, generator_steps=1)
    """
    if not isinstance(method, Method):
        return method

    def made(*, schedule: Any = None, generator: Any = None, discriminator: Any = None, learning_rate: Any = None):
        rate, amendments = (), method.amendments
        if learning_rate is not None:  # in the place of the method's own, which would come after it
            rate = (Numbers(learning_rate=learning_rate),)
            amendments = tuple(each for each in amendments if not _sets_the_rate(each))
        return dataclasses.replace(
            method,
            schedule=build("schedule", schedule, SCHEDULES) if schedule else method.schedule,
            generator=generator or method.generator,
            discriminator=discriminator or method.discriminator,
            amendments=(*rate, *amendments),
        )

    return made


def _sets_the_rate(amendment: Any) -> bool:
    """Whether an amendment is another learning rate for both players."""
    return isinstance(amendment, Numbers) and [*amendment.numbers] == ["learning_rate"]
