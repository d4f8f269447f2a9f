"""The pictures that runs are trained on: recorded by what they are and where they lay, found again, and compared.

`run.json` holds for each data set of files what it was called, where it was, and the digest of its manifest, which lies
in the folder too: names of files with digests of what they hold. A run that goes on looks for the pictures where they
were, then from its folder, and goes on with no others.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlery._system.files import read_limited
from saddlery.data.catalogue import DATA
from saddlery.data.folder import manifest_of
from saddlery.data.images import Images
from saddlery.data.kept import LABELS
from saddlery.data.manifest import FILE, UNREAD, Manifest, compare_manifests, manifest_of_file, parsed, written
from saddlery.data.origin import Origin, origin_of
from saddlery.data.stand_in import StandIn
from saddlery.errors import Damaged, InvalidValue, NotFound
from saddlery.records import storage
from saddlery.records.claims import MANIFESTS, RUN
from saddlery.records.description import Description
from saddlery.text.arguments import plain
from saddlery.text.call import Call, parse

LARGEST = 1 << 32  # bytes of a manifest


def recorded(folder: Path, games: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of the pictures of some games, whose manifests are written into the folder.

    In JSON's types: `game`, which of the games; `name`, `images` and `digest`, of the manifest; `absolute`, where they
    lay, and `relative`, from the folder; `settings`, of `saddlery.data.folder`, none of a file of arrays; `count`, how
    many could be read, `shape`, of an image, and `labelled`.
    """
    found = []
    for index, game in enumerate(games.values()):
        if (origin := origin_of(game)) is None:
            continue
        manifest = origin.manifest()
        (folder / MANIFESTS).mkdir(exist_ok=True)
        storage.write(_manifest(folder, manifest.digest), written(manifest))
        places = {"absolute": str(origin.path), "relative": os.path.relpath(origin.path, folder.absolute())}
        about = {"settings": dict(origin.settings)} | _shaped(origin, manifest, getattr(game, "data", None))
        found.append({"game": index} | manifest.summary() | places | about)
    return found


def _shaped(origin: Origin, manifest: Manifest, data: Any) -> dict[str, Any]:
    """What a stand-in for the images needs to know: their number, the shape of one, and whether they have labels."""
    if origin.kept is None:
        count, *shape = data.images.shape if isinstance(data, Images) else (1, *data.shard.images.shape[1:])
        return {"labelled": getattr(data, "labels", None) is not None, "count": count, "shape": shape}
    size, channels = origin.settings["size"], origin.settings["channels"]
    read = sum(digest != UNREAD for digest in manifest.files.values())
    return {"labelled": (origin.kept / LABELS).exists(), "count": read, "shape": [size, size, channels]}


def require_recorded(folder: Path, held: Description, games: Mapping[str, Any]) -> None:
    """Refuse games on other pictures than those that a folder's runs are trained on.

    **Raises:** `ValueError` saying how they differ.
    """
    for each in held.data:
        game = list(games.values())[each["game"]]
        origin = origin_of(game)
        if origin is not None and (now := origin.manifest()).digest != each["digest"]:
            raise InvalidValue(_other(folder, origin.path, _read(folder, each["digest"]), now))


def placed(folder: Path, held: Description, texts: Sequence[str], given: str | None = None) -> dict[str, Call]:
    """The calls of a folder's games with the pictures where they are now, by the games' texts.

    **Arguments:** `texts`: of the games; `given`: where the user says that the pictures are.

    **Raises:** `FileNotFoundError` when they are not found; `ValueError` when others are in their place, saying how
    they differ, or `given` is given to runs without pictures.
    """
    found = {}
    for text, call, each in _calls(held, texts):
        said = call.arguments["data"]
        data = parse(said) if said.partition("(")[0].strip() in DATA else None  # folder(path=…), or a path alone
        place = str(_found(folder, each, said if data is None else data.arguments["path"], given))
        argument = place if data is None else str(Call(data.name, data.arguments | {"path": place}))
        found[text] = Call(call.name, call.arguments | {"data": argument})
    if given is not None and not found:
        raise InvalidValue(f"data: got {plain(given)!r}; {plain(folder)} holds no runs on pictures of files")
    return found


