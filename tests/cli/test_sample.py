"""`saddlery sample`: whose samples they are, and what is written."""

import types

import jax
import numpy as np
import pytest

import saddlery as sd

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
    sd.load_plugin(plugin)
    settings = {"steps": 300, "every": 300, "seeds": 1, "samples": 20}
    sd.sweep("line_of_samples", [AT_ONCE, LATER, NEVER], out=plugin.parent / "lost", **settings)
    return plugin.parent / "lost"


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
