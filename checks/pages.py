"""The pages of the documentation, and the Python in them."""

import contextlib
import re
from pathlib import Path

from saddlery import plugins

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SNIPPETS = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(page):
    """Run a page's snippets one after another, as a reader would."""
    with without_plugins():
        exec(compile("\n".join(SNIPPETS.findall(page.read_text())), page.name, "exec"), {})


@contextlib.contextmanager
def without_plugins():
    """What is done inside adds no parts by name to what follows."""
    before = {kind: dict(table) for kind, table in plugins.tables().items()}
    try:
        yield
    finally:
        for kind, table in plugins.tables().items():
            table.clear()
            table.update(before[kind])
        plugins._loaded.clear()
        plugins._discovered.clear()
