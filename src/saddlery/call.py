"""A call written as text, `unrolled(steps=10)`, read without evaluating anything."""

import ast
import inspect
from typing import Any, NamedTuple, get_args


class Call(NamedTuple):
    """A name and its keyword arguments, all of them literals."""

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.name}({inside})" if inside else self.name


def parse(text: str) -> Call:
    """Read `name` or `name(argument=literal, …)`.

        >>> parse("consensus(gamma=10.0)")
        Call(name='consensus', arguments={'gamma': 10.0})

    **Raises:** `ValueError` when the text is anything but one call of one name with literal keyword arguments.
    """
    wanted = "expected a name or a call with literal arguments, such as unrolled(steps=10)"
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{text!r} cannot be read: {wanted}") from error
    if isinstance(tree, ast.Name):
        return Call(tree.id, {})
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)):
        raise ValueError(f"{text!r} is no call: {wanted}")
    if tree.args or any(keyword.arg is None for keyword in tree.keywords):
        raise ValueError(f"{text!r}: arguments are named, such as steps=10")
    arguments = {}
    for keyword in tree.keywords:
        try:
            arguments[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except ValueError as error:
            raise ValueError(f"{text!r}: {keyword.arg} is no literal (a number, text, list or mapping)") from error
    return Call(tree.func.id, arguments)


def build(kind: str, text: str, table: dict[str, Any]) -> Any:
    """Call the function of `table` that the text names, with the text's arguments.

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest, for one that is missing, and for a
    value that is not of the plain type in the function's signature; and what the function raises.
    """
    from saddlery.names import nearest

    call = parse(text)
    if call.name not in table:
        raise ValueError(nearest(kind, call.name, table))
    parameters = inspect.signature(table[call.name]).parameters
    for argument, value in call.arguments.items():
        if argument not in parameters:
            raise ValueError(nearest(f"argument of {call.name}", argument, parameters))
        _check(argument, value, parameters[argument].annotation)
    needed = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    if missing := [name for name in needed if name not in call.arguments]:
        raise ValueError(f"{call.name} needs {', '.join(missing)}")
    try:
        return table[call.name](**call.arguments)
    except TypeError as error:
        raise TypeError(f"{call.name}: {error}") from error


WORDS = {int: "a whole number", float: "a number", bool: "True or False", str: "text", type(None): "None"}


def _check(argument: str, value: Any, annotation: Any) -> None:
    """Raise `ValueError` when an annotation as plain as `float | None` has no place for the value."""
    kinds = get_args(annotation) or (annotation,)
    if not all(kind in WORDS for kind in kinds):
        return
    if not any(type(value) is kind or (kind is float and type(value) is int) for kind in kinds):
        raise ValueError(f"{argument}: got {value!r}, expected {' or '.join(WORDS[kind] for kind in kinds)}")
