"""The files of a training that was watched in PyTorch: its records, and the report beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlery._system.files import read_json
from saddlery.records.claims import LIVE

RECORDS = f"{LIVE}/0-0.jsonl"  # of the one run that a watch records
REPORT = "report.json"
UNNAMED = "watched training"  # the title where a watch was given none


def report(folder: Path) -> Mapping[str, Any]:
    """What stands in a watched training's report; nothing where there is none.

    It is written when an alarm rings and at the end, so that it may be older than the records.

    **Raises:** `Damaged` when it is no JSON.
    """
    try:
        held = read_json(folder / REPORT, "report of a watched training")
    except FileNotFoundError:
        return {}
    return held if isinstance(held, dict) else {}
