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

# Why a public signature says `Any`, and where.
REASONS = {
    "a GAN, or a game with something wrapped around it or of the user's own, that passes on what a GAN has": (
        "diagnosis.trial.TrialMeasures.measure game", "experiments.built.BuiltExperiment.game ->",
        "experiments.built.require_room game", "metrics.probes.Probe.__call__ game",
        "metrics.probes.Probe.measure game", "report.sheet.png game", "runs.curvature.Curvature.measure game",
        "runs.method_probe.MethodProbe.__call__ game", "runs.method_probe.MethodProbe.measure game",
        "runs.signals.Signals.measure game",
    ),
    "data or an optimiser of the user's own, of which only what it has to do is known": (
        "data.catalogue.as_data ->", "diagnosis.candidates.scaled optimiser", "games.gan.Sampled.data ->",
    ),
    "anything, of which the function says what it is by what it has": (
        "networks.adapters.as_network thing", "networks.writing.written network",
    ),
    "arguments of another function, passed on": (
        "data.catalogue.as_data settings", "dynamics.spectrum.Spectra.__init__ settings",
        "experiments.execution.run_experiment arguments", "experiments.execution.run_experiment options",
        "experiments.levels.Sweep.sel levels", "optimisers.optimiser arguments", "plugins.Installed.__call__ ->",
        "plugins.Installed.__call__ arguments", "plugins.Installed.__call__ named", "results.Results.diagnose settings",
        "sweeping.sweep settings",
    ),
    "what a text or a file says, of whatever type it is": (
        "_system.files.parse_json ->", "_system.files.read_json ->", "text.call.literal ->",
    ),
    "NumPy's array or JAX's, as it came in, or of one sample a number": (
        "metrics.entry.images ->", "metrics.entry.numbers ->", "metrics.entry.samples ->",
        "metrics.inversion.log_prior ->",
    ),
    "a part of a diagnosis, whose type pictures cannot import, since they need no JAX": (
        "plots.trends.Diagnosed.evidence ->", "plots.trends.Diagnosed.facts ->",
        "plots.trends.Diagnosed.record ->", "plots.trends.Diagnosed.subject ->", "plots.trends.Diagnosed.trial ->",
    ),
}  # fmt: skip

# Names of `Any`, which say what is meant where no type can say more: pytrees of the game's or the rule's own structure.
ALIASES = {f"types.{name}" for name in ("Batch", "Memory", "Parameters", "Samples")}


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


def modules():
    """Each module of the package, by its name in it, and what it consists of."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield ".".join(path.relative_to(SOURCE).with_suffix("").parts), ast.parse(path.read_text()).body


def said():
    """What is said of each argument and each value returned, by name; of overloaded functions several times."""
    found = {}
    for module, body in modules():
        for name, annotation in signatures(body, module):
            found.setdefault(name, []).append(annotation)
    return found


def is_vague(annotation):
    """Whether it is `Any`: alone, beside other types, with a shape or as a text."""
    match annotation:
        case ast.Constant(value=str(text)):
            return is_vague(ast.parse(text, mode="eval").body)
        case ast.BinOp(left=left, right=right):
            return is_vague(left) or is_vague(right)
        case ast.Subscript(value=ast.Name(id="Literal")):
            return False
        case ast.Subscript(value=ast.Name(id="Optional" | "Union"), slice=inside):
            return any(map(is_vague, getattr(inside, "elts", [inside])))
        case ast.Subscript(slice=ast.Tuple(elts=[held, ast.Constant(value=str())])):  # of jaxtyping
            return is_vague(held)
    return (isinstance(annotation, ast.Name) and annotation.id == "Any") or getattr(annotation, "attr", "") == "Any"


@pytest.mark.parametrize("text", ["Any", "Any | None", "int | Any", "'Any | None'", "Optional[Any]", "Union[int, Any]",
                                  "typing.Any", "Float[Any, 'n m']"])  # fmt: skip
def test_any_is_found_where_it_hides(text):
    assert is_vague(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text", ["int", "object", "dict[str, Any]", "Callable[..., Any]", "Float[Array, 'n m']", "None"]
)
def test_other_types_are_not_any(text):
    assert not is_vague(ast.parse(text, mode="eval").body)


def test_the_stub_has_every_public_name_at_its_home():
    stub = ast.parse((SOURCE / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert all(each.asname == each.name for node in imports for each in node.names)  # what is exported
    found = {each.name: node.module for node in imports for each in node.names}
    homes = {name: f"saddlery.{home}" for name, home in saddlery._HOMES.items()}
    assert found == homes | dict.fromkeys(saddlery._MODULES, "saddlery")


def test_every_signature_says_something():
    everything = said()
    assert len(everything) > 2000
    assert [name for name, annotations in everything.items() if None in annotations] == []


def test_where_a_signature_says_any_is_known_with_its_reason():
    everything = said()
    vague = {name for name, annotations in everything.items() if any(map(is_vague, annotations))}
    assert vague == {name for names in REASONS.values() for name in names}
    assert len(vague) <= 0.05 * len(everything)


def test_no_other_name_stands_for_any():
    assigned = (ast.Assign, ast.AnnAssign)
    found = {
        f"{module}.{ast.unparse(getattr(node, 'target', None) or node.targets[0])}"
        for module, body in modules()
        for node in body
        if isinstance(node, assigned) and not isinstance(node.value, ast.Constant) and is_vague(node.value)
    }
    assert found == ALIASES


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
