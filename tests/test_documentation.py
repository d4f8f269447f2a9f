"""What the documentation says: links lead somewhere, no method or claim is missing; that its Python runs is a check."""

import ast
import re

import pytest
from checks.pages import PAGES, ROOT
from tests.torch.museum import MUSEUM
from tests.torch.right import RIGHT
from tests.torch.unusual import UNUSUAL

from saddlery.games import GAMES
from saddlery.losses import LOSSES, PENALTIES
from saddlery.methods import METHODS
from saddlery.torch.audit import findings

LINKS = re.compile(r"\]\((?!https?:)([^)#\s]+)\)")
CLAIMS = (ROOT / "docs" / "claims.md").read_text()


@pytest.mark.parametrize("page", [page for page in PAGES if LINKS.search(page.read_text())], ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    missing = [link for link in LINKS.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def first_column(page):
    """The names in the first column of a page's tables."""
    return set(re.findall(r"^\| `(\w+)", (ROOT / page).read_text(), re.MULTILINE))


def test_every_method_is_documented_and_no_other():
    assert first_column("docs/methods.md") == set(METHODS)


def test_every_game_loss_and_penalty_is_documented_and_no_other():
    assert first_column("docs/games.md") == set(GAMES) | set(LOSSES) | set(PENALTIES)


def test_every_claim_has_a_condition_and_tests_that_are_there():
    found = (path.read_text() for part in ("tests", "checks") for path in (ROOT / part).rglob("test_*.py"))
    tests = {name for text in found for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}
    lines = [line for line in CLAIMS.splitlines() if line.startswith("| ") and not line.startswith("| sentence |")]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert len(rows) > 100
    for sentence, condition, behind in rows:
        named = re.findall(r"`(test_\w+)`", behind)
        assert condition.strip(), sentence
        assert named or behind.strip() == "the same", sentence
        assert {*named} <= tests, {*named} - tests


def subjects(source):
    """The subjects of the findings that are made in a module's text, up to what is filled in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            subject = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            if isinstance(subject, ast.Constant):
                yield subject.value


def test_what_every_finding_is_about_is_among_the_claims():
    source = ROOT / "src" / "saddlery"
    modules = [path for part in ("report", "studies") for path in (source / part).rglob("*.py")]
    made = [subject for path in modules for subject in subjects(path.read_text())]
    assert len(made) > 40
    assert [each for each in made if f"*{each}" not in CLAIMS] == []


def test_every_code_of_a_check_in_pytorch_is_documented_in_its_own_words():
    table = re.findall(r"^\| (F\d\d) \| (.*) \|$", (ROOT / "docs" / "pytorch.md").read_text(), re.MULTILINE)
    assert dict(table) == findings.CODES


def test_every_mistake_of_the_museum_is_documented_with_its_source_and_its_codes():
    text = (ROOT / "docs" / "mistakes.md").read_text()
    rows = re.findall(r"^\| (.*) \| (.*) \| \[[^]]*\]\((.*)\) \| (F.*) \|$", text, re.MULTILINE)
    assert rows == [(each.name, each.mistake, each.source, ", ".join(each.codes)) for each in MUSEUM]
    words = " ".join(text.split())
    assert f"Of {len(RIGHT)} loops that are right" in words
    assert f"and of {len(UNUSUAL)} that are unusual" in words
