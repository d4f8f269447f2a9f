"""Which file or folder is read as what."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.errors import InvalidValue, NotFound
from saddlery.records.logs.read import read_log

TEXT = "step,g_loss\n0,0.5\n50,0.6\n"


def test_a_link_and_the_only_file_of_a_folder_are_read(tmp_path):
    (tmp_path / "metrics.csv").write_text(TEXT)
    (tmp_path / "hparams.yaml").write_text("lr: 1")
    assert read_log(tmp_path).series["generator_loss"].values.tolist() == [0.5, 0.6]
    (tmp_path / "below").mkdir()
    link = tmp_path / "below" / "link.csv"
    link.symlink_to(tmp_path / "metrics.csv")
    assert read_log(link).path == str(link)
    (tmp_path / "other.csv").write_text(TEXT)
    with pytest.raises(InvalidValue, match=r"holds 2 files of CSV; give one of them: metrics\.csv, other\.csv$"):
        read_log(tmp_path)


def test_what_is_not_there_and_what_is_no_file_is_refused_at_once(tmp_path):
    with pytest.raises(NotFound, match=r"^there is no "):
        read_log(tmp_path / "nowhere.csv")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(NotFound, match=r"^there is no "):
        read_log(tmp_path / "dangling.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InvalidValue, match="is not a regular file"):
        read_log(tmp_path / "pipe.csv")
    with pytest.raises(InvalidValue, match="is not a regular file"):
        read_log("/dev/zero")


TOKENS = [
    "step", "g_loss", "loss_D", "a - g_loss", "a - g_loss__MAX", "epoch", ",", ";", "\t", '"', "\n", "\r\n", "0", "1.5",
    "nan", "1e999", "-", "\0", "\ufeff", "é", "tensor(1)", "#", " ",
]  # fmt: skip


@settings(deadline=None)
@given(text=st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=60).map("".join))
def test_whatever_a_file_holds_it_is_a_log_or_refused_in_a_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("logs") / "losses.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused, found = "", {}
    try:
        found = read_log(path).series
    except InvalidValue as error:
        refused = str(error)
    assert bool(refused) != bool(found)
    assert "\n" not in refused
    for series in found.values():
        assert len(series.steps) == len(series.values) > 0
        assert (series.steps[1:] > series.steps[:-1]).all()
