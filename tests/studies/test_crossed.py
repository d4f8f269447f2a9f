"""The studies of architectures and divergences at a tiny scale."""

import numpy as np
import pytest

from saddlery.analysis import facts
from saddlery.losses import LOSSES
from saddlery.studies import architectures, divergences
from saddlery.studies.architectures import METHODS


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """Two families with two learning rates; the patches last as long as the tests of this file."""
    size = architectures.Scale(
        {"cf": "dcgan3_nobn_cf(width=1)", "bn": "dcgan3(width=1)"}, "digits", 2, 2, (1e-3, 1e-2), 2, 120
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(architectures.SCALES, "quick", size)
        patch.setattr(architectures, "METHODS", {name: METHODS[name] for name in ("simultaneous", "consensus γ = 10")})
        folder = tmp_path_factory.mktemp("architectures")
        yield architectures.run(folder, "quick"), folder


def test_families_methods_and_learning_rates_are_crossed(crossed):
    results, _ = crossed
    assert results.sizes["setting"] == 2 * 2 * 2
    assert list(results["row"].values) == ["cf"] * 4 + ["bn"] * 4
    assert list(results["column"].values[:4]) == ["simultaneous"] * 2 + ["consensus γ = 10"] * 2
    assert list(results["method"].values[:4]) == ["simultaneous"] * 2 + ["consensus"] * 2
    assert list(results["learning_rate"].values) == [1e-3, 1e-2] * 4
    assert len(set(results["setting"].values)) == 8


def test_the_motion_is_recorded_along_training_and_starts_alike_for_all_methods(crossed):
    results, _ = crossed
    for name in ("field_norm", "turning", "pull", "distance", "reached", "spread"):
        assert results[name].dims == ("setting", "seed", "step")
        start = results[name].sel(step=0).values[:4]
        np.testing.assert_array_equal(start, np.broadcast_to(start[0], start.shape))
        assert np.isfinite(results[name]).all()


def test_generators_are_scored_beside_a_perfect_sampler(crossed):
    results, _ = crossed
    assert results["frechet"].dims == ("setting", "seed")
    assert results.attrs["perfect_frechet"] < float(results["frechet"].min())
    assert results.attrs["perfect_coverage"] > 0.8
    assert facts.shared(results, "perfect_sliced_wasserstein") > 0


def test_what_is_there_is_not_computed_again(crossed, monkeypatch):
    results, folder = crossed
    monkeypatch.setattr(architectures, "scored", lambda *_, **__: pytest.fail("computed again"))
    assert architectures.run(folder, "quick").identical(results)


def test_every_loss_is_crossed_once(tmp_path, monkeypatch):
    of_all = divergences.SCALES["paper"].losses
    assert len({id(LOSSES[name]) for name in of_all}) == len(of_all) == len({id(loss) for loss in LOSSES.values()})
    size = divergences.Scale("digits(width=2, batch=4, loss={loss!r})", 2, (1e-3,), 1, 100, ("minimax", "hinge"))
    monkeypatch.setitem(divergences.SCALES, "quick", size)
    monkeypatch.setattr(divergences, "METHODS", ("simultaneous", "alternating"))
    results = divergences.run(tmp_path, "quick")
    assert list(results["row"].values) == ["minimax", "minimax", "hinge", "hinge"]
    assert list(results["column"].values) == ["simultaneous", "alternating"] * 2
    assert results["inception_score"].shape == (4, 1)


@pytest.mark.parametrize("study", [architectures, divergences])
def test_mistakes_are_named(study, tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'papre'; did you mean 'paper'"):
        study.run(tmp_path, "papre")
