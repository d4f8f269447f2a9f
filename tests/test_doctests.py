"""The examples in docstrings: each prints what its formula gives, and what is public has one."""

import ast
import doctest
from importlib import import_module
from pathlib import Path

import pytest

import saddlery

SOURCE = Path(saddlery.__file__).parent
CORE = ("data", "dynamics", "game", "games", "generators", "losses", "method", "methods", "metrics", "networks",
        "optimisers", "rules", "schedules", "types")  # fmt: skip
WITHOUT = {
    "data.cifar.cifar10": "needs files that are downloaded",
    "data.fetch.get": "downloads",
    "data.folder.folder": "reads a folder of pictures and keeps what it decoded in the user's cache",
    "data.folder.manifest_of": "likewise",
    "data.kept.learn": "writes into the user's cache",
    "data.mnist.mnist": "needs files that are downloaded",
    "metrics.classifier.classifier": "trains for seconds, and keeps what it trained in the user's cache",
    "metrics.inception.inception": "needs a package and weights that are no part of the tests",
}
MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if ">>> " in path.read_text()]


def examples(path):
    """The examples of each docstring of a file, read from its source: what decorators wrap is there as well."""
    name = ".".join(("saddlery", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    names = dict(vars(import_module(name)))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            what = f"{name}.{getattr(node, 'name', '')}"
            yield doctest.DocTestParser().get_doctest(text, dict(names), what, str(path), getattr(node, "lineno", 0))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(path.relative_to(SOURCE).with_suffix("").parts))
def test_examples_print_what_they_say(path):
    runner, said = doctest.DocTestRunner(), []
    for example in examples(path):
        runner.run(example, out=said.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(said)


def test_every_public_function_of_the_core_has_an_example():
    lacking = set()
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        for node in ast.parse(path.read_text()).body if parts[0] in CORE else ():
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and ">>> " not in (ast.get_docstring(node) or ""):
                lacking.add(".".join((*parts, node.name)))
    assert lacking == set(WITHOUT)
