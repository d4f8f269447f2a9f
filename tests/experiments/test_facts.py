"""What results know of their experiment."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment

pytestmark = pytest.mark.long

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


def test_results_of_a_mixture_know_its_modes_and_a_perfect_sampler(tmp_path):
    one = Experiment("ring(batch=16)", ("simultaneous",), steps=2, seeds=1, every=1, samples=200, average=0.9)
    results = run(one, tmp_path)
    assert results["modes_total"].values.tolist() == [8]
    assert results.attrs["samples_measured"] == 200
    assert results["centres"].dims == ("mode", "coordinate")
    np.testing.assert_allclose(np.linalg.norm(results["centres"], axis=1), 1.0, rtol=1e-6)
    assert 0.9 < results["perfect_high_quality"].item() <= 1.0
    assert results["discriminator_optimiser"].values.tolist() == ["adam(learning_rate=0.0001, b1=0.5)"]
    assert results["samples"].dims == ("setting", "seed", "step", "sample", "coordinate")
    assert "averaged_modes" in results


def test_results_of_images_hold_real_ones_to_compare_with(tmp_path):
    one = Experiment("digits(batch=8, width=8)", ("simultaneous",), steps=1, seeds=1, every=1, samples=100)
    results = run(one, tmp_path)
    assert results["real"].dims == ("sample", "y", "x", "channel")
    assert results["real"].dtype == results["samples"].dtype == np.uint8
    assert results["samples"].shape[3:] == results["real"].shape


class Moons(eqx.Module):
    """Data of one's own: points of two half circles."""

    def draw(self, key, n):
        angle = jax.random.uniform(key, (n,), maxval=jnp.pi)
        return jnp.stack([jnp.cos(angle), jnp.sin(angle)], -1)


def test_results_of_own_points_of_the_plane_hold_real_ones_and_draw_them(tmp_path):
    MLP = sd.networks.MLP
    game = sd.games.Gan(MLP(2, 2, (4,)), MLP(2, 1, (4,)), Moons(), noise=2, batch=8)
    results = sd.sweep(game, "simultaneous", steps=2, seeds=1, samples=20, shown=30, out=tmp_path / "a")
    real = results.dataset["real_points"]
    assert real.dims == ("point", "coordinate")
    np.testing.assert_allclose(np.linalg.norm(real, axis=1), 1.0, rtol=1e-5)
    assert len(real) == 30
    page = results.report().read_text()
    assert "Animation of samples along training" in page
    assert "grey points are real samples" in page
    probes = {"samples": sd.metrics.probes(game, samples=20, shown=10)["samples"]}
    sd.train(game, sd.methods.simultaneous(), steps=2, key=0, probes=probes, out=tmp_path / "b")
    assert sd.load(tmp_path / "b").dataset["real_points"].shape == (10, 2)
