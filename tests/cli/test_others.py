"""`list`, `doctor` and `demo`."""

from pathlib import Path

import pytest

from saddlery.cli.list import KINDS
from saddlery.experiments.built import prepare
from saddlery.studies import demo


@pytest.mark.parametrize("kind", KINDS)
def test_lists_hold_every_name_with_its_arguments_and_what_it_is(saddlery, kind):
    code, printed, _ = saddlery("list", kind)
    assert code == 0
    lines = printed.partition("\n\n")[0].splitlines()
    names, about = lines[::2], lines[1::2]
    assert [line.partition("(")[0] for line in names] == sorted(KINDS[kind]())
    assert all(line.startswith("    ") and len(line) > 10 for line in about)


def test_lists_show_arguments_as_they_are_written(saddlery):
    methods = saddlery("list", "methods")[1]
    assert "\nunrolled(steps=10, second_order=True)\n" in methods
    assert "\nsimultaneous\n" in methods
    assert "Each also takes schedule=None, generator=None, discriminator=None, learning_rate=None." in methods
    assert "\nring(preset='unrolled', modes=8, radius=None" in saddlery("list", "games")[1]


def test_the_doctor_computes_and_finds_this_machine_well(saddlery, monkeypatch, tmp_path):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SADDLERY_DATA", raising=False)
    code, printed, _ = saddlery("doctor")
    assert code == 0
    for word in ("jax ", "devices", "a 256×256 product: ", "memory", f"{tmp_path / 'cache'}: 0 files", "SADDLERY_DATA"):
        assert word in printed
    assert "wrong" not in printed


def test_the_doctor_says_what_is_wrong_and_what_to_do(saddlery, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("SADDLERY_DATA", str(tmp_path / "nowhere"))
    code, printed, _ = saddlery("doctor")
    assert code == 1
    assert printed.count("wrong  ") == 2
    assert "cannot be written" in printed
    assert "set SADDLERY_CACHE to a folder of yours" in printed
    assert "set SADDLERY_DATA to a folder that is there" in printed


@pytest.mark.parametrize("scale", demo.SCALES)
def test_the_demonstration_s_experiments_can_be_run(scale):
    for experiment in demo.experiments(scale):
        assert set(prepare(experiment).methods) == set(experiment.methods)


def test_the_demonstration_writes_one_report_and_goes_on_where_it_was(saddlery, monkeypatch):
    for settings, game in ((demo.RING, "ring(batch=8)"), (demo.DIGITS, "bilinear")):
        small = {
            "game": game,
            "methods": ("simultaneous",),
            "steps": {"small": 2},
            "every": {"small": 1},
            "seeds": {"small": 1},
        }
        for name, value in small.items():
            monkeypatch.setitem(settings, name, value)
    code, printed, _ = saddlery("demo", "--scale", "small", "--out", "demo", "--quiet")
    assert code == 0
    assert "Report: demo/report.html" in printed
    assert demo.RING["title"] in Path("demo/report.html").read_text()
    written = Path("demo/ring/results.zarr").stat().st_ctime_ns
    assert saddlery("demo", "--scale", "small", "--out", "demo", "--quiet")[0] == 0
    assert Path("demo/ring/results.zarr").stat().st_ctime_ns == written
    assert len(demo.run(Path("demo"), "small")) == 2
