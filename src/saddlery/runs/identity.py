"""The identity of a game or a method: its structure, numbers and code, wherever its classes were imported from.

A class counts by its name without its module, since a script is `__main__` in its own process and a module in another.
What objects of one's own hold counts by their attributes. Functions of one's own, and the methods of one's own objects
that training calls, count by their compiled code, with the numbers and functions of their file that it uses: by what
they do, not by how it is written down. What they call in other files is not seen.
"""

import dataclasses
import functools
import hashlib
import inspect
import re
import sysconfig
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import saddlery
from saddlery.data.shards import Shards
from saddlery.game import Foreign

CALLED = ("init", "draw", "act", "losses", "apply", "evaluate", "step", "__call__")  # by training, of what it is given
SIMPLE = (bool, int, float, complex, str, bytes, type(None), Enum)
LIBRARIES = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(saddlery.__file__).parent),
)
LARGE = 1 << 20  # bytes of an array from which its shape alone is said


def parts(tree: object, name: str = "") -> dict[str, str]:
    """The parts of a game or a method in words, by where they are: texts, numbers, shapes and digests of arrays.

    >>> import saddlery as sd
    >>> parts(sd.games.bilinear(coupling=2.0), "game")["game.coupling"]
    '2.0'
    """
    return {path: _said(thing) for path, thing in _walked(tree, name, set()) if not _children(thing)}


def code(tree: object) -> dict[str, str]:
    """The digests of the code of one's own functions and methods in a game or a method, by their names.

    >>> import saddlery as sd
    >>> code(sd.games.bilinear())  # nothing in it is one's own
    {}
    """
    found: dict[str, str] = {}
    for _, thing in _walked(tree, "", set()):
        kind = thing if isinstance(thing, type) else type(thing)
        methods = [getattr(kind, name, None) for name in CALLED] if _is_own_class(kind) else []
        for each in (thing, *methods):
            function = _function(each)
            if function is not None and _is_own_file(function.__code__.co_filename):
                found[function.__qualname__] = hashlib.sha256(repr(_code_of(function, set())).encode()).hexdigest()[:16]
    return dict(sorted(found.items()))


def unlocated(text: str, tree: object) -> str:
    """A text about a game or a method with its own classes' names without their modules."""
    for _, thing in _walked(tree, "", set()):
        kind = thing if isinstance(thing, type) else type(thing)
        if _is_own_class(kind):
            text = re.sub(
                rf"(?<![\w.]){re.escape(f'{kind.__module__}.{kind.__qualname__}')}\b", kind.__qualname__, text
            )
    return text


def _walked(thing: Any, path: str, above: set[int]) -> Iterator[tuple[str, Any]]:
    """Everything in a tree and where it is, static fields and what objects of one's own hold included."""
    if id(thing) in above:
        return
    yield path, thing
    for name, child in _children(thing).items():
        yield from _walked(child, f"{path}{name}" if path else name.removeprefix("."), above | {id(thing)})


def _children(thing: Any) -> Mapping[str, Any]:
    """What something holds, by how it is reached."""
    if isinstance(thing, (*SIMPLE, np.ndarray, np.generic, jax.Array, type)) or _function(thing) is not None:
        held = getattr(thing, "__self__", None) if isinstance(thing, MethodType) else None
        return {} if held is None else {".__self__": held}
    if isinstance(thing, functools.partial):
        return {".func": thing.func, ".args": thing.args, ".keywords": thing.keywords}
    if isinstance(thing, tuple) and (fields := getattr(thing, "_fields", None)):
        return {f".{name}": each for name, each in zip(fields, thing, strict=True)}
    if isinstance(thing, tuple | list):
        return {f"[{i}]": each for i, each in enumerate(thing)}
    if isinstance(thing, Mapping):
        return {f"[{key!r}]": each for key, each in thing.items() if isinstance(key, SIMPLE)}
    if isinstance(thing, Foreign):  # a game that is no pytree
        return {"": thing.game.held}
    if isinstance(thing, eqx.Module) or (dataclasses.is_dataclass(thing) and _is_own_class(type(thing))):
        names = [field.name for field in dataclasses.fields(thing)]
        hidden = ("path",) if isinstance(thing, Shards) else ()  # which counts by its file's digest
        return {f".{name}": getattr(thing, name) for name in names if hasattr(thing, name) and name not in hidden}
    if _is_own_class(type(thing)):
        made = {name for kind in type(thing).__mro__ for name, each in vars(kind).items() if _is_cached(each)}
        return {f".{name}": each for name, each in getattr(thing, "__dict__", {}).items() if name not in made}
    return {}


