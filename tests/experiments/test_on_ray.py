"""The Ray engine, on a real Ray of two workers on this machine."""

import dataclasses
import functools
import gc
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from saddlery.cli import main
from saddlery.experiments import on_ray
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run, run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves its processes' files open

SWEEP = Experiment(
    "bilinear", ("simultaneous(learning_rate=[1e-3, 2e-3, 1e6])", "extragradient"), steps=3000, seeds=2, every=1000
)


@pytest.fixture(scope="module")
def engine():
    """The engine, connected with a Ray of two workers."""
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setenv("RAY_AUTH_MODE", "disabled")  # or Ray leaves a file in the home folder
        warnings.simplefilter("ignore")
        ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=on_ray.STORE, log_to_driver=False)
        yield on_ray.engine(None)
        ray.shutdown()
        gc.collect()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep's results from the local engine."""
    return run(SWEEP, tmp_path_factory.mktemp("local"))


def test_a_worker_killed_in_mid_sweep_is_replaced_and_the_numbers_are_the_local_engine_s(
    engine, whole, tmp_path, assert_same
):
    killed, told = tmp_path / "killed", {}

    def deadly(work, indices, *, cores, on_progress):
        """A task of a worker that is killed once, in the middle of its runs."""
        import signal

        def told_then_killed(label, report):
            if report.step > 1000 and not killed.exists():
                killed.write_text(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)
            return on_progress(label, report)

        work(indices, cores=cores, on_progress=told_then_killed)

    with claimed(tmp_path, SWEEP):
        results = run_experiment(
            prepare(SWEEP),
            tmp_path,
            lambda _, label, progress: told.update({(label, progress.seed): progress}),
            checkpoint_seconds=0.0,
            engine=lambda cells, work: engine(cells, functools.partial(deadly, work)),
        )
    assert killed.exists()
    assert not Path("/proc", killed.read_text()).exists() or not Path("/proc").exists()
    assert_same(results, whole)
    assert told.keys() == {(label, seed) for label in SWEEP.labels for seed in range(2)}
    assert all(progress.step == 3000 or progress.diverged_at > 0 for progress in told.values())


def test_a_sweep_that_is_stopped_keeps_what_its_workers_were_at_and_goes_on(engine, whole, tmp_path):
    def stop(_, label, progress):
        if progress.step:
            raise KeyboardInterrupt

    long = dataclasses.replace(SWEEP, methods=("simultaneous(learning_rate=1e-3)",), steps=10**8, every=10**7)
    with claimed(tmp_path / "long", long), pytest.raises(KeyboardInterrupt):
        run_experiment(prepare(long), tmp_path / "long", stop, engine=engine)
    assert len(list((tmp_path / "long").glob("checkpoints/0-0/step-*"))) == 1
    with pytest.raises(FileNotFoundError, match="not finished; continue with: saddlery resume"):
        open_results(tmp_path / "long")


def test_what_goes_wrong_on_a_worker_is_said_as_if_it_were_here(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ("run", "bilinear", "--steps", "5", "--seeds", "1", "--engine", "ray", "--quiet", "--no-report")
    unseen = Experiment("bilinear", ("simultaneous",), steps=5, seeds=1, store="memory://nowhere/else.zarr")
    with (
        claimed(tmp_path / "mine", unseen),
        pytest.raises(OSError, match=r"^memory://nowhere/else\.zarr is not there on "),
    ):
        run_experiment(prepare(unseen), tmp_path / "mine", engine=engine)
    assert main([*command, "--out", "mine", "--store", "memory://nowhere/else.zarr"]) == 2
    assert "is gone when this command ends" in capsys.readouterr().err
    assert main([*command, "--out", "yours"]) == 0
    assert open_results("yours").sizes["setting"] == 1


def test_a_dry_run_counts_on_the_cores_of_the_cluster(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ("run", "bilinear", "--steps", "5", "--seeds", "1", "--engine", "ray", "--dry-run", "--out", "mine")
    assert main([*command]) == 0
    assert capsys.readouterr().out.endswith("; on 2 cores of the cluster\n")
    assert not Path("mine").exists()


def test_an_address_without_a_cluster_is_refused_before_anything_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    command = ("run", "bilinear", "--engine", "ray", "--out", "mine", "--address")
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        assert main([*command, address]) == 2
        assert capsys.readouterr().err == (
            f"error: address: no Ray cluster can be reached at {address} ([Errno 111] Connection refused); "
            "start one there with: ray start --head\n"
        )
    assert not Path("mine").exists()


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r'not installed; install it with: pip install "saddlery\[ray\]"'):
        on_ray.engine(None)


def test_the_local_engine_does_without_ray(tmp_path):
    script = (
        "import sys; from saddlery.cli import main\n"
        "assert main('run bilinear --steps 2 --seeds 1 --quiet --no-report --out mine'.split()) == 0\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'ray']"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, cwd=tmp_path)


def test_tasks_are_of_one_program_and_every_place_has_some():
    cells = cells_of(prepare(Experiment("bilinear", ("simultaneous", "consensus(gamma=linspace(0, 1, 41))"))), None)
    for places, largest in ((1, 10), (2, 5), (1000, 1)):
        tasks = on_ray.groups(cells, places)
        assert sorted(cell.index for task in tasks for cell in task) == list(range(42))
        assert max(map(len, tasks)) == largest
        assert all(len({cell.label.split("(")[0] for cell in task}) == 1 for task in tasks)


@pytest.mark.parametrize(
    ("nodes", "settings", "room"),
    [
        ([{"CPU": 2.0}], 7, (1, 0, 2)),
        ([{"CPU": 8.0}, {"CPU": 8.0}], 5, (3, 0, 4)),
        ([{"CPU": 64.0}], 2, (4, 0, 16)),  # no more cores than a cell has runs
        ([{"CPU": 4.0}, {"CPU": 4.0, "GPU": 2.0}], 5, (1, 1, 2)),
        ([{}], 5, (1, 0, 1)),  # machines that are still to come
    ],
)
def test_a_task_takes_as_much_as_leaves_nothing_idle(nodes, settings, room):
    cells = cells_of(prepare(Experiment("bilinear", (f"consensus(gamma=linspace(0, 1, {settings}))",))), None)
    alive = [{"Alive": True, "Resources": node} for node in nodes]
    assert on_ray._room([*alive, {"Alive": False, "Resources": {"CPU": 100.0}}], cells) == room
