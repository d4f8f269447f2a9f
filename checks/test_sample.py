"""`saddlery sample`: whose samples they are, and what is written."""

import types

import jax
import numpy as np
import pytest
from PIL import Image

import saddlery as sd
from checks.pages import without_plugins

LINE = """
import equinox as eqx, jax, jax.numpy as jnp
import saddlery as sd

class Shifted(eqx.Module):
    def draw(self, key, n):
        return 10.0 + jax.random.normal(key, (n, 2))

def line():
    '''A GAN of one factor for each coordinate on either side; large steps leave the finite numbers.'''
    generator = sd.networks.from_functions(lambda key: jnp.ones(2), lambda p, z: p * z)
    discriminator = sd.networks.from_functions(lambda key: jnp.ones(2), lambda p, x: x @ p)
    return sd.games.Gan(generator, discriminator, Shifted(), loss="wasserstein", noise=2, batch=4,
                        default_optimisers=("sgd(learning_rate=0.1)",) * 2)

GAMES = {"line_of_samples": line}
"""
AT_ONCE, LATER, NEVER = (f"simultaneous(learning_rate={rate})" for rate in ("3e+38", "100.0", "0.0001"))


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A folder with a run that diverges in its first step, one that does later, and one that does not."""
    plugin = tmp_path_factory.mktemp("lost") / "line.py"
    plugin.write_text(LINE)
    settings = {"steps": 300, "every": 300, "seeds": 1, "samples": 20}
    with without_plugins():
        sd.load_plugin(plugin)
        sd.sweep("line_of_samples", [AT_ONCE, LATER, NEVER], out=plugin.parent / "lost", **settings)
        yield plugin.parent / "lost"


def test_samples_of_a_run_that_diverged_are_its_last_finite_players_and_say_so(lost, saddlery, tmp_path):
    code, printed, errors = saddlery("sample", str(lost), "-m", LATER, "--out", "a.npy", "-n", "5")
    assert code == 0
    title = f"line_of_samples, {LATER}, seed 0"
    diverged = int(sd.load(lost).run(LATER).only.history["diverged_at"])
    assert diverged > 10
    assert errors == (
        f"{title} diverged at step {diverged}; samples of the last finite players, at step {diverged - 1}\n"
    )
    assert printed == f"5 samples of {title}, at step {diverged - 1}: a.npy\n"
    with pytest.warns(UserWarning, match=f"diverged at step {diverged}; parameters of the last finite players, at"):
        players = sd.load(lost).players(LATER)
    game = sd.load(lost).game()
    again = sd.train(game, sd.load(lost).method(LATER), steps=diverged - 1, key=0, seeds=1, probes={})
    np.testing.assert_array_equal(players.generator, again.players[0].generator)
    drawn = np.load(tmp_path / "a.npy")
    np.testing.assert_array_equal(drawn, game.sample(players.generator, jax.random.key(0), 5))


def test_where_a_run_diverged_at_once_there_is_nothing_to_sample(lost, saddlery, tmp_path):
    code, printed, errors = saddlery("sample", str(lost), "-m", AT_ONCE, "--out", "a.npy")
    assert (code, printed) == (1, "")
    said = f"line_of_samples, {AT_ONCE}, seed 0 diverged at step 1: no finite players but the untrained ones are left"
    assert errors == f"error: {said}\n"
    assert not (tmp_path / "a.npy").exists()
    for refuses in (sd.load(lost).players, lambda which: sd.load(lost).export_generator(tmp_path / "g", which)):
        with pytest.raises(ValueError, match="diverged at step 1: no finite players but the untrained ones"):
            refuses(AT_ONCE)
    assert not (tmp_path / "g").exists()
    assert int(sd.load(lost).run(AT_ONCE).only.history["diverged_at"]) == 1


def test_samples_of_a_run_that_did_not_diverge_are_drawn_without_a_word(lost, saddlery):
    code, printed, errors = saddlery("sample", str(lost), "-m", NEVER, "--out", "a.npy")
    assert (code, errors) == (0, "")
    assert printed == f"64 samples of line_of_samples, {NEVER}, seed 0, at step 300: a.npy\n"


def test_samples_that_are_not_finite_are_counted(lost, saddlery, monkeypatch, tmp_path):
    drawn = types.SimpleNamespace(sample=lambda *_: np.float32([[1, 2], [np.inf, 0], [np.nan, 0]]))
    monkeypatch.setattr("saddlery.games.as_gan", lambda game: drawn)
    code, _, errors = saddlery("sample", str(lost), "-m", NEVER, "--out", "a.png", "-n", "3")
    assert (code, errors) == (0, "2 of 3 samples hold numbers that are not finite\n")
    assert (tmp_path / "a.png").exists()


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of a sweep on images: two settings."""
    folder = tmp_path_factory.mktemp("images") / "digits"
    game = "digits(batch=8, width=4)"
    sd.sweep(game, ["simultaneous", "unrolled(steps=1)"], steps=2, seeds=1, samples=20, out=folder)
    return folder


