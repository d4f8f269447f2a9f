"""`saddlery list`."""

import pytest

from saddlery.cli.list import KINDS


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
