"""The Ray engine when workers are killed and sweeps stopped, on a real Ray of two workers."""

import dataclasses
import functools
import os
from pathlib import Path

import pytest

from saddlery.cli import main
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run, run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results

pytestmark = [
    pytest.mark.xdist_group("ray"),  # one cluster for all
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves its processes' files open
]

SWEEP = Experiment(
    "bilinear", ("simultaneous(learning_rate=[1e-3, 2e-3, 1e6])", "extragradient"), steps=3000, seeds=2, every=1000
)


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


def test_a_dry_run_counts_on_the_cores_of_the_cluster(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ("run", "bilinear", "--steps", "5", "--seeds", "1", "--engine", "ray", "--dry-run", "--out", "mine")
    assert main([*command]) == 0
    assert capsys.readouterr().out.endswith("; on 2 cores of the cluster\n")
    assert not Path("mine").exists()
