"""Calls as text, `unrolled(steps=10)`, read without evaluating anything."""

import ast
import inspect
import threading
import unicodedata
from collections.abc import Callable, Mapping
from keyword import iskeyword
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import QUOTED, SMALLEST, number, plain, quoted, whole
from saddlery.text.names import nearest

T = TypeVar("T")

_READING = threading.Lock()  # Python 3.11 counts the depth of its parser for all threads together
LONGEST = 2_000  # characters of a text; Python's parser runs out of stack on some of several thousand
DEEPEST = 20  # lists, tuples and mappings in one another
VALUES = 10_000  # of a range
UNFREE = set("()[]{}'\"\\`$")  # characters that no name of one's own has


class Call(NamedTuple):
    """A call: a name and keyword arguments, all of them literals.

    A name of one's own need not be an identifier; its text is then in quotation marks, and its label is without.
    """

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return self._written(self.name if _is_bare(self.name) else repr(self.name))

    @property
    def label(self) -> str:
        """The call as tables and figures show it: its text, a name of one's own as it is."""
        return self._written(self.name)

    def _written(self, name: str) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{name}({inside})" if inside else name

    def __hash__(self) -> int:
        return hash((self.name, *self.arguments))

    def includes(self, other: "Call") -> bool:
        """Whether this call is another one with perhaps more arguments."""
        mine = self.arguments
        return self.name == other.name and all(
            name in mine and mine[name] == each for name, each in other.arguments.items()
        )


class Range(list):
    """A range, written in text as `geomspace(a, b, n)` or `linspace(a, b, n)`, and its numbers."""

    def __init__(self, numbers: list[float], text: str):
        super().__init__(numbers)
        self.text = text

    def __repr__(self) -> str:
        return self.text


def parse(text: str) -> Call:
    """Parse `name` or `name(argument=literal, …)`; a literal may be a range, see `literal`.

        >>> parse("consensus(gamma=10.0)")
        Call(name='consensus', arguments={'gamma': 10.0})

    A name in quotation marks is one's own, as of `is_free_name`.

    **Raises:** `ValueError` when the text is anything but one call of one name with literal keyword arguments, or has
    more than 2,000 characters.
    """
    wanted, of = "expected a name or a call with literal arguments, such as unrolled(steps=10)", quoted(text)
    tree = _expression(text, of, wanted)
    if name := _name(tree):
        return Call(name, {})
    if not (isinstance(tree, ast.Call) and (called := _name(tree.func))):
        raise InvalidValue(f"{of} is no call: {wanted}")
    if tree.args or any(keyword.arg is None for keyword in tree.keywords):
        raise InvalidValue(f"{of}: arguments are named, such as steps=10")
    arguments: dict[str, Any] = {}
    for keyword in tree.keywords:
        name = str(keyword.arg)
        if name in arguments:
            raise InvalidValue(f"{of}: {plain(name, QUOTED)} is given more than once, expected it once")
        arguments[name] = _literal(keyword.value, f"{of}: {plain(name, QUOTED)}", text.strip())
    return Call(called, arguments)


def _name(tree: ast.expr) -> str:
    """The name that an expression is, perhaps in quotation marks; empty for what is none."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and is_free_name(tree.value):
        return tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


def _is_bare(name: str) -> bool:
    """Whether a name is read without quotation marks as it is: Python reads identifiers in their normal form."""
    return name.isidentifier() and not iskeyword(name) and unicodedata.normalize("NFKC", name) == name


def is_free_name(text: str) -> bool:
    """Whether a text can name something of one's own: in one line, printable, without brackets, quotation marks and $.

    >>> is_free_name("ridge 0.01"), is_free_name("mine(gamma=1")
    (True, False)
    """
    return 0 < len(text) <= QUOTED and text.isprintable() and text == text.strip() and not set(text) & UNFREE


def literal(name: str, text: str) -> Any:
    """Parse a literal, or a range of numbers as the list of them.

        >>> literal("learning_rate", "geomspace(1e-4, 1e-2, 3)")
        [0.0001, 0.001, 0.01]

    `linspace(a, b, n)` and `geomspace(a, b, n)` are n numbers from a to b, evenly spaced or in equal ratios, 10,000 at
    most, in twelve significant digits (in more where two would be equal), of which programs hold seven.

    **Raises:** `ValueError` when the text is neither, or has more than 2,000 characters; when a number is not finite in
    float32 or has more than 64 bits; when a range does not rise or has fewer than two numbers.
    """
    tree = _expression(text, f"{name}: {quoted(text)}", "expected a number, a list or geomspace(a, b, n)")
    found = _literal(tree, name, text.strip())
    return list(found) if isinstance(found, Range) else found


def _expression(text: str, of: str, wanted: str) -> ast.expr:
    """The expression that a text is."""
    if not isinstance(text, str):
        raise InvalidValue(f"{of} is no text: {wanted}")
    if len(text) > LONGEST:
        raise InvalidValue(f"{of} has {len(text):,} characters, more than {LONGEST:,}: {wanted}")
    try:
        with _READING:
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidValue(f"{of} cannot be read: {wanted}") from error


def _literal(tree: ast.expr, name: str, text: str) -> Any:
    """The value of a part of a text."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in RANGES:
        return _range(tree, name, text)
    try:
        value = ast.literal_eval(tree)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        wanted = "expected a number, text, list, mapping, linspace(…) or geomspace(…)"
        raise InvalidValue(f"{name}: got {_shown(tree, text)}, {wanted}") from error
    _require_data(name, value)
    return value


