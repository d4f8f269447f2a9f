"""Room for compiled programs: dropped before they are too many, and runs under way go on with the same numbers."""

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery._system import mappings
from saddlery.runs.programs import SHARE, make_room


def test_mappings_are_counted_and_grow_with_programs():
    if not mappings.HELD.exists():
        pytest.skip("the system does not say")
    before = mappings.mapped()
    held = jax.jit(lambda x: x * 2 + before)
    held(1.0)
    assert mappings.mapped() > before > 0
    assert mappings.most() > mappings.mapped()


@pytest.mark.parametrize(("found", "dropped"), [(99, False), (101, True)])
def test_programs_are_dropped_past_half_of_what_is_allowed(monkeypatch, found, dropped):
    cleared = []
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(True))
    monkeypatch.setattr(mappings, "most", lambda: int(100 / SHARE))
    monkeypatch.setattr(mappings, "mapped", lambda: found)
    assert make_room() is dropped
    assert cleared == [True] * dropped


def test_where_the_system_does_not_say_nothing_is_dropped(monkeypatch, tmp_path):
    monkeypatch.setattr(mappings, "HELD", tmp_path / "none")
    monkeypatch.setattr(mappings, "ALLOWED", tmp_path / "none")
    assert (mappings.mapped(), mappings.most()) == (0, None)
    assert make_room() is False


def test_runs_whose_programs_are_dropped_have_the_same_numbers(monkeypatch):
    def trained():
        return sd.train(sd.games.bilinear(), sd.methods.extragradient(), steps=50, seeds=4, every=10, key=3).history

    plain = trained()
    monkeypatch.setattr(mappings, "most", lambda: 0)  # at the start of every run
    np.testing.assert_array_equal(trained()["generator_norm"].values, plain["generator_norm"].values)
