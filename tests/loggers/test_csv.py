"""Records as comma-separated values: every number of every record once, exactly, also after a resume."""

import numpy as np
import pandas as pd
import pytest

import saddlery as sd
from saddlery.cli import main
from saddlery.records.storage import is_own

pytestmark = pytest.mark.long

SWEEP = ("bilinear", "-m", "simultaneous", "-m", "consensus(gamma=[1.0, 2.0])", "--steps", "6", "--seeds", "2")


def require_same(path, history, setting):
    """The rows of a setting are its history's numbers, each once."""
    rows = pd.read_csv(path)
    rows = rows[rows["setting"] == setting]
    names = [name for name in history.data_vars if history[name].dims == ("seed", "step")]
    assert len(rows) == len(names) * history["seed"].size * history["step"].size
    for name in names:
        found = rows[rows["measure"] == name].pivot(index="seed", columns="step", values="value")
        np.testing.assert_array_equal(found.values, history[name].values)
        assert found.columns.tolist() == history["step"].values.tolist()


def test_rows_are_the_history_s_numbers_exactly(tmp_path, trained):
    run = trained(loggers=["csv"], out=tmp_path / "run")
    require_same(tmp_path / "run" / "records.csv", run.history, "simultaneous")


@pytest.mark.parametrize(("step", "kept"), [(11, 0.0), (11, 1e9), (20, 0.0)])  # also with no checkpoint at all
def test_a_run_that_is_resumed_has_no_step_twice_and_loses_none(tmp_path, trained, killed, step, kept):
    settings = {"out": tmp_path / "run", "loggers": ["csv"], "checkpoint_seconds": kept}
    killed(step, **settings)
    run = trained(**settings, resume=True)
    require_same(tmp_path / "run" / "records.csv", run.history, "simultaneous")


def test_rows_of_a_run_stay_until_it_goes_on_but_the_last_which_may_be_cut_off(tmp_path, trained, killed):
    killed(11, out=tmp_path / "run", loggers=["csv"])
    before = (tmp_path / "run/records.csv").read_text().splitlines()
    logger = sd.loggers.csv()
    logger.open(tmp_path / "run", ["simultaneous"])  # and stopped, before any run is begun again
    logger.close()
    after = (tmp_path / "run/records.csv").read_text().splitlines()
    assert after == before[: len(after)]
    assert 0 < len(before) - len(after) <= 4  # numbers of a record
    run = trained(out=tmp_path / "run", loggers=["csv"], resume=True)
    require_same(tmp_path / "run/records.csv", run.history, "simultaneous")


def test_other_runs_in_the_same_file_of_one_s_own_are_replaced(tmp_path, trained):
    for key in (1, 2):
        run = trained(key=key, loggers=[sd.loggers.csv(tmp_path / "own.csv")])
    require_same(tmp_path / "own.csv", run.history, "simultaneous")


def test_what_was_not_logged_before_is_logged_on_resume(tmp_path, trained, killed):
    killed(11, out=tmp_path / "run")
    run = trained(out=tmp_path / "run", resume=True, loggers=[sd.loggers.csv(tmp_path / "own.csv")])
    require_same(tmp_path / "own.csv", run.history, "simultaneous")


def test_rows_of_finished_settings_stay_when_another_is_trained_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", *SWEEP, "--log", "csv", "--out", "a", "--quiet", "--no-report"]) == 0
    whole = pd.read_csv("a/records.csv")
    (tmp_path / "a/results.zarr/saddlery/cells/1.json").unlink()
    assert main(["resume", "a", "--log", "csv", "--quiet", "--no-report"]) == 0
    order = ["setting", "seed", "step", "measure"]
    again = pd.read_csv("a/records.csv").sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(again, whole.sort_values(order, ignore_index=True))
    for label, of_setting in sd.load("a").dataset.groupby("label"):
        require_same("a/records.csv", of_setting.squeeze("setting", drop=True), label)


def test_force_replaces_the_file_also_when_its_last_row_is_cut_off(tmp_path, trained):
    out = tmp_path / "run"
    trained(loggers=["csv"], out=out)
    with open(out / "records.csv", "ab") as file:
        file.write(b"simultaneous(),0,2")  # as a kill leaves it
    run = trained(loggers=["csv"], out=out, force=True)
    require_same(out / "records.csv", run.history, "simultaneous")
    trained(out=out, force=True)
    assert not (out / "records.csv").exists()


def test_a_file_that_somebody_changed_is_never_replaced(tmp_path, trained):
    out = tmp_path / "run"
    trained(loggers=["csv"], out=out)
    assert is_own(out / "records.csv")
    changed = (out / "records.csv").read_text().replace(",generator_loss,", ",my_loss,", 1)
    (out / "records.csv").write_text(changed)
    assert not is_own(out / "records.csv")
    with pytest.raises(FileExistsError, match=r"records\.csv"):
        trained(loggers=["csv"], out=out, force=True)
    with pytest.raises(FileExistsError, match=r"records.csv was not written by Saddlery, or was changed since"):
        trained(loggers=["csv"], out=out, resume=True)
    assert (out / "records.csv").read_text() == changed


def test_without_a_folder_and_a_path_it_is_said_what_is_needed(trained):
    with pytest.raises(ValueError, match=r'log: csv needs a file .* csv\(path="records.csv"\), or out='):
        trained(loggers=["csv"])
