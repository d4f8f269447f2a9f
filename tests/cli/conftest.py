"""What tests of commands share."""

import pytest


@pytest.fixture
def mistake(saddlery, tmp_path):
    """`mistake(*command)`: the one line in which a mistake is told; nothing is printed, and nothing written."""

    def mistake(*command):
        there = set(tmp_path.iterdir())
        code, printed, errors = saddlery(*command)
        assert (code, printed) == (2, "")
        assert errors.startswith("error: ")
        assert errors.count("\n") == 1
        assert set(tmp_path.iterdir()) == there
        return errors

    return mistake
