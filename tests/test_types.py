"""What the library says of its types: a stub with every public name, and few signatures that say nothing."""

import ast
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import saddlery

SOURCE = Path(saddlery.__file__).parent
CORE = ("data", "dynamics", "game", "games", "generators", "losses", "method", "methods", "metrics", "networks",
        "optimisers", "rules", "schedules", "types")  # fmt: skip

# Why a signature of the numerical core says `Any`, and where.
REASONS = {
    "a GAN, or a game with something wrapped around it that passes on what the GAN has": (
        "games.gan.as_gan game", "metrics.probes.Classes.measure game", "metrics.probes.Colours.__call__ game",
        "metrics.probes.Distances.measure game", "metrics.probes.Losses.measure game",
        "metrics.probes.Modes.measure game", "metrics.probes.Probe.__call__ game", "metrics.probes.Probe.measure game",
        "metrics.probes.Samples.measure game", "metrics.suited.perfect game", "metrics.suited.probes game",
        "game.adopt ->", "game.unwrapped game", "game.unwrapped ->",
    ),
    "any pytree, searched for what it holds": (
        "data.shards.holds_shards game", "data.shards.refill game", "game.afford tree",
    ),
    "anything, of which the function says what it is": (
        "metrics.entry.known x", "metrics.suited.suited data", "networks.adapters.as_network thing",
        "networks.writing.written network", "methods.options.combined rule",
    ),
    "arguments of another function, passed on": (
        "data.catalogue.as_data settings", "dynamics.spectrum.Spectra.__init__ settings",
        "methods.amendments.Numbers.__init__ named", "optimisers.optimiser arguments",
    ),
    "what a text names, or what was given as it is": (
        "data.catalogue.as_data ->", "optimisers.as_optimiser ->", "schedules.schedule.descend optimiser",
    ),
    "NumPy's array or JAX's, as it came in": (
        "metrics.entry.images ->", "metrics.entry.numbers ->", "metrics.entry.samples ->",
        "metrics.inception.seen images", "metrics.inversion.log_prior ->",
        "metrics.inversion.targets_of ->", "metrics.inversion.targets_of images",
        "metrics.modes.histograms ->", "metrics.modes.histograms counts",
    ),
    "an array or a pytree of them, as the function differentiated has it": (
        "dynamics.jacobian.Field.__call__ ->", "dynamics.jacobian.mean ->", "dynamics.jacobian.mean keys",
        "dynamics.stability.derivative ->", "dynamics.stability.without_zero_moments ->",
    ),
}  # fmt: skip


def signatures(nodes, where):
    """Each argument and each value returned of public functions, and what is said of its type."""
    for node in nodes:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from signatures(node.body, f"{where}.{node.name}")
        name = getattr(node, "name", "_")
        if isinstance(node, ast.FunctionDef) and (not name.startswith("_") or name in ("__init__", "__call__")):
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
            for argument in filter(None, every):
                if argument.arg not in ("self", "cls"):
                    yield f"{where}.{name} {argument.arg}", argument.annotation
            if name != "__init__":
                yield f"{where}.{name} ->", node.returns


def said(rooms):
    """Those of some rooms, by name."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE).with_suffix("")
        if module.parts[0] in rooms:
            found |= dict(signatures(ast.parse(path.read_text()).body, ".".join(module.parts)))
    return {name: "nothing" if annotation is None else ast.unparse(annotation) for name, annotation in found.items()}


def test_the_stub_has_every_public_name_at_its_home():
    stub = ast.parse((SOURCE / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert all(each.asname == each.name for node in imports for each in node.names)  # what is exported
    found = {each.name: node.module for node in imports for each in node.names}
    homes = {name: f"saddlery.{home}" for name, home in saddlery._HOMES.items()}
    assert found == homes | dict.fromkeys(saddlery._MODULES, "saddlery")


def test_every_signature_of_the_core_says_something():
    assert [name for name, what in said(CORE).items() if what == "nothing"] == []


def test_where_a_signature_of_the_core_says_any_is_known_with_its_reason():
    everything = said(CORE)
    vague = {name for name, what in everything.items() if what == "Any"}
    assert vague == {name for names in REASONS.values() for name in names}
    assert len(vague) <= 0.05 * len(everything)


def test_few_signatures_of_the_whole_library_say_any():
    everything = said({path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in SOURCE.rglob("*.py")})
    assert len(everything) > 2000
    assert sum(what in ("Any", "nothing") for what in everything.values()) <= 0.05 * len(everything)


@pytest.mark.skipif(find_spec("pyright") is None, reason="pyright is an extra, for lint")
def test_nine_tenths_of_what_is_public_have_types_known_from_outside(tmp_path):
    folder = Path(sys.executable).parent  # where the interpreter's own packages are found
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCE.parent),
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }
    command = [sys.executable, "-m", "pyright", "--verifytypes", "saddlery", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    report = json.loads(done.stdout)["typeCompleteness"]
    assert report["exportedSymbolCounts"]["withKnownType"] > 1000
    assert report["completenessScore"] >= 0.9
