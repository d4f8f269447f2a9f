"""A call written as text, `unrolled(steps=10)`, read without evaluating anything."""

import ast
import inspect
import math
from typing import Any, NamedTuple, get_args


class Call(NamedTuple):
    """A name and its keyword arguments, all of them literals."""

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.name}({inside})" if inside else self.name


def parse(text: str) -> Call:
    """Read `name` or `name(argument=literal, …)`; a literal may be a range, see `literal`.

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
        arguments[str(keyword.arg)] = _literal(keyword.value, f"{text!r}: {keyword.arg}")
    return Call(tree.func.id, arguments)


def literal(name: str, text: str) -> Any:
    """Read a literal, or a range of numbers as the list of them.

        >>> literal("learning_rate", "geomspace(1e-4, 1e-2, 3)")
        [0.0001, 0.001, 0.01]

    `linspace(a, b, n)` and `geomspace(a, b, n)` are n numbers from a to b, evenly spaced or in equal ratios, rounded
    to four significant digits (to more where that would make two of them equal).

    **Raises:** `ValueError` when the text is neither; when a range does not rise or has fewer than two numbers.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{name}: {text!r} cannot be read, expected a number, a list or geomspace(a, b, n)") from error
    return _literal(tree, name)


def _literal(tree: ast.expr, name: str) -> Any:
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in RANGES:
        return _range(tree, name)
    try:
        return ast.literal_eval(tree)
    except ValueError as error:
        wanted = "expected a number, text, list, mapping, linspace(…) or geomspace(…)"
        raise ValueError(f"{name}: got {ast.unparse(tree)}, {wanted}") from error


RANGES = ("linspace", "geomspace")


def _range(tree: Any, name: str) -> list[float]:
    """The numbers of `linspace(a, b, n)` or `geomspace(a, b, n)`."""
    text, geometric = ast.unparse(tree), tree.func.id == "geomspace"
    try:
        low, high, count = (ast.literal_eval(argument) for argument in tree.args)
        low, high = float(low), float(high)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {text} cannot be read, expected {tree.func.id}(from, to, how many)") from error
    if tree.keywords or isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"{name}: {text} cannot be read, expected {tree.func.id}(from, to, how many), at least two")
    if geometric and not low > 0:
        raise ValueError(f"{name}: {text} starts at {low:g}, expected a number above 0")
    if not low < high < math.inf:
        raise ValueError(
            f"{name}: {text} does not rise; the smaller end comes first: {tree.func.id}({high:g}, {low:g}, {count})"
        )
    shares = [i / (count - 1) for i in range(count)]
    numbers = [low * (high / low) ** share if geometric else low + (high - low) * share for share in shares]
    for digits in (4, 8, 17):
        rounded = [float(f"{number:.{digits}g}") for number in numbers]
        if len(set(rounded)) == count:
            break
    return rounded


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
