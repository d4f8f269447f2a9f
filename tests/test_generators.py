"""Exported generators: a file without the training draws what the game draws.

Those of larger networks are among the checks.
"""

import json
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from checks.exported import KEY, Exported, evaluated, require_samples_of_the_batch, require_samples_of_the_game, shaken
from hypothesis import given, settings
from hypothesis import strategies as st

import saddlery as sd
from saddlery.errors import Damaged
from saddlery.generators import METADATA
from saddlery.networks import MLP, Precision, SpectralNorm
from saddlery.networks.writing import read, written
from saddlery.records import storage

GAMES = {
    "ring": lambda: sd.games.ring(),
    "mlp": lambda: sd.games.digits(),
    "dcgan": lambda: sd.games.images(network="dcgan3(width=4)", noise=8),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return Exported(GAMES, tmp_path_factory.mktemp("generators"))


@pytest.mark.parametrize("name", ["ring", "mlp"])
def test_samples_are_those_of_the_game(exported, name):
    require_samples_of_the_game(*exported(name))


@pytest.mark.long
def test_under_batch_norm_samples_are_those_of_the_batch_that_the_statistics_are_of(exported):
    require_samples_of_the_batch(*exported("dcgan"))


@pytest.mark.long
def test_under_batch_norm_one_sample_is_as_one_of_many(exported):
    game, generator, path = exported("dcgan")
    loaded = sd.load_generator(path)
    one = loaded(KEY, 1)
    many = jnp.concatenate([jax.random.normal(KEY, (1, game.noise)), jax.random.normal(jax.random.key(9), (2000, 8))])
    typical = evaluated(game.generator, generator, many)[:1]
    alone = game.sample(generator, KEY, 1)
    assert float(jnp.abs(one - typical).max()) < 0.1
    assert float(jnp.abs(alone - typical).max()) > 0.5  # what it would be by the statistics of itself


@pytest.mark.long
def test_the_scale_of_a_loaded_generator_is_that_of_the_game(exported):
    game, generator, path = exported("dcgan")
    found, expected = sd.load_generator(path)(KEY, 1000), game.sample(generator, KEY, 1000)
    assert float(jnp.sqrt(jnp.mean((found - expected) ** 2))) < 0.05
    np.testing.assert_allclose(found.std(0), expected.std(0), rtol=0.1)


def test_a_new_process_draws_the_same_and_needs_the_file_only(exported):
    for name in ("ring", "dcgan"):
        path = exported(name)[2]
        program = (
            "from saddlery import load_generator; import jax, sys, numpy as np\n"
            f"x = load_generator({str(path)!r})(jax.random.key(7), 3)\n"
            "assert not {'saddlery.training', 'saddlery.metrics', 'matplotlib', 'xarray', 'zarr'} & set(sys.modules)\n"
            "print(np.asarray(x, float).ravel().tolist())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        expected = np.asarray(sd.load_generator(path)(KEY, 3), float).ravel()
        np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-6)


def test_the_file_is_open_to_others(exported):
    _, generator, path = exported("dcgan")
    arrays = safetensors.numpy.load_file(path)
    assert {name for name in arrays if name.endswith("weight")} == {"parameters.dense.0.weight"}
    np.testing.assert_array_equal(arrays["parameters.convolutions.0.kernel"], generator["convolutions"][0]["kernel"])
    assert arrays["statistics.0.mean"].shape == arrays["statistics.0.variance"].shape == (16,)
    with safetensors.safe_open(path, "np") as file:
        said = file.metadata()
    assert set(said) == set(METADATA)
    assert said["sample_shape"] == "[8, 8, 1]"
    assert said["latent"] == "normal(dimension=8, dtype='float32')"
    assert said["network"].startswith("DCGANGenerator(")


def test_it_says_what_it_is(exported):
    said = repr(sd.load_generator(exported("ring")[2]))
    assert "samples 2 from 256 normal numbers: MLP(" in said
    assert "49,666 parameters" in said  # 256·128 + 128 + 128² + 128 + 128·2 + 2


NETWORKS = (
    MLP(3, (2, 2, 1), (), "tanh", "tanh", scale=0.5),
    SpectralNorm(Precision(MLP(2, 1), "float16"), 3),
    *(sd.networks.family(name)[i] for name in sd.networks.FAMILIES for i in (0, 1)),
    *sd.networks.family("dcgan4(spectral=2, compute='bfloat16')"),
)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: type(network).__name__)
def test_a_network_is_made_again_from_its_text(network):
    assert eqx.tree_equal(read(written(network)), network)


