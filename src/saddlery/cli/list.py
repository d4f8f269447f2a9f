"""`saddlery list`: the names of games, methods and other parts, their arguments, and what each is."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from saddlery.cli.plugins import Plugins
from saddlery.errors import InvalidValue
from saddlery.text.names import nearest


def _games() -> dict[str, Any]:
    from saddlery.games import GAMES

    return GAMES


def _data() -> dict[str, Any]:
    from saddlery.data import DATA

    return DATA


def _methods() -> dict[str, Any]:
    from saddlery.methods import METHODS

    return METHODS


def _losses() -> dict[str, Any]:
    from saddlery.losses import LOSSES

    return LOSSES


def _penalties() -> dict[str, Any]:
    from saddlery.losses import PENALTIES

    return PENALTIES


def _networks() -> dict[str, Any]:
    from saddlery.networks import FAMILIES

    return FAMILIES


def _told_networks() -> dict[str, str]:
    from saddlery.networks.families import ABOUT

    return ABOUT


def _optimisers() -> dict[str, Any]:
    import optax

    from saddlery.optimisers import OPTIMISERS

    return {name: getattr(optax, name) for name in OPTIMISERS}


def _rules() -> dict[str, Any]:
    from saddlery import rules

    return {name: getattr(rules, name) for name in rules.__all__ if name not in ("Rule", "RuleInput")}


def _schedules() -> dict[str, Any]:
    from saddlery.methods import SCHEDULES

    return SCHEDULES


def _loggers() -> dict[str, Any]:
    from saddlery.loggers import LOGGERS

    return LOGGERS


def _studies() -> dict[str, Any]:
    from saddlery.studies.study import STUDIES, find

    return {name: find(name) for name in STUDIES}


def _alarms() -> dict[str, Any]:
    from saddlery.analysis.alarms import ALARMS

    return ALARMS


def _told_alarms() -> dict[str, str]:
    from saddlery.analysis.alarms import ALARMS

    return {code: f"{str(each)[0].upper()}{str(each)[1:]}." for code, each in ALARMS.items()}


class Kind(NamedTuple):
    """A kind of parts: what it is in a line, their table, and texts of those that docstrings do not tell apart."""

    about: str
    table: Callable[[], dict[str, Any]]
    told: Callable[[], dict[str, str]] = dict


KINDS: dict[str, Kind] = {
    "games": Kind("what is trained: saddlery run GAME", _games),
    "data": Kind("images that games are played on: --data", _data),
    "methods": Kind("by what it is trained: --method, a rule, a schedule and what they do to the optimisers", _methods),
    "losses": Kind("of GANs: --loss", _losses),
    "penalties": Kind("gradient penalties of GANs: --penalty", _penalties),
    "networks": Kind("families for games on images: --network", _networks, _told_networks),
    "optimisers": Kind("of each player: --generator-optimiser, --discriminator-optimiser", _optimisers),
    "rules": Kind("the directions of methods, in Python: saddlery.rules", _rules),
    "schedules": Kind("who moves when: --schedule", _schedules),
    "loggers": Kind("where records go while runs are under way: --log", _loggers),
    "alarms": Kind(
        "of runs that will fail, in reports and diagnoses, with how often each is false", _alarms, _told_alarms
    ),
    "studies": Kind("published experiments: saddlery study NAME", _studies),
}


def list_names(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}. [what kinds]")] = None,
    plugin: Plugins = None,
) -> None:
    """List games, methods, losses, penalties, optimisers, studies, …"""
    if kind is None:
        for name, each in KINDS.items():
            typer.echo(f"{typer.style(f'saddlery list {name:<10}', bold=True)}  {each.about}")
        return
    if kind not in KINDS:
        raise InvalidValue(nearest("list", kind, KINDS))
    from saddlery.plugins import discover

    discover()
    parts, told = KINDS[kind].table(), KINDS[kind].told()
    table = {name: _arguments(thing) for name, thing in parts.items()}
    shared = [argument for argument in next(iter(table.values())) if all(argument in each for each in table.values())]
    for name, thing in sorted(parts.items()):
        own = ", ".join(argument for argument in table[name] if argument not in shared)
        typer.echo(f"{typer.style(name, bold=True)}{f'({own})' if own else ''}")
        typer.echo(f"    {told.get(name) or _about(name, thing, parts)}")
    if shared:
        typer.echo(f"\nEach also takes {', '.join(shared)}.")


def _about(name: str, thing: Any, parts: dict[str, Any]) -> str:
    """What a part is, in a line; of a second name, of what it is one."""
    first = next(other for other, each in parts.items() if each is thing)
    known = getattr(thing, "__name__", name)
    original = known if parts.get(known) is thing else first
    return f"The same as {original}." if name != original else _summary(thing)


def _summary(thing: Any) -> str:
    """What it is: the first paragraph of its docstring with a formula that it ends in, of a study what it asks.

    Of a function with arguments that it is given, these too.
    """
    if hasattr(thing, "asks"):
        return f"{thing.asks} {thing.source}"
    paragraphs = (inspect.getdoc(getattr(thing, "func", thing)) or "").split("\n\n")
    said = _line(paragraphs[0])
    if said.endswith(":") and len(paragraphs) > 1:
        said = f"{said} {_line(paragraphs[1])}"
    if isinstance(thing, functools.partial):
        given = ", ".join(f"{name}={value!r}" for name, value in thing.keywords.items())
        said = f"{said.removesuffix('.')}, with {given}."
    return said


def _line(text: str) -> str:
    """A text in one line, without the marks of mathematics in it."""
    return " ".join(text.split())


def _arguments(thing: Any) -> list[str]:
    """The arguments as they are written, without their types, such as `steps=10`; none of what is not called."""
    shown = []
    for name, parameter in inspect.signature(thing).parameters.items() if callable(thing) else ():
        plain = isinstance(parameter.default, float | int | str | bool | tuple | None)
        default = repr(parameter.default) if plain else "…"
        shown.append(name if parameter.default is parameter.empty else f"{name}={default}")
    return shown
