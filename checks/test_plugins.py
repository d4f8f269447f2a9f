"""Parts of one's own by name: from files and entry points, on the command line, in sweeps, on resume and on workers."""

import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jax
import numpy as np
import pytest

import saddlery as sd
from checks.pages import without_plugins
from saddlery import plugins
from saddlery.cli import main
from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment
from saddlery.experiments.experiment import Experiment

SOURCE = '''
import jax.numpy as jnp
import saddlery as sd


def mine(gamma=1.0):
    """Mine."""
    return sd.Method(sd.rules.Consensus(gamma), sd.schedules.simultaneous())


def corner(weight=1.0):
    """A game."""
    return sd.games.bilinear(weight)


def radius(game, players, key):
    return jnp.hypot(players.generator[0], players.discriminator[0])


METHODS = {"mine": mine}
GAMES = {"corner": corner}
MEASURES = {"radius": radius}
'''
SWEEP = ("corner", "-m", "mine(gamma=[0.5, 2.0])", "--steps", "6", "--every", "3", "--seeds", "2", "--quiet")


@pytest.fixture(autouse=True)
def _as_before():
    """What a test adds is gone after it."""
    with without_plugins():
        yield


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A plugin in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my_file.py"
    path.write_text(SOURCE)
    return path


def saddlery(*words):
    """A command in a process of its own, which has loaded nothing."""
    return subprocess.run([sys.executable, "-m", "saddlery", *words], capture_output=True, text=True)


def test_parts_of_a_file_are_used_by_their_names_on_the_command_line(file, capsys):
    assert main(["run", *SWEEP, "-p", "my_file.py", "--out", "a"]) == 0
    ds = sd.load("a").dataset
    assert dict(ds["generator_norm"].sizes) == {"setting": 2, "seed": 2, "step": 3}
    alone = sd.train(sd.games.bilinear(), sd.methods.consensus(2.0), steps=6, every=3, seeds=2, key=0)
    found = ds.sel(method="mine", gamma=2.0).squeeze()
    np.testing.assert_array_equal(found["generator_norm"], alone.history["generator_norm"])
    expected = [np.hypot(float(pair.generator[0]), float(pair.discriminator[0])) for pair in alone.players]
    np.testing.assert_allclose(found["radius"][:, -1], expected, rtol=1e-6)
    assert "radius" in Path("a/report.html").read_text()
    assert "--plugin my_file.py" in json.loads(Path("a/run.json").read_text())["experiment"]["command"]
    capsys.readouterr()
    assert main(["list", "methods", "-p", "my_file.py"]) == 0
    assert "mine(gamma=1.0)\n    Mine." in capsys.readouterr().out


def test_a_folder_keeps_the_source_to_be_read_and_never_runs_it(file, tmp_path):
    assert main(["run", *SWEEP, "-p", "my_file.py", "--out", "a"]) == 0
    assert (tmp_path / "a" / "plugins" / "my_file.py").read_text() == SOURCE
    held = json.loads((tmp_path / "a" / "run.json").read_text())
    assert held["plugins"] == {"my_file.py": hashlib.sha256(SOURCE.encode()).hexdigest()}
    (tmp_path / "a" / "plugins" / "my_file.py").write_text("open('ran', 'w')")
    for words in (["report", "a"], ["export", "a"]):  # which need no plugin
        assert saddlery(*words).returncode == 0
    for words in (["resume", "a"], ["sample", "a"], ["diagnose", "a"], ["evaluate", "a"]):
        ended = saddlery(*words)
        assert ended.returncode == 2
        assert "a was made with my_file.py; give it: -p my_file.py" in ended.stderr
    assert not (tmp_path / "ran").exists()


def test_another_plugin_of_the_same_name_is_refused_on_resume(file):
    assert main(["run", *SWEEP, "-p", "my_file.py", "--out", "a"]) == 0
    assert main(["resume", "a", "-p", "my_file.py", "--quiet"]) == 0
    file.write_text(SOURCE + "\n# changed\n")
    ended = saddlery("resume", "a", "-p", "my_file.py")
    assert ended.returncode == 2
    assert "was made with another my_file.py than the one given (SHA-256" in ended.stderr


