"""`run.json`: what the runs of a folder are, compared before they are gone on with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlery import storage
from saddlery.claims import RUN
from saddlery.fingerprint import compare
from saddlery.reading import Damaged, read_json

FORMAT = 2


def describe(folder: Path, now: dict[str, Any], going_on: bool) -> None:
    """Write what a folder's runs are now into it; of one that is gone on with, compare it with what is there.

    **Raises:** `ValueError` when the folder holds other runs, naming what differs; `Damaged` when it does not say.
    """
    path = folder / RUN
    if going_on:
        if not path.is_file():
            raise Damaged(f"out: {folder} holds no {RUN}, which says what its runs are; choose another folder")
        held = read_json(path, "description of a run")
        if not isinstance(held, dict) or held.get("format") != FORMAT:
            raise ValueError(f"out: {path} is damaged, or of another version of Saddlery; choose another folder")
        compare(f"out: {folder}", _flat(held), _flat(now))
        begun, wanted = held["steps"], now["steps"]
        if wanted < begun or (wanted > begun and begun % held["every"]):
            raise ValueError(
                f"steps: {folder} was begun with {begun}; it can be resumed with as many, or with more where "
                f"that number is a multiple of its every, {held['every']}; got {wanted}"
            )
    try:
        storage.write(path, json.dumps({"format": FORMAT, **now}, indent=1))
    except OSError as error:
        raise OSError(f"out: {folder} cannot be written: {error.strerror or error}") from error


def _flat(held: Mapping[str, Any]) -> dict[str, Any]:
    """A run's description and fingerprint as one, but for its number of steps, which may grow."""
    asked = {name: held.get(name) for name in ("every", "seeds", "key")}
    return {**held, "description": asked | (held.get("description") or {})}
