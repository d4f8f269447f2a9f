"""Architecture: which package may import which, what an import loads, and that its public names are there."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import saddlery

ROOT = Path(__file__).parent.parent
HEAVY = {"jax", "equinox", "optax", "lineax", "orbax", "numpy", "scipy", "sklearn", "xarray", "zarr", "pandas",
         "matplotlib", "jinja2"}  # fmt: skip


def modules(program):
    """The modules that Python has loaded at a program's end."""
    shown = f"import sys\n{program}\nprint(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(ended.stderr.split())


def loaded(program):
    """The packages that Python has loaded at a program's end."""
    return {module.partition(".")[0] for module in modules(program)}


def test_imports_point_one_way():
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize(
    "program",
    [
        "import saddlery",
        "from saddlery.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass",
        "from saddlery.cli import main\ntry:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass",
        "from saddlery.cli import main\ntry:\n    main(['study', '--help'])\nexcept SystemExit:\n    pass",
        "from saddlery.cli import main\ntry:\n    main(['watch', '--help'])\nexcept SystemExit:\n    pass",
    ],
    ids=["import", "help", "help of a command", "help of studies", "help of watch"],
)
def test_nothing_heavy_is_loaded_before_it_is_used(program):
    found = loaded(program)
    assert "saddlery" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize(
    "program",
    [
        "import saddlery.studies.study, saddlery.analysis.comparison\n"
        "from saddlery.report import page, sheet, summary, tables, words",
        "import numpy as np, xarray as xr\nfrom saddlery import plots\n"
        "plots.curves(xr.Dataset({'generator_loss': ('step', np.ones(3))}, {'step': range(3)}))",
    ],
    ids=["reports", "pictures"],
)
def test_reports_and_pictures_are_made_without_jax(program):
    assert loaded(program) & {"jax", "equinox", "optax"} == set()


def test_what_a_run_imports_has_no_statistics_of_scipys_which_are_slow_to_load():
    found = modules("import saddlery.experiments.built, saddlery.experiments.execution, saddlery.metrics")
    assert "saddlery.metrics.classes" in found
    assert {each for each in found if each.startswith(("scipy.stats", "sklearn"))} == set()


@pytest.mark.parametrize("name", saddlery.__all__)
def test_a_public_name_is_there(name):
    assert getattr(saddlery, name) is not None
    assert name in dir(saddlery)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        saddlery.trian  # noqa: B018


def test_the_version_is_the_installed_one():
    assert saddlery.__version__ == metadata.version("saddlery")


def test_constraints_are_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    assert all(len(pin) == 2 and pin[1][0].isdigit() for pin in pins)
    assert {"jax", "jaxlib", "torch", "pytest"} <= {name for name, _ in pins}


def test_tests_mirror_the_source():
    """But for those of the repository itself; `test_init.py` is a package's `__init__.py`."""
    source, here = Path(saddlery.__file__).parent, Path(__file__).parent
    ours = {"test_architecture.py", "test_doctests.py", "test_documentation.py", "test_examples.py"}
    strays = []
    for path in here.rglob("test_*.py"):
        of = path.relative_to(here).with_name(path.name.removeprefix("test_").replace("init.py", "__init__.py"))
        if str(path.relative_to(here)) not in ours and not (source / of).exists():
            strays.append(str(path.relative_to(here)))
    assert strays == []
