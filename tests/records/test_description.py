"""What needs a game refuses a folder of a training that was watched in PyTorch, in a line that says what reads it."""

import jax
import pytest
from checks.watch import watched_folder

import saddlery as sd
from saddlery.errors import InTheWay, InvalidValue

SAID = (
    "holds a training that was watched in PyTorch: there is no game to train, draw from or measure; saddlery report, "
    "watch, export and diagnose read it"
)


@pytest.fixture
def folder(tmp_path):
    return watched_folder(tmp_path / "mine", [{"generator_loss": 0.7}] * 3)


@pytest.mark.parametrize("command", ["resume", "sample", "evaluate"])
def test_commands_that_need_a_game_say_that_there_is_none(saddlery, folder, command):
    assert saddlery(command, str(folder))[::2] == (2, f"error: {folder} {SAID}\n")


@pytest.mark.parametrize(
    "asked",
    [
        sd.Results.game, sd.Results.method, sd.Results.players, sd.Results.run, sd.Results.diagnose,
        sd.Results.export_generator, lambda results: results.experiment, lambda results: sd.diagnose(results.folder),
    ],
)  # fmt: skip
def test_results_have_no_game_and_no_players(folder, asked):
    with pytest.raises(InvalidValue, match=f"{folder} {SAID}$"):
        asked(sd.load(folder))


def test_records_are_there_all_the_same(saddlery, folder):
    assert sd.load(folder).dataset.sizes["step"] == 3
    assert saddlery("export", str(folder))[0] == 0
    assert saddlery("watch", str(folder))[0] == 0


def test_nothing_else_is_trained_into_it(saddlery, folder):
    code, _, errors = saddlery("run", "bilinear", "--steps", "10", "--out", str(folder))
    assert code == 2
    assert "holds a training that was watched in PyTorch already; choose another folder" in errors
    game, method = sd.games.bilinear(), sd.methods.alternating()
    with pytest.raises(InTheWay, match="holds a training that was watched in PyTorch; choose another folder"):
        sd.train(game, method, steps=10, key=jax.random.key(0), out=folder, resume=True)


def test_what_is_beside_it_is_resumed(saddlery, folder):
    other = folder.parent / "other"
    assert saddlery("run", "bilinear", "--steps", "10", "--quiet", "--no-report", "--out", str(other))[0] == 0
    code, printed, _ = saddlery("resume", str(folder.parent), "--no-report", "--quiet")
    assert code == 0
    assert printed.startswith(f"{folder} was watched in PyTorch, whose loop alone goes on with it\n{other} is finished")
