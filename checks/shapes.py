"""A checker of annotations at run time: beartype's, which jaxtyping has look at shapes as well.

beartype knows no tuples that are both named and generic, so that of a `Pair` it is only seen that it is one.
"""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from beartype import beartype
from beartype.vale import IsInstance

from saddlery.types import Pair

A_PAIR = Annotated[object, IsInstance[Pair]]


def known(hint: Any) -> Any:
    """A type in beartype's words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Pair or origin is Pair:
        return A_PAIR
    if origin in (Union, types.UnionType):
        return Union[tuple(map(known, arguments))]  # noqa: UP007
    return origin[tuple(map(known, arguments))] if origin in (tuple, list, dict) and arguments else hint


def checked(function: Any) -> Any:
    """The function, which raises where an argument or what it returns is not of its type."""
    if hasattr(function, "__annotations__"):
        function.__annotations__ = {name: known(hint) for name, hint in function.__annotations__.items()}
    return beartype(function)
