"""The description of a folder, `run.json`: the words that make its runs again, and what their numbers depend on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from saddlery import __version__
from saddlery._system.files import read_json
from saddlery.errors import Damaged, InvalidValue, NotFound
from saddlery.records import storage
from saddlery.records.claims import FORMER, RUN
from saddlery.text.arguments import plain, quoted

FORMAT = 6
DATA = {"game", "name", "digest", "count", "absolute", "relative", "settings", "labelled"}  # that is said of a data set
KINDS = ("experiment", "training", "watched")  # of `saddlery run` and `sweep`, of `train`, of `saddlery.torch.watch`


class Description(NamedTuple):
    """A description, the content of `run.json`.

    - `kind`: one of `KINDS`; `what`: the arguments of the experiment or of the training, in JSON's types.
    - `fingerprint`: of `saddlery.runs.fingerprint`, `None` until all is built.
    - `version`: of Saddlery; `plugins`: the SHA-256 of each plugin's source, by its name.
    - `data`: the data sets of files that its games are on, as `saddlery.experiments.pictures` records them.
    """

    kind: str
    what: dict[str, Any]
    fingerprint: dict[str, Any] | None = None
    version: str = __version__
    plugins: Mapping[str, str] = MappingProxyType({})
    data: Sequence[dict[str, Any]] = ()


def depends_on(held: Description) -> dict[str, Any]:
    """The arguments of a training that its results depend on: not how many steps, which may grow, nor `again`."""
    return {name: value for name, value in held.what.items() if name not in ("steps", "again")}


def require_game(held: Description, folder: Path | str) -> None:
    """Refuse a folder whose training had no game of Saddlery's, where one is needed.

    **Raises:** `ValueError` naming what reads it.
    """
    if held.kind == "watched":
        raise InvalidValue(
            f"{plain(folder)} holds a training that was watched in PyTorch: there is no game to train, draw from or "
            "measure; saddlery report, watch, export and diagnose read it"
        )


def recorded_every(folder: Path) -> int | None:
    """The steps between two records of the runs that a folder holds; `None` when it holds none."""
    try:
        return read(folder).what.get("every")
    except FileNotFoundError:
        return None


def write(folder: Path, description: Description) -> None:
    """Write `run.json` into a folder.

    **Raises:** `OSError` when it cannot be written.
    """
    held = {
        "format": FORMAT,
        "saddlery": description.version,
        description.kind: description.what,
        "plugins": dict(description.plugins),
        "data": list(description.data),
        "fingerprint": description.fingerprint,
    }
    try:
        storage.write(folder / RUN, json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    except FileExistsError:
        raise
    except OSError as error:
        raise OSError(f"{plain(folder)} cannot be written: {error.strerror or error}") from error


def read(folder: Path) -> Description:
    """Read `run.json` of a folder.

    **Raises:** `FileNotFoundError` when the folder holds none; `ValueError` when it was written by another version,
    which is named with the command that makes the folder again; `Damaged` when it cannot be read.
    """
    path = Path(folder) / RUN
    if not path.is_file():
        if (Path(folder) / FORMER[0]).is_file():
            raise InvalidValue(_former(Path(folder)))
        raise NotFound(f"{plain(folder)} holds no runs: there is no {plain(path)}")
    held = read_json(path, "description of runs")
    if not isinstance(held, dict):
        raise Damaged(f"{plain(path)} is damaged: it is no description of runs")
    if held.get("format") != FORMAT:
        version = plain(held.get("saddlery", "0.1"), 40)
        raise InvalidValue(
            f"{plain(path)} has format {quoted(held.get('format'))}, this version of Saddlery reads format {FORMAT}; "
            f'read it with version {version} (pip install "saddlery=={version}"), or train again in another folder'
        )
    kind = next((kind for kind in KINDS if isinstance(held.get(kind), dict)), None)
    fingerprint = held.get("fingerprint")
    if kind is None or not isinstance(fingerprint, dict | None):
        raise Damaged(f"{plain(path)} is damaged: it is no description of runs")
    plugins = held.get("plugins") or {}
    if not isinstance(plugins, dict) or not all(isinstance(each, str) for each in plugins.values()):
        raise Damaged(f"{plain(path)} is damaged: its plugins are no digests by name")
    data = held.get("data") or []
    if not isinstance(data, list) or not all(isinstance(each, dict) and each.keys() >= DATA for each in data):
        raise Damaged(f"{plain(path)} is damaged: its data are no data sets of files")
    return Description(kind, held[kind], fingerprint, str(held.get("saddlery")), plugins, data)


def _former(folder: Path) -> str:
    """What is said of a folder by Saddlery 0.1: which version reads it, and the command that makes it again."""
    try:
        command = read_json(folder / FORMER[0], "description of an experiment").get("command") or ""
    except (OSError, ValueError, AttributeError):
        command = ""
    again = f"; make it again, in another folder, by: {plain(command, 1000)}" if command else ""
    return f'{plain(folder)} was made by Saddlery 0.1, which reads it (pip install "saddlery==0.1.0"){again}'
