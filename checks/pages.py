"""The pages of the documentation, and the Python in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SNIPPETS = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(page):
    """Run a page's snippets one after another, as a reader would."""
    exec(compile("\n".join(SNIPPETS.findall(page.read_text())), page.name, "exec"), {})