@pytest.mark.parametrize(
    "text", ["MLP", "Nothing()", "family(player=3)", "MLP(inputs=2, outputs=1, widths=(0,))", "Precision(network=3)"]
)
def test_a_text_that_makes_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r"needs|unknown network|widths|expected (the text|family)"):
        read(text)


def own():
    return sd.networks.from_equinox(make_own)


def make_own(key):
    return eqx.nn.MLP(4, 2, width_size=8, depth=1, key=key)


def own_game(generator):
    return sd.games.Gan(generator, MLP(2, 1, (8,)), sd.data.Mixture(np.zeros((1, 2)), 1.0), noise=4, batch=8)


def test_a_network_of_ones_own_is_given_to_the_loader(tmp_path):
    game, path = own_game(own()), tmp_path / "own.safetensors"
    generator = game.init(KEY).generator
    sd.export_generator(path, game, generator)
    assert "parameters.layers.0.weight" in safetensors.numpy.load_file(path)
    with pytest.raises(ValueError, match=r"not one of Saddlery's \(Equinox\); give it .* load_generator\(path, net"):
        sd.load_generator(path)
    loaded = sd.load_generator(path, own())
    np.testing.assert_allclose(loaded(KEY, 6), game.sample(generator, KEY, 6), atol=1e-6)
    assert "Equinox" in repr(loaded)


def test_samples_of_a_network_of_ones_own_that_see_each_other_are_those_of_the_batch(tmp_path):
    centred = sd.networks.from_functions(
        lambda key: {"w": jax.random.normal(key, (4, 2))},
        lambda parameters, x: (x - x.mean(0)) @ parameters["w"],
        independent=False,
    )
    game, path = own_game(centred), tmp_path / "g.safetensors"
    generator = game.init(KEY).generator
    sd.export_generator(path, game, generator)
    found = sd.load_generator(path, centred)(KEY, 6)
    np.testing.assert_allclose(found, game.sample(generator, KEY, 6), atol=1e-6)


def test_a_network_that_does_not_fit_is_named_by_the_first_array_that_differs(exported):
    path = exported("ring")[2]
    with pytest.raises(ValueError, match=r"parameters\.0\.bias has the shape \(128,\), the network expects \(8,\)"):
        sd.load_generator(path, MLP(256, 2, (8, 8)))
    with pytest.raises(ValueError, match=r"parameters\.2\.bias has the shape \(2,\), the network expects \(128,\)"):
        sd.load_generator(path, MLP(256, 2, (128, 128, 128)))
    with pytest.raises(ValueError, match=r"parameters\.2\.bias has the shape \(2,\), the network has no such array"):
        sd.load_generator(path, MLP(256, 128, (128,)))
    with pytest.raises(ValueError, match=r"samples \(2,\), and the network makes such of \(2, 1\)"):
        sd.load_generator(path, MLP(256, (2, 1)))
    with pytest.raises(TypeError, match="network: got an object of type dict"):
        sd.load_generator(path, {})


def test_parameters_of_another_network_are_not_exported(tmp_path):
    game = sd.games.ring()
    with pytest.raises(ValueError, match=r"generator: it does not fit: parameters\.0\.weight has the shape"):
        sd.export_generator(tmp_path / "g", game, game.init(KEY).discriminator)
    with pytest.raises(ValueError, match="game: got a Bilinear, expected a GAN"):
        sd.export_generator(tmp_path / "g", sd.games.bilinear(), ())
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_changed_bit_is_damage(exported, data):
    content = bytearray(exported("dcgan")[2].read_bytes())
    head = 8 + int.from_bytes(content[:8], "little")
    place = data.draw(st.one_of(st.integers(0, head - 1), st.integers(0, len(content) - 1)), "place")
    content[place] ^= 1 << data.draw(st.integers(0, 7), "bit")
    path = exported("dcgan")[2].with_name("changed.safetensors")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"changed\.safetensors"):
        sd.load_generator(path)


def test_a_file_cut_short_is_damage(exported, tmp_path):
    content = exported("ring")[2].read_bytes()
    for size in (0, 7, 8, 200, len(content) - 1):
        (tmp_path / "g").write_bytes(content[:size])
        with pytest.raises(Damaged, match="damaged, or no safetensors file"):
            sd.load_generator(tmp_path / "g")


