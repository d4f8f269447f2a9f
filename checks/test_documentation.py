"""The Python of every page of the documentation runs."""

import pytest

from checks.pages import PAGES, SNIPPETS, run


@pytest.mark.parametrize("page", [p for p in PAGES if SNIPPETS.search(p.read_text())], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)
