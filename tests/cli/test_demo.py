"""`saddlery demo`, made shorter."""

from pathlib import Path

import pytest

from saddlery.studies import demo

pytestmark = pytest.mark.long


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
