"""What a loop tells, against NumPy and JAX."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from saddlery.errors import InvalidValue
from saddlery.metrics import diversity
from saddlery.metrics.separation import separation as in_jax
from saddlery.torch.watching.samples import Told, numbers
from saddlery.torch.watching.sketch import sketch


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
def test_numbers_are_those_of_our_own_runs(shape):
    random = np.random.default_rng(0)
    real, fake = (random.normal(size=(n, *shape)).astype(np.float32) for n in (40, 50))
    scores = [random.integers(0, 4, n).astype(np.float32) for n in (30, 20)]  # with ties
    told = Told().with_(real_logits=torch.tensor(scores[0]), generated_logits=torch.tensor(scores[1]))
    told = told.with_(samples=torch.tensor(fake), real=torch.tensor(real), generator_loss=torch.tensor(3.0))
    found = numbers(told)
    assert found["separation"] == pytest.approx(float(in_jax(*map(jnp.asarray, scores))), rel=1e-6)
    assert found["gap"] == pytest.approx((scores[0].mean() - scores[1].mean()) / np.concatenate(scores).std(), rel=1e-5)
    for name in ("spread", "nearest"):
        of = {"spread": diversity.width, "nearest": diversity.nearest}[name]
        assert found[name] == pytest.approx(float(of(jnp.asarray(fake)) / of(jnp.asarray(real))), rel=1e-4)
    assert found["generator_loss"] == 3.0


def test_what_is_told_in_parts_is_put_together():
    told = Told().with_(generator_loss=1.0).with_(discriminator_loss=torch.tensor(2.0)).with_(generator_loss=None)
    assert numbers(told) == {"generator_loss": 1.0, "discriminator_loss": 2.0}
    with pytest.raises(InvalidValue, match="loss_g"):
        Told().with_(loss_g=1.0)


def test_scores_of_several_scales_count_together():
    scales = [torch.ones(2, 1), torch.zeros(2, 3)]
    assert numbers(Told().with_(real_logits=scales, generated_logits=torch.zeros(4)))["separation"] == pytest.approx(
        (2 * 1 + 6 * 0.5) / 8
    )


def test_a_graph_is_not_held():
    weight = torch.nn.Parameter(torch.ones(2))
    assert Told().with_(samples=weight * 2).samples.grad_fn is None


def test_one_sample_has_no_nearest():
    found = numbers(Told().with_(samples=torch.ones(1, 2), real=torch.ones(1, 2)))
    assert np.isnan(found["nearest"])
    assert np.isnan(found["spread"])


def test_a_sketch_keeps_lengths():
    random = torch.Generator().manual_seed(0)
    sizes = ((300, 40), (40,), (17, 5))
    draw = lambda: [torch.randn(size, generator=random) for size in sizes]  # noqa: E731
    ratios = []
    for _ in range(200):
        g, d, dg, dd = draw(), draw(), draw(), draw()
        moved = [[a + 0.01 * b for a, b in zip(one, other, strict=True)] for one, other in ((g, dg), (d, dd))]
        length = 1e-4 * sum(float(each.square().sum()) for each in dg + dd)
        ratios.append(float(((sketch(*moved) - sketch(g, d)) ** 2).sum()) / length)
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert np.std(ratios) < 0.15  # √(2/256) is 0.09
