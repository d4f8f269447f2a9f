"""Training: the same bits however it is cut, stopped, resumed or accompanied; divergence, averages, folders."""

import json
import shutil
import threading

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.runs import checkpoints
from saddlery.runs.steps import advance, start

KEY = jax.random.key(3)


@pytest.fixture(scope="module")
def ring():
    """A small noisy game."""
    return sd.games.ring("numerics", batch=16)


@pytest.fixture(scope="module")
def method():
    """A method with memory in the optimisers and in the rule."""
    return sd.methods.consensus(gamma=1.0, rate=0.1, target=0.1, learning_rate=1e-3)


def players_probe(game, players, key):
    """All parameters, so that a history holds every bit of the path."""
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(players)])


def train(game, method, **arguments):
    """A short run that records its whole path."""
    settings = {"steps": 30, "every": 7, "key": KEY, "probes": {"parameters": players_probe}} | arguments
    return sd.train(game, method, **settings)


def same(one, other):
    """Whether two histories agree in every bit, times apart."""
    one, other = one.drop_vars("steps_per_second"), other.drop_vars("steps_per_second")
    return one.identical(other)


def test_history_holds_step_zero_every_and_the_last(ring, method):
    history = train(ring, method).only.history
    assert history.step.values.tolist() == [0, 7, 14, 21, 28, 30]
    assert history.parameters.dims == ("step", "parameters_0")
    assert not np.isnan(history.parameters).any()


def test_steps_are_the_methods_own(ring, method):
    run = train(ring, method)
    first, step_key, _ = jax.random.split(KEY, 3)
    players = ring.init(first)
    state = method.init(ring, players)
    step = eqx.filter_jit(lambda p, s, k: method.step(ring, p, s, k))
    for i in range(30):
        players, state = step(players, state, jax.random.fold_in(step_key, jnp.int32(i)))
    for ours, plain in zip(jax.tree.leaves(run.players), jax.tree.leaves(players), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=2e-4, atol=1e-6)


def test_same_bits_alone_and_beside_seven_others(ring, method):
    together = train(ring, method, seeds=8)
    assert together.history.sizes["seed"] == 8
    for seed in (0, 5):
        alone = train(ring, method, key=jax.random.fold_in(KEY, seed))
        assert same(alone.only.history, together.history.isel(seed=seed, drop=True))
        assert jax.tree.all(jax.tree.map(np.array_equal, alone.only.players, together.players[seed]))
        assert jax.tree.all(jax.tree.map(np.array_equal, alone.only.state, together.state[seed]))


def test_same_bits_however_the_steps_are_cut(ring, method):
    carry = start(ring, method, KEY, None, True)
    decay, number = jnp.asarray(0.9), lambda n: jnp.asarray(n, jnp.int32)
    whole = advance(ring, method, carry, decay, KEY, number(0), number(20))
    parts = carry
    for first, n in ((0, 1), (1, 12), (13, 7)):
        parts = advance(ring, method, parts, decay, KEY, number(first), number(n))
    assert jax.tree.all(jax.tree.map(np.array_equal, whole, parts))


@pytest.mark.parametrize("stopped_after", [1, 11, 25])
def test_same_bits_after_a_resume(ring, method, tmp_path, stopped_after):
    """A run killed between two checkpoints continues from the last, with a rule's and an optimiser's memory."""

    def die(progress):
        if progress.step >= stopped_after:
            raise RuntimeError("killed")

    whole = train(ring, method, seeds=2, average=0.9)
    arguments = {"seeds": 2, "average": 0.9, "out": tmp_path / "run", "checkpoint_seconds": 0.0}
    with pytest.raises(RuntimeError, match="killed"):
        train(ring, method, on_progress=die, **arguments)
    resumed = train(ring, method, resume=True, **arguments)
    assert same(whole.history, resumed.history)
    assert jax.tree.all(jax.tree.map(np.array_equal, whole.state, resumed.state))
    assert jax.tree.all(jax.tree.map(np.array_equal, whole.average, resumed.average))


