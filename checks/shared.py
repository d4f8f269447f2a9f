"""Fixtures that tests and checks share."""

import gc
import os
import signal
import warnings
from pathlib import Path

import jax
import numpy as np
import pytest

REAL = Path(os.environ.get("SADDLERY_DATA") or Path(__file__).parents[2] / "shared" / "data")  # real data sets
MAPPINGS = 15_000  # of memory, of the 65,530 that Linux lets a process have: XLA takes some for each program


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Ctrl-C is heard, also where the suite runs in the background of a shell that ignores it."""
    heard = signal.getsignal(signal.SIGINT)
    if heard == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, heard)


def forget():
    """Drop compiled programs before they are too many for one process; the disk has them still."""
    from saddlery.runs.programs import make_room

    make_room(MAPPINGS)


def without_optimisations(wanted):
    """Compile without XLA's optimisations, or with them, here and in processes that are started.

    What was compiled in the other way is not used again.
    """
    if jax.config.values["jax_disable_most_optimizations"] != wanted:
        jax.clear_caches()
    jax.config.update("jax_disable_most_optimizations", wanted)
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = str(int(wanted))


@pytest.fixture
def saddlery(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder: its exit code, what it printed, and what it said on stderr."""
    from saddlery.cli import main

    monkeypatch.chdir(tmp_path)
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", kept)  # commands then leave this process's cache as it is

    def command(*arguments):
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def assert_same():
    """`assert_same(one, other)`: two experiments' results agree bit for bit in all but how fast they went."""

    def assert_same(one, other):
        assert set(one.variables) == set(other.variables)
        for name in set(one.variables) - {"steps_per_second"}:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)

    return assert_same


@pytest.fixture(scope="module")
def engine():
    """The engine, connected with a Ray of two workers."""
    ray = pytest.importorskip("ray")
    from saddlery.experiments import on_ray

    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setenv("RAY_AUTH_MODE", "disabled")  # or Ray leaves a file in the home folder
        warnings.simplefilter("ignore")
        ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=on_ray.STORE, log_to_driver=False)
        yield on_ray.engine(None)
        ray.shutdown()
        gc.collect()


@pytest.fixture
def real():
    """`real(name)`: the folder of a real data set, by `SADDLERY_DATA` or beside the repository; skips without it."""

    def real(name):
        folder = REAL / name
        if not folder.is_dir():
            pytest.skip(f"{folder} is not there: set SADDLERY_DATA to the folder that holds {name}")
        return folder

    return real
