"""Files that grow: each piece proves itself, the last may be cut off."""

import pytest

from saddlery.records import growing


def rows(*lines):
    return "".join(f"{line}\n" for line in (growing.HEADING, *lines)).encode()


ROW = growing.checked('"a(b=1, c=2)",0,3,loss,0.25')
EVENT = growing.framed(b"an event")
CASES = [
    (growing.are_rows, rows(ROW, ROW), True),
    (growing.are_rows, rows(ROW) + ROW[:9].encode(), True),
    (growing.are_rows, rows(ROW.replace("0.25", "0.26"), ROW), False),
    (growing.are_rows, rows("a,0,3,loss,0.25"), False),
    (growing.are_rows, b"", False),
    (growing.are_rows, b"\xff\n", False),
    (growing.are_rows, b"setting,seed\n", False),
    (growing.are_events, EVENT + EVENT, True),
    (growing.are_events, EVENT + EVENT[:-3], True),
    (growing.are_events, EVENT + EVENT[:5], True),
    (growing.are_events, EVENT.replace(b"an", b"no") + EVENT, False),
    (growing.are_events, b"a text of somebody's" * 3, False),
]


@pytest.mark.parametrize(("proof", "content", "own"), CASES)
def test_a_growing_file_is_saddlery_s_when_each_piece_fits_its_check(tmp_path, proof, content, own):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert proof(path) is own


def test_only_files_of_these_names_are_looked_into(tmp_path):
    for name, proof in {
        "records.csv": growing.are_rows,
        "seed 0/events.out.tfevents.17.saddlery": growing.are_events,
        "seed 0/events.out.tfevents.17.host": None,
        "other.csv": None,
    }.items():
        assert growing.proof(tmp_path / name) is proof
    assert growing.proof(tmp_path / "live/0-1.jsonl") is not None
