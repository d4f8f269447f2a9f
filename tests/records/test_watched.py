"""The report beside the records of a watched training."""

import pytest

from saddlery.errors import Damaged
from saddlery.records.watched import report


def test_a_report_is_read_as_far_as_it_is_there(tmp_path):
    assert report(tmp_path) == {}
    (tmp_path / "report.json").write_text('{"alarms": []}')
    assert report(tmp_path) == {"alarms": []}
    (tmp_path / "report.json").write_text("[1]")
    assert report(tmp_path) == {}
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(Damaged, match=r"report\.json is damaged: it is no report of a watched training"):
        report(tmp_path)
