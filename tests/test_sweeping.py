"""Sweeps from Python: every combination, selected by what it was set to."""

import jax
import numpy as np
import pytest

import saddlery as sd

SMALL = {"steps": 6, "seeds": 2, "every": 3, "samples": 50}


def test_every_combination_is_trained_and_selected_by_name():
    methods = ["simultaneous", "consensus(gamma=[0.1, 1.0])"]
    ds = sd.sweep("bilinear", methods, learning_rate=[0.01, 0.1], **SMALL).dataset
    assert dict(ds["generator_norm"].sizes) == {"setting": 6, "seed": 2, "step": 3}
    consensus = ds.sel(method="consensus").median("seed")
    assert consensus.sizes["setting"] == 4
    one = ds.sel(method="consensus", gamma=1.0, learning_rate=0.1)
    assert "setting" not in one.sizes or one.sizes["setting"] == 1
    game = sd.games.bilinear()
    method = sd.methods.consensus(1.0, generator="sgd(learning_rate=0.1)", discriminator="sgd(learning_rate=0.1)")
    alone = sd.train(game, method, steps=6, every=3, seeds=2, key=jax.random.key(0))
    np.testing.assert_array_equal(one["generator_norm"].squeeze(), alone.history["generator_norm"])
    assert ds.sel(step=4, method="nearest").sizes["setting"] == 6  # the keyword's other meaning


def test_one_s_own_games_and_methods_are_swept_like_any():
    game = sd.games.bilinear()
    mine = sd.Method(
        sd.rules.Consensus(0.5),
        sd.schedules.simultaneous(),
        generator=sd.optimiser("sgd", learning_rate=0.3),
        discriminator=sd.optimiser("sgd", learning_rate=0.3),
    )
    ds = sd.sweep(game, {"mine": mine, "theirs": "consensus(gamma=0.5)"}, learning_rate=[0.1, 0.2], **SMALL).dataset
    assert sorted(set(ds["method"].values)) == ["consensus", "mine"]
    for rate in (0.1, 0.2):
        one, other = (
            ds.sel(method=name, learning_rate=rate)["generator_norm"].squeeze() for name in ("mine", "consensus")
        )
        np.testing.assert_array_equal(one, other)
    kept = sd.sweep(game, mine, **SMALL).dataset["generator_norm"].squeeze()
    np.testing.assert_array_equal(
        kept, sd.train(game, mine, steps=6, every=3, seeds=2, key=jax.random.key(0)).history["generator_norm"]
    )


def test_a_folder_keeps_it_and_it_is_gone_on_with(tmp_path):
    def never(*_):
        raise AssertionError("something was trained again")

    one = sd.sweep("bilinear", "simultaneous", out=tmp_path / "a", **SMALL)
    with pytest.raises(FileExistsError, match="holds an experiment"):
        sd.sweep("bilinear", "simultaneous", out=tmp_path / "a", **SMALL)
    from saddlery.experiments import local

    before, local.train = local.train, never
    try:
        again = sd.sweep("bilinear", "simultaneous", out=tmp_path / "a", resume=True, **SMALL)
    finally:
        local.train = before
    assert one.dataset.identical(again.dataset)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rong", "simultaneous"), "unknown game 'rong'"),
        (("bilinear", "simultaneos"), "unknown method 'simultaneos'"),
        (("bilinear", "consensus(gama=[1, 2])"), "unknown argument of consensus 'gama'"),
        (("bilinear", []), "methods: got none"),
        (("bilinear", [3]), "methods: method_1 is 3"),
    ],
)
def test_mistakes_are_named_before_anything_runs(arguments, said, tmp_path):
    with pytest.raises((ValueError, TypeError), match=said):
        sd.sweep(*arguments, out=tmp_path / "a", **SMALL)
    assert not (tmp_path / "a").exists()


def test_learning_rates_without_any_are_refused():
    with pytest.raises(ValueError, match=r"learning_rate: got \[\], an axis without values"):
        sd.sweep("bilinear", "simultaneous", learning_rate=[], **SMALL)