def _require_data(name: str, value: Any, depth: int = 0) -> None:
    """Refuse numbers that programs do not hold, what is nested too deep, and sets, bytes and the like."""
    if depth > DEEPEST:
        raise InvalidValue(f"{name}: got {quoted(value)} in {DEEPEST} others, expected less nesting")
    if isinstance(value, list | tuple | dict):
        for each in (*value, *value.values()) if isinstance(value, dict) else value:
            _require_data(name, each, depth + 1)
    elif isinstance(value, int) and value.bit_length() > 64:
        raise InvalidValue(f"{name}: got {quoted(value)}, expected a whole number of at most 64 bits")
    elif isinstance(value, float):
        number(name, value)
    elif not (value is None or isinstance(value, str | int)):
        raise InvalidValue(f"{name}: got {quoted(value)}, expected a number, text, list or mapping")


def _shown(tree: ast.expr, text: str) -> str:
    """A part of a text, as errors quote it."""
    return plain(ast.get_source_segment(text, tree) or "", QUOTED)


RANGES = ("linspace", "geomspace")


def _range(tree: Any, name: str, text: str) -> Range:
    """The numbers of `linspace(a, b, n)` or `geomspace(a, b, n)`."""
    shown, kind, geometric = _shown(tree, text), tree.func.id, tree.func.id == "geomspace"
    try:
        low, high, count = (ast.literal_eval(argument) for argument in tree.args)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise InvalidValue(f"{name}: {shown} cannot be read, expected {kind}(from, to, how many)") from error
    if tree.keywords:
        raise InvalidValue(f"{name}: {shown} cannot be read, expected {kind}(from, to, how many)")
    low, high = number(name, low, least=SMALLEST if geometric else None), number(name, high)
    count = whole(f"{name}: how many of {kind}", count, 2, VALUES, why="each is a training of its own")
    if not low < high:
        raise InvalidValue(
            f"{name}: {shown} does not rise; the smaller end comes first: {kind}({high:g}, {low:g}, {count})"
        )
    shares = [i / (count - 1) for i in range(count)]
    numbers = [low * (high / low) ** share if geometric else low + (high - low) * share for share in shares]
    for digits in (12, 17):
        rounded = [float(f"{number:.{digits}g}") for number in numbers]
        if len(set(rounded)) == count:
            break
    return Range(rounded, ast.unparse(tree))


def build(kind: str, text: str | Call, table: Mapping[str, Callable[..., T]]) -> T:
    """Build an object from text or a `Call`: the function of `table` that it names, called with its arguments.

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest, for one that is missing, and for a
    value that is not of the plain type in the function's signature; and what the function raises.
    """
    call = text if isinstance(text, Call) else parse(text)
    if call.name not in table:
        raise InvalidValue(nearest(kind, call.name, table))
    signature = inspect.signature(table[call.name]).parameters
    parameters = {name: each for name, each in signature.items() if each.kind is not each.VAR_KEYWORD}
    for argument, value in call.arguments.items():
        if argument not in parameters:
            raise InvalidValue(nearest(f"argument of {call.name}", argument, parameters))
        _check(argument, value, parameters[argument].annotation)
    needed = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    if missing := [name for name in needed if name not in call.arguments]:
        raise InvalidValue(f"{call.name} needs {', '.join(missing)}")
    try:
        return table[call.name](**call.arguments)
    except TypeError as error:
        raise InvalidType(f"{call.name}: {error}") from error


WORDS = {int: "a whole number", float: "a number", bool: "True or False", str: "text", type(None): "None"}


def _check(argument: str, value: Any, annotation: Any) -> None:
    """Raise `ValueError` when an annotation as plain as `float | None` has no place for the value."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    if not all(kind in WORDS for kind in kinds):
        return
    if not any(type(value) is kind or (kind is float and type(value) is int) for kind in kinds):
        raise InvalidValue(f"{argument}: got {quoted(value)}, expected {' or '.join(WORDS[kind] for kind in kinds)}")