def test_files_of_others_are_told_what_they_lack(tmp_path):
    path = tmp_path / "theirs.safetensors"
    safetensors.numpy.save_file({"weight": np.zeros(3, np.float32)}, path, {"format": "pt"})
    with pytest.raises(ValueError, match=r"theirs.safetensors is no generator .* lack network, sample_shape, latent"):
        sd.load_generator(path)


def again(path, changed, target):
    """The file with other metadata."""
    with safetensors.safe_open(path, "np") as file:
        metadata = file.metadata()
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), target, metadata | changed)
    return target


def test_another_format_and_changed_metadata_are_refused(exported, tmp_path):
    path, target = exported("ring")[2], tmp_path / "g"
    with pytest.raises(ValueError, match=r"is of format 99, written by Saddlery 7.0; this one, .* reads format 1"):
        sd.load_generator(again(path, {"format": "99", "saddlery": "7.0"}, target))
    with pytest.raises(Damaged, match="are not those that were written"):
        sd.load_generator(again(path, {"latent": "normal(dimension=3, dtype='float32')"}, target))


def test_what_does_not_fit_into_memory_is_refused(exported, monkeypatch):
    path = exported("ring")[2]
    loaded = sd.load_generator(path)
    with pytest.raises(ValueError, match=r"n: .* samples and their noise would take .* GB"):
        loaded(KEY, 2**31 - 1)
    with pytest.raises(ValueError, match="n: got 0"):
        loaded(KEY, 0)
    monkeypatch.setattr("saddlery._system.memory.available", lambda: 1000)
    with pytest.raises(ValueError, match=r"would take .* of memory"):
        sd.load_generator(path)


def test_only_what_saddlery_wrote_is_replaced(tmp_path):
    game, path = sd.games.ring(width=4), tmp_path / "below" / "g.safetensors"
    one, other = (game.init(jax.random.key(i)).generator for i in (0, 1))
    sd.export_generator(path, game, one)
    with pytest.raises(FileExistsError, match="not written by Saddlery"):
        sd.export_generator(path, game, other)
    sd.export_generator(path, game, other, force=True)
    assert eqx.tree_equal(sd.load_generator(path).parameters, other)
    for theirs in (b"theirs", path.read_bytes()[:-1] + b"?"):
        path.write_bytes(theirs)
        with pytest.raises(FileExistsError):
            sd.export_generator(path, game, one, force=True)
        assert path.read_bytes() == theirs
    assert [each.name for each in path.parent.iterdir()] == ["g.safetensors"]


def test_in_a_folder_of_saddlerys_own_it_is_noted_and_replaced(tmp_path):
    storage.mark(tmp_path)
    game, path = sd.games.ring(width=4), tmp_path / "g.safetensors"
    for i in (0, 1):
        sd.export_generator(path, game, game.init(jax.random.key(i)).generator)
    assert storage.is_own(path)


def test_bfloat16_parameters_keep_their_bits(tmp_path):
    game, path = sd.games.ring(width=4), tmp_path / "g.safetensors"
    generator = jax.tree.map(lambda x: x.astype(jnp.bfloat16), shaken(game))
    sd.export_generator(path, game, generator)
    loaded = sd.load_generator(path)
    assert loaded.metadata["dtype"] == "bfloat16"
    assert eqx.tree_equal(loaded.parameters, generator)
    np.testing.assert_allclose(loaded(KEY, 4), game.sample(generator, KEY, 4), atol=1e-6)


def test_float64_needs_float64(tmp_path):
    path = tmp_path / "g.safetensors"
    with jax.enable_x64(True):
        game = sd.games.ring(width=4)
        generator = game.init(KEY).generator
        sd.export_generator(path, game, generator)
        loaded = sd.load_generator(path)
        assert loaded(KEY, 4).dtype == jnp.float64
        np.testing.assert_allclose(loaded(KEY, 4), game.sample(generator, KEY, 4), atol=1e-12)
    with pytest.raises(ValueError, match=r"g\.safetensors holds a generator in float64.*set jax_enable_x64"):
        sd.load_generator(path)


def test_a_float32_generator_draws_the_same_in_float64(exported):
    path = exported("dcgan")[2]
    expected = sd.load_generator(path)(KEY, 4)
    with jax.enable_x64(True):
        np.testing.assert_allclose(sd.load_generator(path)(KEY, 4), expected, atol=1e-6)