def test_what_is_loaded_and_not_used_is_not_needed_again(file, tmp_path):
    sd.load_plugin(file)
    sd.sweep("bilinear", "simultaneous", steps=2, seeds=1, out=tmp_path / "b")
    assert json.loads((tmp_path / "b" / "run.json").read_text())["plugins"] == {}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "my_file.py raises ZeroDivisionError: division by zero"),
        ("def f(:", "my_file.py raises SyntaxError"),
        ("x = 1", "my_file.py defines no parts, expected one of METHODS, GAMES, NETWORKS, LOSSES, MEASURES"),
        ("METHODS = [1]", "METHODS is [1], expected a mapping"),
        ("METHODS = {'a b': print}", "METHODS has 'a b', expected a name"),
        ("METHODS = {'a': 3}", "a is 3, expected a function"),
        ("METHODS = {'consensus': print}", "there is a method 'consensus' already"),
    ],
)
def test_a_file_that_is_no_plugin_is_refused_and_adds_nothing(file, source, said, capsys):
    file.write_text(source)
    before = {kind: list(table) for kind, table in plugins.tables().items()}
    assert main(["list", "methods", "-p", "my_file.py"]) == 2
    assert said in capsys.readouterr().err
    assert before == {kind: list(table) for kind, table in plugins.tables().items()}


def test_a_file_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["list", "methods", "-p", str(tmp_path / "none.py")]) == 2
    assert "none.py" in capsys.readouterr().err


def test_parts_of_installed_packages_are_loaded_when_they_are_used(monkeypatch):
    there = [
        metadata.EntryPoint("installed", "saddlery.methods.gradient:simultaneous", "saddlery.methods"),
        metadata.EntryPoint("broken", "not_there:it", "saddlery.methods"),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: [each for each in there if each.group == group])
    ds = sd.sweep("bilinear", "installed(learning_rate=0.1)", steps=2, seeds=1).dataset
    plain = sd.sweep("bilinear", "simultaneous(learning_rate=0.1)", steps=2, seeds=1).dataset
    np.testing.assert_array_equal(ds["generator_norm"], plain["generator_norm"])
    with pytest.raises(ValueError, match="broken, of not_there:it, fails"):
        sd.sweep("bilinear", "broken", steps=2, seeds=1)


def test_a_worker_has_the_source_from_the_process_that_leads(file, tmp_path):
    """As on Ray: it knows nothing but the description."""
    sd.load_plugin(file)
    experiment = Experiment("corner", ("mine(gamma=[0.5, 2.0])",), steps=4, seeds=1, measures=("radius",))

    def engine(cells, work):
        plugins._loaded.clear()
        for table in plugins.tables().values():
            for name in ("mine", "corner", "radius"):
                table.pop(name, None)
        work([cell.index for cell in cells], on_progress=lambda label, progress: False)

    with claimed(tmp_path / "a", experiment):
        found = run_experiment(prepare(experiment), tmp_path / "a", engine=engine)
    assert np.isfinite(found["radius"]).all()


NETWORK = '''
import equinox as eqx
import jax.numpy as jnp
import saddlery as sd


def scaled(size=8, channels=1, noise=4, by=1.0):
    """A family of networks that are not Saddlery's."""
    def init(key):
        return jnp.ones((noise, size * size * channels)) * by

    def apply(parameters, z):
        return jnp.tanh(z @ parameters).reshape(-1, size, size, channels)

    return sd.Pair(sd.networks.from_functions(init, apply), sd.networks.MLP(size * size * channels, 1, (4,)))


NETWORKS = {"scaled": scaled}
'''


def test_a_generator_of_a_plugin_s_network_is_loaded_where_the_plugin_is(tmp_path):
    (tmp_path / "nets.py").write_text(NETWORK)
    path, key = tmp_path / "g.safetensors", jax.random.key(0)
    with without_plugins():
        sd.load_plugin(tmp_path / "nets.py")
        game = sd.games.images(network="scaled(by=0.5)", noise=3)
        generator = game.init(key).generator
        sd.export_generator(path, game, generator)
        loaded = sd.load_generator(path)
        np.testing.assert_allclose(loaded(key, 4), game.sample(generator, key, 4), atol=1e-6)
        network = game.generator
    with pytest.raises(ValueError, match=r"unknown network 'scaled'.*load the plugin that it is of, or give the netw"):
        sd.load_generator(path)
    np.testing.assert_allclose(sd.load_generator(path, network)(key, 4), loaded(key, 4))
