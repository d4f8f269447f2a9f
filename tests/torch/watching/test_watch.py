"""A watch over training in PyTorch."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from tests.torch.right import RIGHT

import saddlery as sd
import saddlery.torch as st
from saddlery.analysis.alarms import Alarm
from saddlery.analysis.forecast import Share
from saddlery.errors import InTheWay, InvalidType, InvalidValue
from saddlery.torch.watching.folder import LONGEST

LOUD = Alarm("W18", "balance", False, "the discriminator moves faster", 99.0, 2.5, Share(1, 99), Share(9, 90), 400.0)


def trained(given, steps, watch=None, told=False):
    for _ in range(steps):
        given.step(given.batch)
        if told:
            watch.note(generator_loss=1.0, samples=given.batch, real=given.batch)
    return [
        each.detach().clone() for of in (given.generator, given.discriminator) for each in of.param_groups[0]["params"]
    ]


class Small(NamedTuple):
    """A loop of two numbers, whose step costs nearly nothing."""

    generator: torch.optim.Optimizer
    discriminator: torch.optim.Optimizer
    step: Callable
    batch: object = None


def small():
    g, d = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    generator, discriminator = torch.optim.SGD([g], 1e-3), torch.optim.SGD([d], 1e-3)

    def step(_):
        for optimiser, sign in ((generator, 1), (discriminator, -1)):
            optimiser.zero_grad()
            (sign * (g * d).sum()).backward()
            optimiser.step()

    return Small(generator, discriminator, step)


@pytest.fixture
def given():
    return RIGHT["dcgan"]()


@pytest.mark.parametrize("name", ["dcgan", "hinge_spectral", "vqgan", "relativistic"])
def test_training_is_bit_for_bit_what_it_is_without(name):
    plain = trained(RIGHT[name](), 12)
    given = RIGHT[name]()
    with st.watch(given.generator, given.discriminator, every=5) as watch:
        watch.curvature(given.losses, every=5, batch=given.batch)
        seen = trained(given, 12)
        assert watch.step == 12
    assert len(watch.curvatures) == 2
    assert not watch.failed
    assert all(torch.equal(a, b) for a, b in zip(plain, seen, strict=True))


def test_the_folder_is_one_of_ours_and_its_report_is_bounded(given, tmp_path):
    folder = tmp_path / "vq"
    with st.watch(given.generator, given.discriminator, folder, every=2, title="mine") as watch:
        trained(given, 20, watch, told=True)
    held = sd.load(folder).dataset
    assert held["step"].values.tolist() == list(range(2, 21, 2))
    assert np.isfinite(held["discriminator_norm"].values).all()
    assert held["spread"].values == pytest.approx(1.0)
    assert held.attrs["title"] == "mine"
    report = json.loads((folder / "report.json").read_text())
    assert report["step"] == 20
    assert report["series"]["step"] == list(range(2, 21, 2))
    watch = st.watch(given.generator, given.discriminator, folder, resume=True)
    watch.rows.steps, watch.rows.rows = list(range(50_000)), [{f"x{i}": 1 / 3 for i in range(30)}] * 50_000
    watch.close()
    assert (folder / "report.json").stat().st_size <= LONGEST


def test_a_folder_that_holds_records_is_not_written_over_and_can_be_gone_on_with(given, tmp_path):
    with st.watch(given.generator, given.discriminator, tmp_path / "a", every=2):
        trained(given, 6)
    with pytest.raises(InTheWay, match="resume=True"):
        st.watch(given.generator, given.discriminator, tmp_path / "a")
    with st.watch(given.generator, given.discriminator, tmp_path / "a", every=2, resume=True) as watch:
        assert watch.step == 6
        trained(given, 4)
    assert sd.load(tmp_path / "a").dataset["step"].values.tolist() == [2, 4, 6, 8, 10]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("mine")
    with pytest.raises(InTheWay, match="did not write"):
        st.watch(given.generator, given.discriminator, tmp_path / "b")


def test_an_alarm_warns_once_calls_back_and_is_in_the_report(tmp_path, monkeypatch):
    given = small()
    monkeypatch.setattr("saddlery.torch.watching.watch.ALARMS", {"W18": LOUD})
    rang = []
    watch = st.watch(given.generator, given.discriminator, tmp_path / "a", every=50, on_alarm=rang.append)
    with pytest.warns(st.TrainingAlarm, match="W18 the discriminator moves faster.*1 of 99 healthy runs") as caught:
        trained(given, 360)
    watch.close()
    assert len([each for each in caught if each.category is st.TrainingAlarm]) == len(rang) == 1
    assert watch.alarms == rang
    assert "W18" in str(watch)
    [told] = json.loads((tmp_path / "a" / "report.json").read_text())["alarms"]
    assert (told["code"], told["since"]) == ("W18", rang[0].since)


def test_an_alarm_that_is_ignored_does_not_ring(monkeypatch):
    given = small()
    monkeypatch.setattr("saddlery.torch.watching.watch.ALARMS", {"W18": LOUD})
    with st.watch(given.generator, given.discriminator, ignore=["W18"]) as watch:
        trained(given, 310)
    assert not watch.alarms


def test_warnings_as_errors_and_a_callback_that_fails_stop_no_training(monkeypatch):
    given = small()
    monkeypatch.setattr("saddlery.torch.watching.watch.ALARMS", {"W18": LOUD})

    def fail(rung):
        raise KeyError("mine")

    watch = st.watch(given.generator, given.discriminator, on_alarm=fail)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(given, 360)
    assert "KeyError" in watch.failed
    assert watch.step < 360
    assert not given.generator._optimizer_step_pre_hooks  # it has let go


def test_where_gradients_first_are_not_finite_is_told(given):
    watch = st.watch(given.generator, given.discriminator, every=5)
    trained(given, 7)
    weight = given.generator.param_groups[0]["params"][0]
    handle = weight.register_hook(lambda gradient: gradient * float("nan"))
    with pytest.warns(st.TrainingAlarm) as caught:
        trained(given, 5)
    assert [str(each.message).partition(":")[0] for each in caught] == [
        "gradients of the generator are not finite since step 8",
        "gradients of the discriminator are not finite since step 9",  # whose samples are not, by then
    ]
    handle.remove()
    assert "not finite since step 8" in str(watch)
    watch.close()


def test_a_full_disk_is_told_once_and_training_goes_on(given, tmp_path, monkeypatch):
    watch = st.watch(given.generator, given.discriminator, tmp_path / "a", every=2)
    trained(given, 4)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watch.folder, "append", full)
    with pytest.warns(st.TrainingAlarm, match="records from step 4 on are not written.*No space left") as caught:
        trained(given, 10)
    assert len(caught) == 1
    assert watch.step == 14
    assert not watch.failed
    watch.close()
    assert len(watch.rows.steps) == 7


@pytest.mark.parametrize("first", ["cpu", "meta"])
def test_parameters_on_several_devices_never_stop_training(first):
    """A device that holds no numbers stands for any whose norms cannot be fetched to the first one."""
    second = {"cpu": "meta", "meta": "cpu"}[first]
    players = [[torch.nn.Parameter(torch.ones(3, device=device)) for device in (first, second)] for _ in range(2)]
    optimisers = [torch.optim.SGD(player, 0.25, foreach=False) for player in players]
    for each in (each for player in players for each in player):
        each.grad = torch.ones_like(each)

    def train():
        for optimiser in 3 * optimisers:
            optimiser.step()

    watch = st.watch(*optimisers, every=2)
    with pytest.warns(st.TrainingAlarm, match="the watch has ended at step .*, training goes on: NotImpl") as caught:
        train()
    assert len(caught) == 1
    for player in players:
        (real,) = [each for each in player if each.device.type == "cpu"]
        assert real.tolist() == [0.25] * 3
    watch.close()


def test_losses_that_fail_end_curvature_and_nothing_else(given):
    watch = st.watch(given.generator, given.discriminator, every=2)
    watch.curvature(lambda batch: (_ for _ in ()).throw(ValueError("no such column")), every=2, batch=given.batch)
    with pytest.warns(st.TrainingAlarm, match="curvature is not measured from step 2 on: ValueError: no such column"):
        trained(given, 8)
    watch.close()
    assert not watch.failed
    assert watch.rows.steps == [2, 4, 6, 8]
    assert str(watch).count("curvature is not measured from step 2 on: ValueError: no such column") == 1
    assert "would cost" not in str(watch)


def test_parameters_of_both_players_are_told_once_and_have_no_curvature():
    g, d = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    optimisers = torch.optim.SGD([g], 1e-3), torch.optim.SGD([g, d], 1e-3)
    words = "1 parameters are in both players' optimisers"
    with pytest.warns(st.TrainingAlarm, match=words):
        watch = st.watch(*optimisers, every=1)
    losses = lambda _: ((g * d).sum(), -(g * d).sum())  # noqa: E731
    with pytest.raises(InvalidValue, match=f"curvature: {words}"):
        watch.curvature(losses, batch=1)
    with pytest.warns(st.TrainingAlarm, match=f"curvature is not measured: {words}"):
        watch.curvature(losses, every=1, batch=1)
    for player, optimiser in enumerate(optimisers):
        optimiser.zero_grad()
        losses(None)[player].backward()
        optimiser.step()
    watch.close()
    assert not watch.failed
    assert str(watch).count(words) == 1


def test_what_is_said_is_said_of_the_line_of_the_loop_and_once(given, capfd):
    watch = st.watch(given.generator, given.discriminator, every=1)
    watch.curvature(lambda batch: None, every=1, batch=given.batch)
    with pytest.warns(st.TrainingAlarm) as told:
        trained(given, 3)
    assert [Path(each.filename).name for each in told] == ["right.py"]  # where the optimiser steps
    assert capfd.readouterr().err == ""  # no log of somebody's, so none
    watch.close()


def test_the_last_batch_of_a_loader_is_looked_at(given):
    loader = torch.utils.data.DataLoader(given.batch, batch_size=8)
    watch = st.watch(given.generator, given.discriminator, every=1)
    watch.curvature(given.losses, every=2)
    for _ in range(4):
        for batch in loader:
            given.step(batch)
    watch.close()
    assert watch.curvatures
    assert not watch.failed
    with pytest.raises(InvalidValue, match="batch: got none"):
        st.watch(given.generator, given.discriminator).curvature(given.losses)


def test_wrong_arguments_are_named(given):
    module = torch.nn.Linear(1, 1)
    with pytest.raises(InvalidType, match=r"generator: got Linear.*an optimiser, not the module"):
        st.watch(module, given.discriminator)
    with pytest.raises(InvalidValue, match="discriminator: got the generator's optimiser"):
        st.watch(given.generator, given.generator)
    with pytest.raises(InvalidValue, match="every: got 0"):
        st.watch(given.generator, given.discriminator, every=0)
    with pytest.raises(InvalidValue, match="ignore: got 'X'"):
        st.watch(given.generator, given.discriminator, ignore=["X"])
    watch = st.watch(given.generator, given.discriminator)
    with pytest.raises(InvalidValue, match="note: got 'g_loss'"):
        watch.note(g_loss=1.0)
    watch.close()


def test_what_was_not_told_is_said(given):
    with st.watch(given.generator, given.discriminator, every=2) as watch:
        trained(given, 4)
    said = str(watch)
    assert "W05 was not looked at: generator_loss needs note(generator_loss=)" in said
    assert "W22 was not looked at: nearest needs note(samples=, real=)" in said
    assert "curvature not measured; would cost about" in said


def test_jax_is_not_imported_to_watch(tmp_path):
    code = """
import sys, torch, saddlery.torch as st
g, d = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
opt_g, opt_d = torch.optim.SGD([g], 0.1), torch.optim.SGD([d], 0.1)
losses = lambda batch: ((g * d).sum(), -(g * d).sum())
with st.watch(opt_g, opt_d, sys.argv[1], every=2) as watch:
    watch.curvature(losses, every=2, batch=0)
    for _ in range(6):
        for player, opt in enumerate((opt_g, opt_d)):
            opt.zero_grad(); losses(0)[player].backward(); opt.step()
print(watch)
assert not any(each in sys.modules for each in ("jax", "equinox", "optax", "zarr")), sorted(sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "a")], capture_output=True, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
