"""Short labels of settings for tables, legends and sentences, and the key that says what each stands for."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import xarray as xr

from saddlery.errors import InvalidValue
from saddlery.text.call import Call, parse

LONG = 44  # characters of a label that a table or a legend still holds
VALUE = 16  # characters of an argument's value that a short label still holds
JOINT = " on "  # between a method and the game that it trains, where there are several


class Labels(NamedTuple):
    """The short labels of some settings.

    - `short`: by their labels.
    - `common`: what all settings share and the short labels leave out; empty where that is nothing.
    - `key`: the short labels that leave out more, each with what else belongs to it; empty where all are whole.
    """

    short: dict[str, str]
    common: str
    key: list[tuple[str, str]]

    @property
    def lines(self) -> list[str]:
        """The key in words, a line each."""
        said = [f"All settings: {self.common}"] if self.common else []
        return said + [f"{short}: {whole}" for short, whole in self.key]


def shortened(labels: Sequence[str]) -> Labels:
    """Short labels of settings, all of them different; those of which none is long stay as they are.

    Arguments that all settings share are left out and said once; where that is not enough, arguments of long values
    are, such as texts of optimisers, and settings that are then alike are numbered.

        >>> adam = "generator='adam(learning_rate=0.001, b1=0.5)'"
        >>> found = shortened([f"unrolled(steps={k}, {adam}, discriminator='sgd(learning_rate={k})')" for k in (1, 5)])
        >>> list(found.short.values())
        ['unrolled(steps=1, …)', 'unrolled(steps=5, …)']
        >>> print("\\n".join(found.lines))
        All settings: generator='adam(learning_rate=0.001, b1=0.5)'
        unrolled(steps=1, …): discriminator='sgd(learning_rate=1)'
        unrolled(steps=5, …): discriminator='sgd(learning_rate=5)'
    """
    same = Labels({label: label for label in labels}, "", [])
    calls = {label: _read(label) for label in labels}
    if all(len(label) <= LONG for label in labels) or any(call is None for call, _ in calls.values()):
        return same
    common = _common([call for call, _ in calls.values() if call])
    own = {
        label: (Call(call.name, {k: v for k, v in call.arguments.items() if k not in common}), game)
        for label, (call, game) in calls.items()
        if call
    }
    first = {label: call.label + game for label, (call, game) in own.items()}
    shared = Call("", common)._written("").removeprefix("(").removesuffix(")")
    if len({*first.values()}) == len(labels) and all(len(each) <= LONG for each in first.values()):
        return Labels(first, shared, [])
    found, key = _numbered({label: (_cut(call) + game) for label, (call, game) in own.items()}, first), []
    for label, (call, _) in own.items():
        left = {name: value for name, value in call.arguments.items() if _is_long(value)}
        if left:
            key.append((found[label], Call("", left)._written("").removeprefix("(").removesuffix(")")))
    return Labels(found, shared, key)


def with_short_labels(dataset: xr.Dataset) -> tuple[xr.Dataset, Labels]:
    """A dataset along `setting` by the short labels of its settings, and their key."""
    found = shortened([str(label) for label in dataset["setting"].values])
    return dataset.assign_coords(setting=("setting", list(found.short.values()))), found


def _read(label: str) -> tuple[Call | None, str]:
    """The method's call that a label is, and what it says of the game."""
    method, joint, game = label.partition(JOINT) if JOINT in label else (label, "", "")
    try:
        return parse(method), joint + game
    except InvalidValue:  # a name of one's own, with or without arguments
        name, bracket, inside = method.partition("(")
        try:
            return parse(f"name({inside}" if bracket else "name")._replace(name=name), joint + game
        except InvalidValue:
            return None, ""


def _common(calls: Sequence[Call]) -> dict[str, Any]:
    """The arguments that several calls share."""
    first = calls[0].arguments
    return {
        name: value
        for name, value in first.items()
        if len(calls) > 1 and all(repr(call.arguments.get(name)) == repr(value) for call in calls)
    }


def _is_long(value: Any) -> bool:
    return len(repr(value)) > VALUE


def _cut(call: Call) -> str:
    """A call without the arguments of long values, which a sign stands for beside others."""
    kept = {name: value for name, value in call.arguments.items() if not _is_long(value)}
    if not kept or len(kept) == len(call.arguments):
        return Call(call.name, kept).label
    return f"{Call(call.name, kept).label[:-1]}, …)"


def _numbered(cut: dict[str, str], whole: dict[str, str]) -> dict[str, str]:
    """Labels, those that are alike numbered but for one that leaves nothing out."""
    several, seen, found = Counter(cut.values()), Counter[str](), {}
    for label, short in cut.items():
        if several[short] == 1 or short == whole[label]:
            found[label] = short
            continue
        seen[short] += 1
        found[label] = f"{short} #{seen[short]}"
    return found
