"""Placement: whatever runs beside a run, it computes the same."""

import dataclasses

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments import local
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.programs import programs

RING = Experiment(
    "ring(preset='numerics', batch=16)",
    ("simultaneous", "consensus(gamma=[0.1, 1.0])", "unrolled(steps=[1, 2])"),
    steps=12, seeds=3, every=4, learning_rate=[1e-3, 1e-2], samples=50, shown=4,
)  # fmt: skip
DIVERGING = Experiment("bilinear", ("simultaneous",), steps=400, seeds=3, every=100, learning_rate=[0.1, 1e3, 0.2])


def trained(experiment, **placement):
    """Every cell's ends, by its label."""
    ends, told = {}, []
    cells = cells_of(prepare(experiment), None)
    local.train(
        cells, done=lambda cell, stages: ends.update({cell.label: stages}), on_compiled=told.append, **placement
    )
    assert [len(each) for each in told] == [len(programs(cells))]
    assert sorted(ends) == sorted(experiment.labels)
    return ends


def test_learning_rates_and_gammas_share_a_program_and_depths_do_not():
    groups = programs(cells_of(prepare(RING), None))
    assert sorted(len(group) for group in groups) == [2, 2, 2, 4]


def test_on_the_cpu_a_run_of_a_sweep_is_bit_for_bit_the_run_alone():
    ends = trained(RING)
    ready = prepare(RING)
    for label in ("consensus(gamma=1.0, learning_rate=0.01)", "unrolled(steps=2, learning_rate=0.001)"):
        alone = sd.train(
            ready.game, ready.methods[label], steps=12, every=4, seeds=3, key=jax.random.key(0),
            probes=cells_of(ready, None)[0].probes,
        )  # fmt: skip
        for seed, stage in enumerate(ends[label]):
            for one, other in zip(
                jax.tree.leaves(alone.players[seed]), jax.tree.leaves(stage.carry.players), strict=True
            ):
                np.testing.assert_array_equal(one, other)
            for name, values in stage.history.items():
                np.testing.assert_array_equal(alone.history[name].isel(seed=seed), values, err_msg=name)


@pytest.mark.parametrize("together", [2, 64])
def test_mapped_together_runs_agree_with_single_ones_to_rounding(together):
    one = dataclasses.replace(RING, methods=("simultaneous", "consensus(gamma=[0.1, 1.0])"))
    alone, mapped = trained(one), trained(one, mapped=True, together=together)
    for label, stages in alone.items():
        for a, b in zip(stages, mapped[label], strict=True):
            assert (a.step, a.diverged_at) == (b.step, b.diverged_at)
            for x, y in zip(jax.tree.leaves(a.carry.players), jax.tree.leaves(b.carry.players), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)
            for name in ("generator_loss", "discriminator_norm"):
                np.testing.assert_allclose(a.history[name], b.history[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mapped", [False, True])
def test_a_run_that_diverges_is_recorded_at_its_step_and_disturbs_nobody(mapped):
    """Simultaneous descent of xy multiplies the distance by √(1 + h²) in a step, until it is no number."""
    ends = trained(DIVERGING, mapped=mapped)
    for label in ("simultaneous(learning_rate=0.1)", "simultaneous(learning_rate=0.2)"):
        alone = trained(dataclasses.replace(DIVERGING, learning_rate=[0.1, 0.2]), mapped=mapped)[label]
        for a, b in zip(ends[label], alone, strict=True):
            assert a.diverged_at == -1
            for name, values in a.history.items():
                np.testing.assert_array_equal(values, b.history[name])
    for stage in ends["simultaneous(learning_rate=1000.0)"]:
        assert 10 <= stage.diverged_at <= 15  # 3.4e38 is 1000 to the power of 12.8
        assert stage.step == stage.diverged_at - 1
        assert np.isfinite(stage.history["generator_norm"][0])
        assert np.isnan(stage.history["generator_norm"][1:]).all()


def test_an_error_in_one_run_ends_the_sweep_with_it():
    cells = cells_of(prepare(DIVERGING), None)

    def broken(game, players, key):
        raise RuntimeError("a probe of mine is wrong")

    cells = [dataclasses.replace(cell, probes={"mine": broken}) for cell in cells]
    with pytest.raises(RuntimeError, match="a probe of mine is wrong"):
        local.train(cells, done=lambda cell, stages: None)
    assert all(cell.stop.is_set() for cell in cells)


@pytest.mark.parametrize("mapped", [False, True])
def test_what_is_stopped_goes_on_from_its_checkpoints_to_the_same_bits(tmp_path, mapped):
    ready = prepare(dataclasses.replace(DIVERGING, learning_rate=[0.1, 0.2], seeds=2, steps=300, every=1))
    whole = {}
    local.train(cells_of(ready, None), done=lambda cell, stages: whole.update({cell.label: stages}), mapped=mapped)
    cells = cells_of(ready, tmp_path, checkpoint_seconds=0.0)
    seen = []

    def stop(progress):
        seen.append(progress.step)
        if progress.step > 10:
            cells[0].stop.set()

    stopped = [dataclasses.replace(cell, on_progress=stop) for cell in cells]
    ends = {}
    local.train(stopped, done=lambda cell, stages: ends.update({cell.label: stages}), mapped=mapped)
    assert len(ends) < 2
    assert max(seen) < 300
    cells = cells_of(ready, tmp_path)
    local.train(cells, done=lambda cell, stages: ends.update({cell.label: stages}), mapped=mapped)
    for label, stages in whole.items():
        for a, b in zip(stages, ends[label], strict=True):
            for name, values in a.history.items():
                np.testing.assert_array_equal(values, b.history[name])