def test_a_longer_run_continues_a_finished_one(ring, method, tmp_path):
    train(ring, method, steps=14, out=tmp_path / "run")
    longer = train(ring, method, steps=30, out=tmp_path / "run", resume=True)
    assert same(longer.history, train(ring, method, steps=30).history)
    with pytest.raises(ValueError, match=r"steps: .* was begun with 30"):
        train(ring, method, steps=35, out=tmp_path / "run", resume=True)


def test_ctrl_c_checkpoints_every_run_and_is_passed_on(ring, method, tmp_path):
    import _thread

    begun, pressed = set(), threading.Event()

    def interrupt(progress):
        if progress.step >= 9:
            begun.add(progress.seed)  # a run that has not begun has nothing to keep
        if begun == {0, 1} and not pressed.is_set():  # again would be not to wait
            pressed.set()
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        train(ring, method, steps=20_000, seeds=2, every=5000, out=tmp_path / "run", on_progress=interrupt)
    assert all(list((tmp_path / "run/checkpoints" / seed).glob("step-*")) for seed in ("0-0", "0-1"))


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(ring, method, tmp_path):
    whole = train(ring, method)
    train(ring, method, out=tmp_path / "run", checkpoint_seconds=0.0)
    newest, before = sorted((tmp_path / "run/checkpoints/0-0").glob("step-*"), reverse=True)
    data = max((path for path in newest.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(bytes(content))
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged .*{data.name} changed"):
        resumed = train(ring, method, out=tmp_path / "run", resume=True)
    assert same(whole.history, resumed.history)
    shutil.rmtree(before / "arrays")
    (newest / "digests.json").write_text("{")
    with (
        pytest.warns(UserWarning, match=f"{newest} was damaged and is now damaged-{newest.name}"),
        pytest.warns(UserWarning, match="is damaged"),
    ):
        resumed = train(ring, method, out=tmp_path / "run", resume=True)
    assert same(whole.history, resumed.history)


def test_a_checkpoint_of_another_game_is_refused(tmp_path):
    checkpoints.save(tmp_path, 3, {"a": np.ones(2)})
    with pytest.raises(ValueError, match="holds 1 arrays where this game and method have 2"):
        checkpoints.restore(tmp_path, {"a": np.ones(2), "b": np.ones(2)})


def test_a_checkpoint_that_cannot_be_written_keeps_the_run_so_far(ring, method, tmp_path, monkeypatch):
    import orbax.checkpoint

    train(ring, method, steps=14, out=tmp_path / "run")
    full = lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(orbax.checkpoint.Checkpointer, "save", full)
        with pytest.raises(OSError, match=r"checkpoint of step 30 could not be written to .*No space left"):
            train(ring, method, steps=30, out=tmp_path / "run", resume=True)
    kept = list((tmp_path / "run/checkpoints/0-0").iterdir())
    assert [path.name for path in kept] == ["step-000000014"]
    assert same(train(ring, method, steps=30, out=tmp_path / "run", resume=True).history, train(ring, method).history)


class Explosive(eqx.Module):
    """Losses whose gradient is infinite from the step at which the generator passes `wall`."""

    wall: jax.Array

    def init(self, key):
        return sd.Pair(jax.random.uniform(key, (), minval=0.0, maxval=0.5), jnp.zeros(()))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator

    def losses(self, discriminator, samples, batch):
        beyond = jnp.where(samples > self.wall, jnp.inf, 1.0)
        return sd.Pair(-samples * beyond, discriminator**2)


def test_divergence_is_recorded_with_its_step_and_disturbs_nobody():
    """Each step adds 0.1 until the wall at 2.05; the step after passing it is infinite."""
    game = Explosive(jnp.asarray(2.05))
    method = sd.methods.simultaneous(generator="sgd(learning_rate=0.1)", discriminator="sgd(learning_rate=0.1)")
    probes = {"position": lambda game, players, key: players.generator}
    run = sd.train(game, method, steps=1000, every=1, key=KEY, seeds=4, probes=probes)
    for seed in range(4):
        position = run.history.position[seed].values
        last = np.flatnonzero(np.isfinite(position))[-1]
        assert run.history.diverged_at[seed] == last + 1
        assert position[last] > 2.05 > position[last - 1]
        assert np.isnan(position[last + 1 :]).all()
        assert np.isfinite(run.players[seed].generator)
    rare = sd.train(game, method, steps=1000, every=500, key=KEY, seeds=4, probes=probes)
    np.testing.assert_array_equal(rare.history.diverged_at, run.history.diverged_at)
    safe = sd.train(Explosive(jnp.asarray(1e9)), method, steps=1000, every=1, key=KEY, seeds=4, probes=probes)
    for seed in range(4):
        before = slice(0, int(run.history.diverged_at[seed]))
        np.testing.assert_array_equal(safe.history.position[seed, before], run.history.position[seed, before])
    assert (safe.history.diverged_at == -1).all()


def test_average_is_the_exponential_moving_average_of_the_generator(ring, method):
    run = train(ring, method, steps=6, every=1, average=0.8).only
    generator = sum(leaf.size for leaf in jax.tree.leaves(run.players.generator))
    path = run.history.parameters.values[:, :generator].astype(np.float64)
    mean = path[0]
    for position in path[1:]:
        mean = 0.8 * mean + 0.2 * position
    np.testing.assert_allclose(run.history.averaged_parameters.values[-1, :generator], mean, rtol=1e-5, atol=1e-6)
    flat = jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(run.average)])
    np.testing.assert_array_equal(run.history.averaged_parameters.values[-1, :generator], flat)


