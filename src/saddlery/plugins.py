"""Plugins: parts of one's own by name, from a file that `-p` names, or an installed package's entry points.

A file defines any of `METHODS`, `GAMES`, `NETWORKS`, `LOSSES`, `MEASURES` and `LOGGERS`, each from names to what
stands in Saddlery's own tables: functions that make a method, a game or a network, losses, probes, and functions that
make a logger. A package does the same by entry points in the groups `saddlery.methods`, `saddlery.games`,
`saddlery.networks`, `saddlery.losses`, `saddlery.measures` and `saddlery.loggers`. What they name can be used wherever
Saddlery's names can: on the command line, in sweeps, on Ray's workers and on resume.

Code runs only of a file that the user names, now, or of a package that is installed; never because a folder or a file
says so. A folder keeps the source of its plugins to be read, and their digests to be compared.
"""

import hashlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from saddlery._system.files import read_limited
from saddlery.errors import InvalidValue
from saddlery.text.arguments import first_line, plain, quoted

KINDS = ("methods", "games", "networks", "losses", "measures", "loggers")
LARGEST = 1 << 20  # bytes of a file
_loaded: dict[str, "Plugin"] = {}
_discovered: set[str] = set()


class Plugin(NamedTuple):
    """A loaded plugin file: its name, its source, and the names that it added by table."""

    name: str
    source: str
    names: dict[str, list[str]]

    @property
    def digest(self) -> str:
        """The SHA-256 of the plugin's source."""
        return hashlib.sha256(self.source.encode()).hexdigest()


def load_plugin(path: str | os.PathLike) -> Plugin:
    """Load a plugin: run a Python file and make its parts available by name, for the life of this process.

        saddlery.load_plugin("my_file.py")
        saddlery.sweep("ring", "mine(strength=[0.1, 1.0])")

    The same file again changes nothing.

    **Raises:** `FileNotFoundError` when it is not there; `ValueError` when it raises, defines no part, or one whose
    name is taken.
    """
    path = Path(path)
    return load_source(path.name, read_limited(path, LARGEST).decode(), str(path))


def load_source(name: str, source: str, path: str = "") -> Plugin:
    """Load a plugin from its source; otherwise `load_plugin`."""
    plugin = Plugin(name, source, {})
    if (there := _loaded.get(name)) is not None:
        if there.digest != plugin.digest:
            raise InvalidValue(f"plugin: another {plain(name)} was loaded in this process; give it another name")
        return there
    module = ModuleType(f"saddlery_plugin_{Path(name).stem}")
    module.__file__ = path or name
    sys.modules[module.__name__] = module  # as dataclasses and pytrees in it need
    try:
        exec(compile(source, path or name, "exec"), module.__dict__)
    except Exception as error:
        del sys.modules[module.__name__]
        raise InvalidValue(f"plugin: {plain(name)} raises {type(error).__name__}: {first_line(error)}") from error
    added = {kind: getattr(module, kind.upper()) for kind in KINDS if hasattr(module, kind.upper())}
    _require_parts(name, added)
    for kind, parts in added.items():
        tables()[kind].update(parts)
    _loaded[name] = plugin._replace(names={kind: list(parts) for kind, parts in added.items()})
    return _loaded[name]


def _require_parts(name: str, added: Mapping[str, Any]) -> None:
    """Refuse tables that are no tables, parts that cannot be called, and names that are taken."""
    if not any(added.values()):
        wanted = ", ".join(map(str.upper, KINDS))
        raise InvalidValue(f"plugin: {plain(name)} defines no parts, expected one of {wanted}, from names to parts")
    for kind, parts in added.items():
        if not isinstance(parts, Mapping):
            raise InvalidValue(f"plugin: {plain(name)}: {kind.upper()} is {quoted(parts)}, expected a mapping of names")
        for each, part in parts.items():
            if not isinstance(each, str) or not each.isidentifier():
                raise InvalidValue(f"plugin: {plain(name)}: {kind.upper()} has {quoted(each)}, expected a name")
            if not callable(part):
                raise InvalidValue(f"plugin: {plain(name)}: {each} is {quoted(part)}, expected a function")
            if each in tables()[kind]:
                raise InvalidValue(
                    f"plugin: {plain(name)}: there is a {kind[:-1]} {each!r} already; choose another name"
                )


def loaded() -> dict[str, Plugin]:
    """The plugins that were loaded in this process, by name."""
    return dict(_loaded)


def used_in(text: str) -> list[Plugin]:
    """The plugins of which a text names a part."""
    words = {*re.findall(r"\w+", text)}
    return [
        plugin for plugin in _loaded.values() if words & {each for names in plugin.names.values() for each in names}
    ]


def tables() -> dict[str, dict[str, Any]]:
    """Saddlery's own tables of names, by kind."""
    from saddlery.games import GAMES
    from saddlery.loggers import LOGGERS
    from saddlery.losses import LOSSES
    from saddlery.methods import METHODS
    from saddlery.networks import FAMILIES
    from saddlery.runs.measures import MEASURES

    return dict(zip(KINDS, (METHODS, GAMES, FAMILIES, LOSSES, MEASURES, LOGGERS), strict=True))


def require(folder: Path, wanted: Mapping[str, str]) -> None:
    """Refuse to compute with a folder unless its plugins were given, unchanged.

    **Arguments:** `wanted`: their digests by name, as `run.json` has them.

    **Raises:** `ValueError` naming the plugin that is missing or another.
    """
    for name, digest in wanted.items():
        copy = f"a copy of its source, to be read, is {plain(folder / 'plugins' / name)}"
        if name not in _loaded:
            raise InvalidValue(
                f"plugin: {plain(folder)} was made with {plain(name)}; give it: -p {plain(name)} (in Python: "
                f"saddlery.load_plugin); {copy}"
            )
        if _loaded[name].digest != digest:
            raise InvalidValue(
                f"plugin: {plain(folder)} was made with another {plain(name)} than the one given "
                f"(SHA-256 {digest[:12]}…, here {_loaded[name].digest[:12]}…); {copy}"
            )


def discover() -> None:
    """Discover the plugins of installed packages by their entry points; their code runs when a part is used."""
    for kind in KINDS:
        if kind in _discovered:
            continue
        _discovered.add(kind)
        for entry in metadata.entry_points(group=f"saddlery.{kind}"):
            tables()[kind].setdefault(entry.name, Installed(entry))


class Installed:
    """A part from an installed package, loaded when it is first called or its arguments are looked at."""

    def __init__(self, entry: metadata.EntryPoint):
        self.entry = entry
        self.__name__ = entry.name
        self._part: Callable | None = None

    @property
    def part(self) -> Callable:
        """The part that the entry point names.

        **Raises:** `ValueError` when its package cannot be imported.
        """
        if self._part is None:
            try:
                self._part = self.entry.load()
            except Exception as error:
                raise InvalidValue(f"{self.entry.name}, of {self.entry.value}, fails: {first_line(error)}") from error
        return self._part  # type: ignore[return-value]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.part)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.part.__doc__

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: D102
        return self.part(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.part, name)  # such as a probe's `dims`
