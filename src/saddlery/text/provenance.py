"""Provenance of objects: the call that made one, `ring(modes=4)`, from which a folder can make it again."""

import contextlib
import functools
import inspect
import weakref
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from saddlery.text.call import Call, parse

P = ParamSpec("P")
T = TypeVar("T")
# By address, since an attribute would change the trees of Equinox: the object, its call, what counts by its text.
_calls: dict[int, tuple[weakref.ref, Call, tuple[type, ...]]] = {}


def with_call(*texts: type) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator of functions whose results remember the call that made them; see `call_of`.

    The call is that very object's: what is made from it, by `dataclasses.replace` or as a pytree, has none, since the
    call no longer makes it.

        >>> import saddlery as sd
        >>> str(call_of(sd.games.ring("numerics", modes=4)))
        "ring(preset='numerics', modes=4)"

    **Arguments:** `texts`: types whose objects count by their texts, `generator='sgd(learning_rate=0.1)'`.
    """

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def made(*arguments: P.args, **keywords: P.kwargs) -> T:
            thing = function(*arguments, **keywords)
            remember(thing, Call(function.__name__, signature.bind(*arguments, **keywords).arguments), texts)
            return thing

        return made

    return decorated


def remember(thing: object, call: Call, texts: tuple[type, ...] = ()) -> None:
    """Remember the call that made an object, as long as the object lives; not for objects without weak references.

    **Arguments:** `texts` as of `with_call`.
    """
    at = id(thing)

    def forget(gone: weakref.ref) -> None:
        if at in _calls and _calls[at][0] is gone:  # else another object is there already
            del _calls[at]

    with contextlib.suppress(TypeError):
        _calls[at] = weakref.ref(thing, forget), call, texts


def call_of(thing: object) -> Call | None:
    """The call that made an object and makes it again; `None` when it is not known, or no text can hold it.

    >>> import numpy as np, saddlery as sd
    >>> call_of(sd.games.bilinear(coupling=np.ones(3), dimension=3)) is None
    True
    """
    kept = _calls.get(id(thing))
    if kept is None or kept[0]() is not thing:
        return None
    _, (name, given), texts = kept
    try:
        call = Call(name, {each: str(value) if isinstance(value, texts) else value for each, value in given.items()})
        return call if parse(str(call)) == call else None
    except (TypeError, ValueError):  # no text holds an array, nor what is traced and has no value yet
        return None
