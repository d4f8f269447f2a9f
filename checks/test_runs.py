"""A short run of every game, and of the demonstration, is as it was."""

import pytest

from checks import recorded


@pytest.mark.parametrize("name", recorded.GAMES)
def test_a_run_is_as_before(name):
    assert recorded.compare(f"game-{name}", recorded.of_game(recorded.GAMES[name])) == []


@pytest.mark.parametrize("which", [0, 1])
def test_the_demonstration_is_as_before(which, tmp_path):
    assert recorded.compare(f"demo-{which}", recorded.of_demo(tmp_path, which)) == []