def blank(held: Description, texts: Sequence[str]) -> dict[str, Call]:
    """The calls of a folder's games with stand-ins in the place of the pictures, by the games' texts."""
    found = {}
    for text, call, each in _calls(held, texts):
        stand_in = StandIn(each["count"], tuple(each["shape"]), each["labelled"])
        found[text] = Call(call.name, call.arguments | {"data": stand_in})
    return found


def _calls(held: Description, texts: Sequence[str]) -> Iterator[tuple[str, Call, dict[str, Any]]]:
    """The games on recorded pictures that a text makes again: the text, the call, and what is recorded."""
    for each in held.data:
        try:
            text = texts[int(each["game"])]
            call = parse(text)
        except (IndexError, ValueError, TypeError) as error:
            raise Damaged(f"{RUN} is damaged: its data are not those of its games") from error
        if isinstance(call.arguments.get("data"), str):
            yield text, call, each


def _found(folder: Path, each: Mapping[str, Any], text: str, given: str | None) -> Path:
    """Where the recorded pictures are now."""
    wanted, other, error = _read(folder, each["digest"]), "", None
    for place in dict.fromkeys(_places(folder, each, text, given)):
        try:
            now = manifest_of(place, **each["settings"]) if each["settings"] else manifest_of_file(place)
        except (OSError, ValueError) as found:
            error = error or (None if isinstance(found, FileNotFoundError) else found)
            continue
        if now.digest == wanted.digest:
            return place
        other = other or _other(folder, place, wanted, now)
    if other:
        raise InvalidValue(other)
    if error is not None:
        raise error
    where = f"not at {plain(given)}" if given is not None else "neither where they were nor beside it"
    raise NotFound(
        f"{plain(folder)}: its pictures, {plain(each['name'], 120)}, are {where}; say where they are: --data PATH "
        "(in Python: data=…)"
    )


def _places(folder: Path, each: Mapping[str, Any], text: str, given: str | None) -> Iterator[Path]:
    """Where the pictures may be, absolute: where the user says, or where they were, then as seen from the folder."""
    if given is not None:
        yield Path(os.path.expanduser(given)).absolute()
        return
    folder = folder.absolute()
    yield Path(each["absolute"])
    yield Path(os.path.normpath(folder / each["relative"]))
    if not os.path.isabs(os.path.expanduser(text)):
        yield Path(os.path.normpath(folder / text))
    yield folder / Path(each["absolute"]).name
    yield folder.parent / Path(each["absolute"]).name


def _other(folder: Path, place: Path, wanted: Manifest, now: Manifest) -> str:
    """How the pictures at a place differ from those that the runs of a folder are trained on."""
    if [*wanted.files] == [*now.files] == [FILE]:
        differ = f"{plain(place)} holds other arrays"
    else:
        differ = f"of the pictures in {plain(place)}, {compare_manifests(wanted, now)}"
    where = "put them back, or say where they are: --data PATH (in Python: data=…)"
    return f"{plain(folder)} was computed on other data: {differ}; {where}"


def _manifest(folder: Path, digest: str) -> Path:
    return folder / MANIFESTS / f"{digest}.txt"


def _read(folder: Path, digest: str) -> Manifest:
    """The manifest that a folder holds.

    **Raises:** `Damaged` when it is not there, or not the one.
    """
    path = _manifest(folder, digest)
    try:
        found = parsed(read_limited(path, LARGEST).decode("ascii", "replace"), path)
    except FileNotFoundError as error:
        raise Damaged(f"{plain(path)} is missing, which says what its pictures are") from error
    if found.digest != digest:
        raise Damaged(f"{plain(path)} is damaged: it changed since it was written")
    return found
