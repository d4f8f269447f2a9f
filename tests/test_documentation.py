"""What the documentation says: its links lead somewhere, no method is missing, and the first page's Python runs.

The Python of the other pages takes longer and is among the checks.
"""

import re

import pytest
from checks.pages import PAGES, ROOT, run

from saddlery.games import GAMES
from saddlery.losses import LOSSES
from saddlery.methods import METHODS

LINKS = re.compile(r"\]\((?!https?:)([^)#\s]+)\)")


def test_the_python_of_the_first_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(ROOT / "README.md")


@pytest.mark.parametrize("page", [page for page in PAGES if LINKS.search(page.read_text())], ids=lambda page: page.name)
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