def _is_cached(attribute: object) -> bool:
    return isinstance(attribute, functools.cached_property)


def _said(thing: Any) -> str:
    """A part in words, which are the same in every process."""
    if isinstance(thing, np.ndarray | np.generic | jax.Array):
        if jnp.issubdtype(thing.dtype, jax.dtypes.prng_key):
            thing = jax.random.key_data(thing)  # type: ignore[arg-type]
        if thing.ndim == 0:
            return str(thing)
        about = f"{thing.dtype}{list(thing.shape)}"
        if thing.nbytes > LARGE:
            return about
        return f"{about} {hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()[:8]}"
    if isinstance(thing, Enum):
        return str(thing)
    if isinstance(thing, SIMPLE):
        return repr(thing)
    if isinstance(thing, type):
        return thing.__qualname__
    return getattr(_function(thing), "__qualname__", type(thing).__name__)


def _is_own_class(kind: type) -> bool:
    """Whether a class is the user's: from a file that is no library's, or from none, as in a notebook."""
    try:
        file = inspect.getsourcefile(kind)
    except (TypeError, OSError):  # built in, or of no file
        return kind.__module__ == "__main__"
    return file is None or _is_own_file(file)


@functools.cache
def _is_own_file(file: str) -> bool:
    return not (file.startswith("<frozen ") or any(map(Path(file).is_relative_to, LIBRARIES)))


def _function(thing: Any) -> FunctionType | None:
    """The Python function in a function, a method, or one that is compiled; `None` for anything else."""
    if isinstance(thing, type) or not callable(thing):
        return None
    try:
        bare = inspect.unwrap(thing)
    except ValueError:
        return None
    bare = getattr(bare, "__func__", bare)
    return bare if isinstance(bare, FunctionType) else None


def _code_of(function: FunctionType, seen: set[int]) -> Any:
    """What a function of one's own does: its code, and the values that it closes over, takes by default or names."""
    if id(function) in seen or not _is_own_file(function.__code__.co_filename):
        return function.__qualname__
    seen.add(id(function))
    inside = lambda value: _value(value, seen)  # noqa: E731
    named = {name: function.__globals__.get(name) for name in _names(function.__code__) if not name.startswith("__")}
    used = {name: inside(each) for name, each in sorted(named.items()) if each is not None}
    cells = [_cell(each) for each in function.__closure__ or ()]
    usual = (function.__defaults__ or (), sorted((function.__kwdefaults__ or {}).items()))
    return _instructions(function.__code__, function.__doc__), used, list(map(inside, cells)), inside(usual)


def _value(value: Any, seen: set[int]) -> Any:
    """What a value that a function uses says of what it does."""
    if (function := _function(value)) is not None:
        return _code_of(function, seen)
    if isinstance(value, tuple | list):
        return [_value(each, seen) for each in value]
    simple = isinstance(value, (*SIMPLE, np.ndarray, np.generic, jax.Array))
    return _said(value) if simple else type(value).__name__


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _names(compiled: CodeType) -> set[str]:
    """The names that code uses, that inside it included."""
    inner = (each for each in compiled.co_consts if isinstance(each, CodeType))
    return {*compiled.co_names}.union(*map(_names, inner))


def _instructions(compiled: CodeType, doc: str | None) -> Any:
    """The instructions of code and its constants, without the docstring, places in a file, and the order of sets."""
    constants = compiled.co_consts[1:] if doc is not None and compiled.co_consts[:1] == (doc,) else compiled.co_consts
    return compiled.co_code.hex(), compiled.co_names, [_constant(each) for each in constants]


def _constant(constant: Any) -> Any:
    if isinstance(constant, CodeType):
        return _instructions(constant, None)
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)