def test_default_probes_are_losses_and_gradient_norms(ring, method):
    history = sd.train(ring, method, steps=3, key=KEY).history
    assert {"generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"} <= set(history)


def test_another_number_is_no_other_program(ring):
    traces = []

    class Counting(sd.rules.Simultaneous):
        weight: jax.Array

        def __call__(self, inputs, state):
            traces.append(1)
            return super().__call__(inputs, state)

    for weight, rate in ((1.0, 1e-3), (2.0, 1e-2)):
        optimiser = sd.optimiser("adam", learning_rate=rate)
        counted = sd.Method(
            Counting(jnp.asarray(weight)), sd.schedules.simultaneous(), generator=optimiser, discriminator=optimiser
        )
        train(ring, counted)
        seen = len(traces) if rate == 1e-3 else seen
    assert len(traces) == seen


def test_a_folder_that_holds_a_run_is_refused_resumed_or_replaced(ring, method, tmp_path):
    out = tmp_path / "run"
    train(ring, method, out=out)
    with pytest.raises(FileExistsError, match=f"out: {out} holds runs of saddlery.train"):
        train(ring, method, out=out)
    with pytest.raises(ValueError, match="is of another run: method there: "):
        train(ring, sd.methods.consensus(gamma=2.0), out=out, resume=True)
    with pytest.raises(ValueError, match="is of another run: key there: "):
        train(ring, method, key=jax.random.key(4), out=out, resume=True)
    train(ring, sd.methods.consensus(gamma=2.0), out=out, force=True)
    assert "2." in json.loads((out / "run.json").read_text())["training"]["method"]


def test_a_folder_that_cannot_be_written_is_named(ring, method, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"out: .*file.* cannot be written"):
        train(ring, method, out=tmp_path / "file" / "run")


