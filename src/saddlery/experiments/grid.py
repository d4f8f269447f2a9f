"""The grid of settings: lists and ranges in texts are axes, and settings all their combinations."""

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

from saddlery.errors import InvalidValue
from saddlery.text.arguments import QUOTED, plain, quoted
from saddlery.text.call import Call, parse

MOST = 1_000_000  # settings
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
TYPED = 4  # digits by which a number may be longer than four before a label rounds it: so many are typed
CALL = re.compile(r"\s*\w+\s*\(.*\)\s*", re.DOTALL)  # what is read as a call inside a call; other text is only text


class Setting(NamedTuple):
    """A setting: one point of the grid.

    - `label`: what it is called, unlike every other.
    - `game`, `method`: calls without axes; the method's holds its optimisers and schedule too.
    - `levels`: what it was set to, by name: `method`, `gamma`, `learning_rate`, …
    """

    label: str
    game: Call
    method: Call
    levels: dict[str, Any]


def is_axis(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is an axis: a flat list. A list of lists is a matrix, a tuple one value."""
    return isinstance(value, list) and not any(isinstance(each, list) for each in value)


def has_axis(text: str | None) -> bool:
    """Whether a call's text has an axis, also inside a text that is one of its arguments."""
    return text is not None and len(list(itertools.islice(expand(text), 2))) > 1


def expand(text: str, prefix: str = "") -> Iterator[tuple[Call, dict[str, Any]]]:
    """Expand a call with axes into the calls that it stands for, each with its arguments as levels.

        >>> [str(call) for call, _ in expand("consensus(gamma=[0.1, 1.0])")]
        ['consensus(gamma=0.1)', 'consensus(gamma=1.0)']

    The axes of a text inside it, `penalty="r1(weight=[1, 10])"`, are levels under both names, `penalty_weight`.

    **Arguments:** `prefix` goes before the levels' names.

    **Raises:** `ValueError` for an axis that is empty or holds a value twice, and for more than a million calls.
    """
    call = parse(text)
    _require_few(quoted(text), count(text, prefix))
    choices = [_choices(prefix + name, value) for name, value in call.arguments.items()]
    for chosen in itertools.product(*choices):
        arguments = {name: value for name, (value, _) in zip(call.arguments, chosen, strict=True)}
        levels: dict[str, Any] = {}
        for name, (value, inside) in zip(call.arguments, chosen, strict=True):
            levels |= {prefix + name: value} | inside
        yield call._replace(arguments=arguments), levels


def _choices(name: str, value: Any) -> list[tuple[Any, dict[str, Any]]]:
    """What an argument may be, each with the levels inside it."""
    found = []
    for one in values(name, value):
        if _is_call(one):
            found += [(str(call), levels) for call, levels in expand(one, f"{name}_")]
        else:
            found.append((one, {}))
    return found


def count(text: str, prefix: str = "") -> int:
    """The number of calls that `expand` yields, found without making them."""
    return math.prod(_options(prefix + name, value) for name, value in parse(text).arguments.items())


def _options(name: str, value: Any) -> int:
    """How many values an argument has, those inside its texts included."""
    return sum(count(one, f"{name}_") if _is_call(one) else 1 for one in values(name, value))


def _is_call(value: Any) -> bool:
    """Whether a value is the text of a call, which may have axes of its own."""
    return isinstance(value, str) and CALL.fullmatch(value) is not None


def _require_few(of: str, settings: int) -> None:
    if settings > MOST:
        raise InvalidValue(f"{of}: got {settings:,} combinations, expected at most {MOST:,}")


def values(name: str, value: object) -> list[Any]:
    """The values of an axis; of one value, that value.

    **Raises:** `ValueError` for an axis that is empty or holds a value twice.
    """
    if not is_axis(value):
        return [value]
    if not value:
        raise InvalidValue(f"{name}: got [], an axis without values; expected at least one")
    seen = set()
    for one in value:
        if (key := _key(one)) in seen:
            raise InvalidValue(f"{name}: {quoted(one)} is given more than once in {quoted(value)}")
        seen.add(key)
    return value


def _key(value: Any) -> Any:
    """What is equal for values that are one setting: 1 and 1.0 are, 1 and True are not."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return isinstance(value, bool), value


def settings(game: str, methods: tuple[str, ...], shared: dict[str, Any]) -> tuple[Setting, ...]:
    """The settings of a grid: every combination of the axes, methods in the order given, the last axis fastest.

    **Arguments:**
    - `game`, `methods`: texts of calls.
    - `shared`: what holds for every method whose text does not say otherwise, by the keywords of
      `saddlery.methods`: `schedule`, `generator` and `discriminator` as texts with or without axes, `learning_rate` as
      a number or a list; `None` for what is not set.

    **Raises:** `ValueError` for an axis that is empty or holds a value twice, when two methods are the same, and for
    more than a million combinations.
    """
    shared = {name: value for name, value in shared.items() if value is not None}
    texts = [game, *methods, *(value for value in shared.values() if isinstance(value, str))]
    axes = [axis for text in texts for axis in _axes(text)] + [each for each in shared.values() if is_axis(each)]
    each = math.prod(_options(name, value) for name, value in shared.items())
    _require_few("axes", count(game) * sum(map(count, methods)) * each)
    common = {name: _shared(name, value) for name, value in shared.items()}
    varied = [name for name, options in common.items() if len(options) > 1]
    points: dict[tuple[str, str], tuple[Call, Call, str, dict[str, Any]]] = {}
    made_by: dict[tuple[str, str], int] = {}
    for place, ((at, of_game), text) in enumerate(itertools.product(list(expand(game)), methods)):
        for call, of_method in expand(text):
            for chosen in itertools.product(*common.values()):
                given = {k: each for k, each in zip(common, chosen, strict=True) if k not in call.arguments}
                full = call._replace(arguments=call.arguments | {name: value for name, (value, _) in given.items()})
                shown = call._replace(
                    arguments={k: v for k, v in full.arguments.items() if k not in given or k in varied}
                )
                if made_by.setdefault((str(at), str(full)), place) != place:
                    raise InvalidValue(f"methods: {plain(shown, QUOTED)} is given more than once")
                around = {name: level for _, levels in given.values() for name, level in levels.items()}
                levels = of_game | {"method": call.name} | around | of_method
                points[str(at), str(full)] = at, full, shown.label, levels
    short = _distinguished([point[0] for point in points.values()])
    kept = _varied([point[-1] for point in points.values()])
    whole = [f"{label} on {short[str(game)]}" if short else label for game, _, label, _ in points.values()]
    return tuple(
        Setting(label, game, method, {name: levels[name] for name in kept if name in levels})
        for label, (game, method, _, levels) in zip(_rounded(whole, axes), points.values(), strict=True)
    )


def _axes(text: str) -> Iterator[list[Any]]:
    """The axes in a text, also inside texts that are its arguments."""
    for name, value in parse(text).arguments.items():
        if is_axis(value):
            yield value
        for inside in values(name, value):
            if _is_call(inside):
                yield from _axes(inside)


def _rounded(labels: list[str], axes: list[list[Any]]) -> list[str]:
    """Labels with the long numbers of axes rounded to four digits, or to as many as tell an axis's values apart."""
    short: dict[str, str] = {}
    for axis in axes:
        numbers = [value for value in axis if isinstance(value, float)]
        digits = next((n for n in range(4, 17) if len({f"{each:.{n}g}" for each in numbers}) == len(numbers)), 17)
        near = {repr(each): repr(float(f"{each:.{digits}g}")) for each in numbers}
        short |= {exact: text for exact, text in near.items() if len(exact) > len(text) + TYPED}
    found = [NUMBER.sub(lambda match: short.get(match[0], match[0]), label) for label in labels] if short else labels
    return found if len({*found}) == len(labels) else labels


def _distinguished(games: list[Call]) -> dict[str, str]:
    """Games with those of their arguments only that differ, by their whole texts; nothing when there is one."""
    calls = {str(game): game for game in games}
    if len(calls) == 1:
        return {}
    given = [call.arguments for call in calls.values()]
    varied = [name for name in given[0] if len({repr(each.get(name)) for each in given}) > 1]
    return {
        game: str(call._replace(arguments={name: call.arguments[name] for name in varied}))
        for game, call in calls.items()
    }


def _shared(name: str, value: Any) -> list[tuple[Any, dict[str, Any]]]:
    """What a setting that all methods share may be, each with its levels."""
    if isinstance(value, str):
        return [(str(call), {name: str(call)} | levels) for call, levels in expand(value, f"{name}_")]
    return [(one, {} if one is None else {name: one}) for one in values(name, value)]


def _varied(points: list[dict[str, Any]]) -> list[str]:
    """The names of levels that tell settings apart, and `method`, in the order in which they come up."""
    names = dict.fromkeys(name for levels in points for name in levels)
    return [name for name in names if name == "method" or len({repr(levels.get(name)) for levels in points}) > 1]
