"""The Ray engine; that workers are killed and sweeps stopped is among the longer checks."""

import subprocess
import sys
from pathlib import Path

import pytest

from saddlery.cli import main
from saddlery.experiments import on_ray
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves its processes' files open
]


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