def test_images_are_written_one_by_one_in_their_own_size(images, saddlery, tmp_path):
    code, printed, _ = saddlery("sample", str(images), "-m", "simu", "--each", "--out", "mine", "-n", "3")
    assert code == 0
    assert printed == "3 samples of digits(batch=8, width=4), simultaneous, seed 0, at step 2: mine\n"
    files = sorted((tmp_path / "mine").glob("*.png"))
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    game, players = sd.load(images).game("simu"), sd.load(images).players("simu")
    drawn = np.asarray(game.sample(players.generator, jax.random.key(0), 3))[..., 0]
    for file, image in zip(files, drawn, strict=True):
        with Image.open(file) as opened:
            assert (opened.size, opened.mode) == ((8, 8), "L")
            np.testing.assert_allclose(np.asarray(opened) / 127.5 - 1, image, atol=0.5 / 127.5 + 1e-6)
    assert saddlery("sample", str(images), "-m", "simu", "--each", "--out", "mine", "-n", "2", "--scale", "3")[0] == 0
    files = sorted((tmp_path / "mine").glob("*.png"))  # the former three are replaced
    assert [size(file) for file in files] == [(24, 24)] * 2


def size(path):
    with Image.open(path) as opened:
        return opened.size


def test_a_folder_with_somebody_s_files_is_not_replaced_by_images(images, saddlery, tmp_path):
    for name, said in (("mine", "holds what Saddlery did not write"), ("mine.png", "expected a folder beside --each")):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / "photograph.png").touch()
        code, printed, errors = saddlery("sample", str(images), "--each", "--out", name)
        assert (code, printed) == (2, "")
        assert said in errors
        assert [each.name for each in (tmp_path / "mine").iterdir()] == ["photograph.png"]


def test_points_of_the_plane_are_no_image_files(lost, saddlery, tmp_path):
    code, printed, errors = saddlery("sample", str(lost), "-m", NEVER, "--each", "--out", "mine")
    assert (code, printed) == (2, "")
    said = "each: points of the plane are no images, of one or three channels; leave it out, or write a .npy"
    assert errors == f"error: {said}\n"
    assert not list(tmp_path.iterdir())


def test_without_a_method_it_is_said_which_one_is_taken_and_which_there_are(images, saddlery):
    printed = saddlery("sample", str(images), "--out", "a.npy")[1]
    assert printed.splitlines()[1:] == ["The first of 2 settings; by --method also: unrolled(steps=1); or best"]
    assert len(saddlery("sample", str(images), "--out", "b.npy", "-m", "unr")[1].splitlines()) == 1


@pytest.mark.filterwarnings("default")
def test_the_best_setting_is_sampled_and_evaluated_with_its_caveat(images, saddlery):
    results = sd.load(images)
    ends = results.dataset["sliced_wasserstein"].isel(step=-1, seed=0)
    best = str(ends["label"].values[int(np.argmin(ends.values))])
    code, printed, errors = saddlery("sample", str(images), "-m", "best", "--out", "a.npy")
    assert code == 0
    assert f", {best}, seed 0, at step 2: a.npy" in printed
    assert errors == (
        f"warning: {best} is the best of 2 settings by sliced Wasserstein, its only seed at the last record; it was "
        "chosen on these runs, whose numbers flatter it: judge it on fresh ones, by another --key\n"
    )
