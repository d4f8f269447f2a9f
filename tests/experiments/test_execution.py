"""Results of an experiment that was run."""

import numpy as np

from saddlery.experiments.built import prepare
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


def test_results_hold_every_method_as_it_was_trained(tmp_path):
    import jax

    import saddlery as sd

    results = run(SMALL, tmp_path)
    assert dict(results["generator_norm"].sizes) == {"setting": 2, "seed": 2, "step": 5}
    assert results["setting"].values.tolist() == results["method"].values.tolist() == list(SMALL.methods)
    assert results["step"].values.tolist() == [0, 5, 10, 15, 20]
    assert results.attrs["steps"] == 20
    assert results.attrs["title"] == "Two"
    game, methods = sd.games.bilinear(), prepare(SMALL).methods
    alone = sd.train(game, methods["extragradient"], steps=20, every=5, seeds=2, key=jax.random.key(0)).history
    one = results.sel(setting="extragradient")
    np.testing.assert_array_equal(one["generator_norm"], alone["generator_norm"])
    assert results.identical(open_results(tmp_path))
