import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import saddlery as sd
from saddlery.game import check


@pytest.mark.long
@pytest.mark.parametrize(
    ("game", "shape"),
    [
        (sd.games.stacked, (8, 8, 3)),
        (sd.games.coloured, (8, 8, 3)),
        (sd.games.images, (8, 8, 1)),
    ],
)
def test_both_players_see_images_of_the_data_s_shape(game, shape):
    made = game(network="dcgan3_nobn_cf(width=4)", noise=5, batch=6)
    players = made.init(jax.random.key(0))
    batch = made.draw(jax.random.key(1))
    check(made, jax.random.key(0))
    assert batch.real.shape == made.act(players.generator, batch).shape == (6, *shape)
    assert float(jnp.abs(batch.real).max()) <= 1


def test_images_are_resized():
    assert sd.games.images("digits", size=16, network="conv3(width=4)").draw(jax.random.key(0)).real.shape[1:] == (
        16,
        16,
        1,
    )


def test_a_folder_of_pictures_is_a_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    for i in range(8):
        random = np.random.default_rng(i).integers(0, 255, (20 + i, 30, 3)).astype(np.uint8)
        Image.fromarray(random).save(tmp_path / "mine" / f"{i}.png")
    game = sd.games.images(str(tmp_path / "mine"), size=12, network="conv3(width=4)", batch=8)
    assert game.draw(jax.random.key(0)).real.shape == (8, 12, 12, 3)
    with pytest.raises(ValueError, match="batch: got 9, expected at most as many as there are data, 8"):
        sd.games.images(str(tmp_path / "mine"), size=12, network="conv3(width=4)", batch=9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sd.games.images("minst"), "unknown data 'minst'; did you mean 'mnist'"),
        (lambda: sd.games.stacked(network="dcgn3"), "unknown network 'dcgn3'; did you mean 'dcgan3'"),
        (lambda: sd.games.stacked(batch=0), "batch: got 0"),
        (lambda: sd.games.stacked(3), "data: got 3, expected a name, a path"),
        (
            lambda: sd.games.stacked(sd.data.Images(jnp.zeros((20, 8, 8, 3), jnp.uint8))),
            "digits: got images with no labels",
        ),
    ],
)
def test_mistakes_are_named(make, said):
    with pytest.raises((ValueError, TypeError), match=said):
        make()


def test_a_sampler_that_is_perfect_measures_as_one():
    """With the data in the generator's place: modes, divergences and colours are a perfect sampler's."""
    from saddlery.metrics.classifier import classifier
    from saddlery.metrics.probes import Classes, Colours
    from saddlery.metrics.suited import perfect
    from saddlery.networks import from_functions

    for game, name in ((sd.games.stacked(batch=64), "modes"), (sd.games.coloured(batch=64), "colour_js")):
        real = game.data.draw(jax.random.key(5), 1000)
        copy = from_functions(lambda key, real=real: {"x": real}, lambda params, z: params["x"][: len(z)])
        game = sd.games.Gan(copy, game.discriminator, game.data, noise=2, batch=64)
        players = game.init(jax.random.key(0))
        probe = Classes(classifier(game.data.digits()), 1000) if name == "modes" else Colours(1000)
        found = {k: float(v) for k, v in probe(game, players, jax.random.key(1)).items()}
        wanted = perfect(game, 1000)
        assert found[name] == pytest.approx(wanted[name], rel=0.15)
        if name == "modes":
            assert found["kl"] == pytest.approx(wanted["kl"], rel=0.1)
            assert found["p_value"] > 1e-4
