"""Every study at its tiny scale: it runs, goes on with what is there, writes its page, and finds what it found."""

import re
from pathlib import Path

import pytest

from checks import recorded
from saddlery.cli import main
from saddlery.cli.study import STUDIES

pytestmark = [
    pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in STUDIES])
]
_folders = {}


@pytest.fixture
def folder(name, tmp_path_factory):
    """The study's folder, run once."""
    if name not in _folders:
        _folders[name] = tmp_path_factory.mktemp(name) / "out"
        assert main(["study", name, "--scale", "tiny", "--out", str(_folders[name]), "--quiet"]) == 0
    return _folders[name]


def test_it_writes_a_page_that_opens_without_a_network(folder, name):
    page = (folder / "report.html").read_text()
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert not re.search(r">\s*(?:nan|None|inf)\s*<", page)
    assert "�" not in page
    pictures = list((folder / "figures").glob("*.png"))
    assert pictures
    assert all(path.stat().st_size > 1000 for path in pictures)


def test_what_is_there_is_not_computed_again(folder, name):
    made = {path: path.stat().st_mtime_ns for path in Path(folder, "parts").rglob("*") if path.is_file()}
    assert main(["study", name, "--scale", "tiny", "--out", str(folder), "--quiet"]) == 0
    again = {path: path.stat().st_mtime_ns for path in Path(folder, "parts").rglob("*") if path.is_file()}
    assert {path for path in made if again.get(path) != made[path] and path.name not in LIVE} == set()


LIVE = (".saddlery",)  # files that say who holds a folder and what is in it


def test_its_results_are_as_before(folder, name):
    assert recorded.compare(f"study-{name}", recorded.of_study(folder)) == []
