"""`saddlery list`: the names of games, methods and other parts, their arguments, and what each is."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

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


def _networks() -> dict[str, Any]:
    from saddlery.networks import FAMILIES

    return FAMILIES


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


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "games": _games,
    "data": _data,
    "methods": _methods,
    "losses": _losses,
    "networks": _networks,
    "optimisers": _optimisers,
    "rules": _rules,
    "schedules": _schedules,
    "loggers": _loggers,
    "studies": _studies,
}


def list_names(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")],
    plugin: Plugins = None,
) -> None:
    """List games, methods, losses, optimisers, studies, …"""
    if kind not in KINDS:
        raise InvalidValue(nearest("list", kind, KINDS))
    from saddlery.plugins import discover

    discover()
    table = {name: _arguments(thing) for name, thing in KINDS[kind]().items()}
    shared = [argument for argument in next(iter(table.values())) if all(argument in each for each in table.values())]
    for name, thing in sorted(KINDS[kind]().items()):
        own = ", ".join(argument for argument in table[name] if argument not in shared)
        typer.echo(f"{typer.style(name, bold=True)}{f'({own})' if own else ''}")
        typer.echo(f"    {_summary(thing)}")
    if shared:
        typer.echo(f"\nEach also takes {', '.join(shared)}.")


def _summary(thing: Any) -> str:
    """What it is, in a line: the first of its docstring, of a study what it asks and after whom."""
    if hasattr(thing, "asks"):
        return f"{thing.asks} {thing.source}"
    return (inspect.getdoc(getattr(thing, "func", thing)) or "").partition("\n")[0]


def _arguments(thing: Any) -> list[str]:
    """The arguments as they are written, without their types, such as `steps=10`; none of what is not called."""
    shown = []
    for name, parameter in inspect.signature(thing).parameters.items() if callable(thing) else ():
        plain = isinstance(parameter.default, float | int | str | bool | tuple | None)
        default = repr(parameter.default) if plain else "…"
        shown.append(name if parameter.default is parameter.empty else f"{name}={default}")
    return shown