def test_history_too_large_for_memory_is_refused_before_the_start(ring, method):
    probes = {"huge": lambda game, players, key: np.zeros((1000, 1000))}
    with pytest.raises(MemoryError, match="every, probes: 10001 records of 8"):
        sd.train(ring, method, steps=10_000_000, every=1000, key=KEY, probes=probes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps: got 0, expected a whole number, 1 or more"),
        ({"steps": 2.5}, "steps: got 2.5"),
        ({"every": 0}, "every: got 0"),
        ({"seeds": -1}, "seeds: got -1"),
        ({"average": 1.0}, "average: got 1.0, expected a number of 0 or more and below 1"),
        ({"key": -3}, "key: got -3"),
        ({"key": "3"}, "key: got '3', expected a whole number or a jax.random.key"),
    ],
)
def test_bad_arguments_are_named(ring, method, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        train(ring, method, **arguments)


def test_a_method_that_is_none_is_named(ring):
    with pytest.raises(TypeError, match="method: got 'consensus', expected a Method"):
        train(ring, "consensus")


def test_players_of_another_game_are_named_before_anything_runs(tmp_path):
    game, other = sd.games.ring(batch=8), sd.games.ring("numerics", batch=8)
    with pytest.raises(ValueError, match="players: of another game: "):
        sd.train(
            game, sd.methods.simultaneous(), steps=2, key=jax.random.key(0), players=other.init(jax.random.key(1)),
            out=tmp_path / "a",
        )  # fmt: skip
    assert not (tmp_path / "a").exists()


class Steep:
    """Gradients of 1e20 that overflow Adam's second moment, so that its players never move again."""

    def init(self, key):
        return sd.Pair(jnp.zeros(2), jnp.zeros(2))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator

    def losses(self, discriminator, samples, batch):
        return sd.Pair(1e20 * samples.sum(), (discriminator**2).sum())


@pytest.mark.parametrize("looks", [None, {"players": players_probe}])
def test_an_optimiser_s_state_that_overflows_is_divergence(looks):
    method = sd.methods.simultaneous(generator="adam(learning_rate=1e-3)", discriminator="adam(learning_rate=1e-3)")
    history = sd.train(Steep(), method, steps=10, key=KEY, probes=looks).history
    assert history.diverged_at.item() == (0 if looks is None else 1)  # the gradient's norm is not finite at the start


def test_what_an_optimiser_begins_with_may_be_infinite():
    """As `reduce_on_plateau` begins with the best value that it has not seen yet."""
    import optax

    plateau = optax.chain(optax.sgd(0.1), optax.scale(1.0), _Best())
    method = sd.methods.simultaneous(generator=plateau, discriminator=plateau)
    assert int(sd.train(sd.games.bilinear(), method, steps=3, key=KEY).only.history.diverged_at) == -1


def _Best():
    import optax

    return optax.GradientTransformation(
        lambda params: {"best": jnp.asarray(jnp.inf)}, lambda updates, state, params=None: (updates, state)
    )


def test_an_average_that_overflows_is_divergence():
    class Large(Steep):
        def losses(self, discriminator, samples, batch):
            return sd.Pair(-samples.sum(), (discriminator**2).sum())

    method = sd.methods.simultaneous(learning_rate=1e37)
    history = sd.train(Large(), method, steps=60, key=KEY, average=0.5, probes={"players": players_probe}).history
    assert 0 < history.diverged_at.item() <= 35


@pytest.mark.parametrize("name", ["steps_per_second", "diverged_at", "seed", "step"])
def test_a_probe_may_not_take_a_name_of_the_history_s_own(ring, method, name):
    for looks in ({name: lambda *_: 1.0}, {"a": lambda *_: {name: 1.0}}):
        with pytest.raises(ValueError, match=f"probes: .* records '{name}', a name of the history's own"):
            train(ring, method, probes=looks)


def test_two_probes_may_not_record_one_variable(ring, method):
    with pytest.raises(ValueError, match="probes: b records 'x', recorded by another probe too"):
        train(ring, method, probes={"a": lambda *_: {"x": 1.0}, "b": lambda *_: {"x": 2.0}})


@pytest.mark.parametrize("name", ["g[1]", "a*b", "[", "a]b[c]", "ü $HOME ~"])
def test_a_folder_s_name_is_no_pattern(method, tmp_path, name):
    game = sd.games.bilinear()
    whole = train(game, method, out=tmp_path / name)
    assert same(train(game, method, out=tmp_path / name, resume=True).history, whole.history)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_first_checkpoint_that_cannot_be_read_back_ends_the_run(method, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_read", lambda path: {"00000": np.zeros(1)})
    with pytest.raises(OSError, match="what was read back is not what was written"):
        train(sd.games.bilinear(), method, out=tmp_path / "run", checkpoint_seconds=0.0)


def test_records_that_are_too_many_are_refused_before_any_is_listed(ring, method):
    with pytest.raises(ValueError, match=r"every: got 1, expected at least 200, for at most 10,000,000 records"):
        train(ring, method, steps=2_000_000_000, every=1)
