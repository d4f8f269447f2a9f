"""The long table: what is read back from it is what was measured."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saddlery.cli import main
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.export import export, table
from saddlery.experiments.levels import with_levels
from saddlery.experiments.opening import open_results

SWEEP = Experiment(
    "ring(batch=8)", ("simultaneous(learning_rate=[1e-3, 1e38])", "consensus(gamma=1.5)"),
    steps=4, seeds=2, every=2, samples=50, shown=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    run(SWEEP, folder)
    return folder


def test_a_row_is_a_setting_a_seed_and_a_step(folder):
    results = open_results(folder)
    rows = table(results)
    assert len(rows) == 3 * 2 * 3
    assert list(rows.columns[:6]) == ["setting", "seed", "step", "method", "gamma", "learning_rate"]
    assert {"modes", "generator_loss", "diverged_at", "steps_per_second"} < set(rows.columns)
    assert "samples" not in rows
    assert "centres" not in rows
    assert rows["method"].unique().tolist() == ["simultaneous", "consensus"]
    assert (rows[rows["learning_rate"] == 1e38]["diverged_at"] > 0).all()
    for _, row in rows.iterrows():
        there = results.sel(setting=row["setting"], seed=row["seed"])
        np.testing.assert_equal(row["modes"], float(there["modes"].sel(step=row["step"])))
        assert row["diverged_at"] == there["diverged_at"]


@pytest.mark.parametrize(("format", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_a_file_gives_the_same_numbers_back(folder, format, read):
    assert main(["export", str(folder), "--format", format]) == 0
    back, rows = read(folder / f"results.{format}"), table(open_results(folder))
    assert list(back.columns) == list(rows.columns)
    for name in rows.columns:
        there = back[name].to_numpy().astype(rows[name].to_numpy().dtype)
        np.testing.assert_array_equal(there, rows[name].to_numpy(), err_msg=name)


def test_settings_by_their_levels_are_the_same_table(folder):
    results = open_results(folder)
    pd.testing.assert_frame_equal(table(with_levels(results)), table(results))


def test_what_cannot_be_exported_is_named(folder, tmp_path, capsys, monkeypatch):
    assert main(["export", str(folder), "--format", "csw"]) == 2
    assert capsys.readouterr().err == "error: unknown format 'csw'; did you mean 'csv'? Allowed: csv, parquet\n"
    assert main(["export", str(tmp_path)]) == 2
    assert "holds no runs" in capsys.readouterr().err
    assert main(["export", str(folder), "--out", str(folder / "run.json" / "x.csv")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    for name in list(sys.modules):
        if name.split(".")[0] == "pyarrow":
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r'parquet needs pyarrow; install it with: pip install "saddlery\[parquet\]"'):
        export(open_results(folder), Path(tmp_path, "a.parquet"))
    assert not Path(tmp_path, "a.parquet").exists()
