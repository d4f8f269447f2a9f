"""Every study at its tiny scale: it runs, writes its page, finds what it found, and goes on with what is there."""

import re

import pytest

from checks import recorded
from saddlery.cli import main
from saddlery.cli.study import STUDIES

ANEW = {
    ".saddlery",
    ".saddlery.lock",
    "run.json",
    "results.zarr",
}  # who holds a folder, and what is written at each end


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs_writes_its_page_and_goes_on(name, tmp_path):
    command = ["study", name, "--scale", "tiny", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(command) == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)  # it opens without a network
    assert not re.search(r">\s*(?:nan|None|inf)\s*<", page)
    pictures = list((tmp_path / "out" / "figures").glob("*.png"))
    assert pictures
    assert all(path.stat().st_size > 1000 for path in pictures)
    assert recorded.compare(f"study-{name}", recorded.of_study(tmp_path / "out")) == []
    made = times(tmp_path / "out" / "parts")
    assert main(command) == 0
    assert times(tmp_path / "out" / "parts") == made  # nothing was computed again


def times(folder):
    """When each file of results was written."""
    files = (path for path in folder.rglob("*") if path.is_file() and not ANEW & {*path.relative_to(folder).parts})
    return {path: path.stat().st_mtime_ns for path in files}
