"""What the documentation says: its Python runs, its links lead somewhere, and no method is missing."""

import re
from pathlib import Path

import pytest

from saddlery.games import GAMES
from saddlery.losses import LOSSES
from saddlery.methods import METHODS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SNIPPETS = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINKS = re.compile(r"\]\((?!https?:)([^)#\s]+)\)")


def pages_with(pattern):
    """The pages in which something is found, each a test."""
    return pytest.mark.parametrize("page", [p for p in PAGES if pattern.search(p.read_text())], ids=lambda p: p.name)


@pages_with(SNIPPETS)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(SNIPPETS.findall(page.read_text())), page.name, "exec"), {})


@pages_with(LINKS)
def test_the_links_of_a_page_lead_somewhere(page):
    missing = [link for link in LINKS.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def first_column(page):
    """The names in the first column of a page's tables."""
    return set(re.findall(r"^\| `(\w+)", (ROOT / page).read_text(), re.MULTILINE))


def test_every_method_is_documented_and_no_other():
    assert first_column("docs/methods.md") == set(METHODS)


def test_every_game_and_loss_is_documented_and_no_other():
    assert first_column("docs/games.md") == set(GAMES) | set(LOSSES)
