"""Folders as `saddlery.torch.watch` writes them, made up without PyTorch."""

import json

from saddlery.records import description
from saddlery.records.claims import LIVE, claim
from saddlery.records.description import Description
from saddlery.records.live import LiveFile


def watched_folder(path, rows, report=None, every=50, ignore=()):
    """A folder with these records, a dictionary each, `every` steps apart from the first, and this report."""
    with claim(path):
        description.write(path, Description("watched", {"title": "mine", "every": every, "ignore": [*ignore]}))
        file = LiveFile(path / LIVE / "0-0.jsonl", lambda: {"label": "mine", "seed": 0, "variables": {}})
        for i, row in enumerate(rows, 1):
            file.append(i * every, 0.1 * i, row)
        file.flush()
        if report is not None:
            (path / "report.json").write_text(json.dumps(report))
    return path
