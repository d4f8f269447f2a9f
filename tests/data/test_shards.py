"""Images in shards: which are in use is a function of the step and the run's key, and training changes them so."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.training import players_probe, same

import saddlery as sd
from saddlery._system import memory
from saddlery.data import Images, Shards, held
from saddlery.data.shards import refill
from saddlery.errors import Damaged
from saddlery.games import Gan
from saddlery.networks import MLP

KEY = jax.random.key(3)
N, SIZE, STEPS, BLOCK = 30, 8, 5, 2


@pytest.fixture
def file(tmp_path):
    """Thirty images whose every pixel is their number."""
    path = tmp_path / "images.npy"
    np.save(path, np.broadcast_to(np.arange(N, dtype=np.uint8)[:, None, None, None], (N, 2, 2, 1)))
    return path


@pytest.fixture
def shards(file):
    return Shards(file, SIZE, STEPS, BLOCK)


def test_a_shard_is_its_rows_of_the_file_and_is_drawn_from(shards):
    rows = shards.rows(17, KEY)
    there = shards.at(17, KEY)
    np.testing.assert_array_equal(there.shard.images[:, 0, 0, 0], rows)
    drawn = np.round((np.asarray(there.draw(jax.random.key(0), 500))[:, 0, 0, 0] + 1) * 127.5)
    assert set(drawn) == set(rows)


def test_it_changes_every_few_steps_and_with_the_key(shards):
    rows = [tuple(shards.rows(step, KEY)) for step in range(20)]
    assert [rows[i] == rows[i - 1] for i in range(1, 20)] == [i % STEPS != 0 for i in range(1, 20)]
    assert shards.rows(0, KEY).tolist() != shards.rows(0, jax.random.key(4)).tolist()


def test_the_shards_of_a_pass_have_no_image_in_common_and_blocks_stay_together(shards):
    for turn in range(4):
        each = [shards.rows((3 * turn + place) * STEPS, KEY) for place in range(3)]  # 30 // 8 of them
        assert len(set(np.concatenate(each))) == 3 * SIZE
        for rows in each:
            pairs = rows.reshape(-1, BLOCK)
            np.testing.assert_array_equal((pairs[:, 1] - pairs[:, 0]) % N, 1)


def test_every_image_is_as_likely_as_any_other(shards):
    counts = np.zeros(N)
    for turn in range(150):
        rows = shards.rows(turn * 3 * STEPS, KEY)
        np.add.at(counts, rows, 1)
    assert np.sum((counts - 40) ** 2 / 40) < 80  # of χ² on 29 degrees of freedom, images in a shard being distinct


def test_compiled_programs_are_kept_when_the_shard_changes(shards):
    draw = jax.jit(lambda data, key: data.draw(key, 4))
    for step in (0, 5, 10):
        draw(shards.at(step, KEY), KEY)
    assert draw._cache_size() == 1


def test_refill_finds_shards_wherever_they_are(shards):
    plain = {"a": jnp.zeros(3)}
    assert refill(plain, 7, KEY)[0] is plain
    assert refill(plain, 7, KEY)[1] > 2**31
    filled, until = refill({"inside": [shards], **plain}, 7, KEY)
    np.testing.assert_array_equal(filled["inside"][0].shard.images, shards.at(7, KEY).shard.images)
    assert until == 10


def gan(data):
    networks = MLP(2, (2, 2, 1), (4,), "relu", "tanh"), MLP(4, 1, (4,))
    return Gan(*networks, data, noise=2, batch=8)


def train(game, **settings):
    method = sd.methods.alternating(learning_rate=1e-2)
    common = {"steps": 23, "every": 4, "key": KEY, "probes": {"parameters": players_probe}}
    return sd.train(game, method, **{**common, **settings})


def test_training_through_shards_is_training_on_each_in_its_turn(shards):
    """Against a run of 23 steps by hand, in which each step takes the images that `rows` says."""
    step_key = jax.random.split(KEY, 3)[1]
    images = np.load(shards.path)
    method, game = sd.methods.alternating(learning_rate=1e-2), gan(shards)
    players = game.init(jax.random.split(KEY, 3)[0])
    state = method.init(game, players)
    step = jax.jit(
        lambda shard, players, state, key: method.step(gan(Images(shard)), players, state, key)  # no Shards at all
    )
    for i in range(23):
        shard = jnp.asarray(images[shards.rows(i, step_key)])
        players, state = step(shard, players, state, jax.random.fold_in(step_key, i))
    run = train(game)
    for ours, plain in zip(jax.tree.leaves(run.only.players), jax.tree.leaves(players), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=2e-4, atol=1e-6)
    still = train(gan(shards.shard))
    assert not np.allclose(still.history.parameters[0, -1], run.history.parameters[0, -1], atol=1e-4)


@pytest.mark.parametrize("stopped", [5, 12])
def test_a_run_that_is_resumed_has_the_same_bits(shards, tmp_path, stopped):
    def stop(progress):
        if progress.step >= stopped:
            raise KeyboardInterrupt

    whole = train(gan(shards), every=1)
    with pytest.raises(KeyboardInterrupt):
        train(gan(shards), every=1, out=tmp_path / "run", checkpoint_seconds=0, on_progress=stop)
    assert same(whole.history, train(gan(shards), every=1, out=tmp_path / "run", resume=True).history)


def test_seeds_have_shards_of_their_own_and_the_same_bits_as_alone(shards):
    together = train(gan(shards), seeds=3)
    alone = train(gan(shards), key=jax.random.fold_in(KEY, 1))
    assert same(alone.only.history, together.history.isel(seed=1, drop=True))


def test_a_batch_larger_than_a_shard_is_refused(shards):
    with pytest.raises(ValueError, match="batch: got 9, expected at most as many as there are data, 8"):
        Gan(MLP(2, (2, 2, 1), (4,)), MLP(4, 1, (4,)), shards, noise=2, batch=9)


def test_images_are_held_whole_where_they_fit_and_in_shards_elsewhere(file):
    labels = np.arange(N) % 3
    whole = held(file, labels, memory=4 * N)
    assert isinstance(whole, Images)
    np.testing.assert_array_equal(whole.labels, labels)
    part = held(file, labels, memory=4 * N - 1)
    assert isinstance(part, Shards)
    assert 0 < part.shard.images.nbytes <= 4 * N - 1
    assert len(held(file, memory=1)) == 1
    assert isinstance(held(file), Images)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("size", 7, "a multiple of block, 2, of at most 30"),
        ("size", 32, "a multiple of block, 2, of at most 30"),
        ("size", 0, "a whole number, 1 or more"),
        ("size", 4.0, "a whole number, 1 or more"),
        ("steps", 0, "a whole number, 1 or more"),
        ("block", 0, "a whole number, 1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused(file, name, value, wanted):
    with pytest.raises(ValueError, match=f"{name}: got {value}, expected {wanted}"):
        Shards(file, **{"size": SIZE, "steps": STEPS, "block": BLOCK, name: value})


def test_files_of_other_arrays_are_refused(tmp_path):
    for shape in ((3, 2, 2, 1), (3,), ()):
        np.save(tmp_path / "x.npy", np.zeros(shape))
        for read in (lambda path: Shards(path, 2, 1, 1), held):
            with pytest.raises(
                ValueError, match=rf"x\.npy: got float64 of shape \({str(shape)[1:-1]}\), expected uint8"
            ):
                read(tmp_path / "x.npy")


def test_a_file_that_is_cut_off_is_named_wherever_it_is_read(shards):
    os.truncate(shards.path, 200)
    for read in (lambda: shards.at(17, KEY), lambda: Shards(shards.path, 2, 1, 1), lambda: held(shards.path)):
        with pytest.raises(Damaged, match=f"{shards.path} is damaged: its head says 120 bytes, it holds 72"):
            read()


def test_more_than_the_free_memory_is_not_held_whole(file, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 4 * N - 1)
    with pytest.raises(ValueError, match=f"{file} would take"):
        held(file)


def test_an_npz_file_of_one_array_of_images_is_read_with_its_labels(tmp_path):
    images, path = np.arange(24, dtype=np.uint8).reshape(6, 2, 2, 1), tmp_path / "x.npz"
    for save in (np.savez, np.savez_compressed):
        save(path, anything=images, y=np.arange(6) % 3, other=np.zeros(4))
        data = held(path)
        np.testing.assert_array_equal(data.images, images)
        assert data.labels.tolist() == [0, 1, 2, 0, 1, 2]
        assert held(path, labels=np.arange(6)).labels.tolist() == [*range(6)]
    np.savez(path, images / np.float32(12) - 1)
    assert held(path).images.dtype == jnp.float32


def test_other_npz_files_are_refused_in_one_line_that_says_what_they_hold(tmp_path):
    path = tmp_path / "x.npz"
    images = np.zeros((6, 2, 2, 1), np.uint8)
    for arrays, said in (
        ({"a": images, "b": images}, r"x\.npz holds a \(6, 2, 2, 1\), b \(6, 2, 2, 1\); expected one array of images"),
        ({"a": images[..., 0]}, r"x\.npz holds a \(6, 2, 2\); expected one array"),
        ({}, r"x\.npz holds no array"),
        ({"a": images.transpose(0, 3, 1, 2).repeat(9, 2).repeat(9, 3)}, "looks like channels first"),
        ({"a": images, "labels": np.zeros(6)}, "labels: got float64"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=said):
            held(path)
    np.savez(path, a=np.array([{"pickled": 1}], object))
    with pytest.raises(Damaged, match=r"x\.npz: a\.npy is damaged: it is no \.npy file of numbers"):
        held(path)
    np.savez(path, a=images)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Damaged, match="no zip, or the zip is damaged"):
        held(path)


def test_an_npz_file_that_says_more_than_it_holds_or_memory_has_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros((6, 2, 2, 1), np.uint8))
    content = path.read_bytes()
    at = content.index(b"(6, 2, 2, 1)")
    path.write_bytes(content[:at] + b"(9, 2, 2, 1)" + content[at + 12 :])
    with pytest.raises(Damaged, match=r"x\.npz.* is damaged"):
        held(path)
    path.write_bytes(content)
    monkeypatch.setattr(memory, "available", lambda: 20)
    with pytest.raises(ValueError, match=r"x\.npz would take"):
        held(path)
