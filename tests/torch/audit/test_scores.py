"""How losses respond to scores."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.torch.right import RIGHT, discriminator, entropy, fooled, hinge, raised, squared, told_apart, unconditional
from tests.torch.unusual import UNUSUAL
from torch import nn

from saddlery.torch.audit.evaluation import Evaluations
from saddlery.torch.audit.rows import roles, scores_of
from saddlery.torch.audit.scores import (
    GENERATED,
    LEVELS,
    REAL,
    SHARES,
    D,
    G,
    Response,
    depends_otherwise,
    levels_of,
    of_classes,
    opposed,
    put,
    responses,
    roots,
    turned,
    weighs,
)
from saddlery.torch.players import players


def begun(loop):
    evaluate = Evaluations(loop.losses, loop.batch, players(loop.generator, loop.discriminator))
    base = evaluate()
    return evaluate, base, scores_of(base, roles(evaluate, base, evaluate()))


def responded(loop):
    evaluate, base, scores = begun(loop)
    return responses(evaluate, base, scores, [False] * len(scores))


def test_clear_signs_need_no_more_evaluations():
    evaluate, base, scores = begun(RIGHT["wgan_clipped"]())
    before = evaluate.count
    [found] = responses(evaluate, base, scores, [False])
    assert evaluate.count == before
    assert found.right
    assert found.complete
    signs = [found.slopes[0][of].sign for of in ((D, REAL), (D, GENERATED), (G, GENERATED), (G, REAL))]
    assert signs == pytest.approx([-1, 1, -1, np.nan], nan_ok=True)


@pytest.mark.parametrize("name", ["best", "saturated", "zero_discriminator_of_entropy", "relativistic_squares"])
def test_where_signs_are_not_clear_other_scores_are_tried(name):
    [found] = responded(UNUSUAL[name]())
    assert found.right
    assert len(found.slopes) > (1 if name in ("best", "saturated") else 0)


def test_levels_are_tried_one_by_one_where_that_is_not_enough():
    loop = unconditional(
        lambda D, fake, _: squared(D(fake), 3.0), lambda D, real, fake: squared(D(real), 5.0) + squared(D(fake), 5.0)
    )
    [found] = responded(loop)
    assert not found.right
    assert found.losses.shape == (5, 5, 2)
    assert found.losses[3, 2].tolist() == pytest.approx([9, 16 + 25])
    assert (found.losses[:, 1, G] == found.losses[0, 1, G]).all()  # no real samples are in the generator's loss
    assert [1, 1] in found.best.tolist() or [10, 10] in found.best.tolist()


def of_losses(losses, levels=LEVELS):
    """A response of losses at levels, `losses(real, fake)`."""
    real, fake = np.meshgrid(levels, levels, indexing="ij")
    of_g, of_d = np.broadcast_arrays(*losses(real, fake), real)[:2]
    return Response((True, True), [], levels, np.stack([of_g, of_d], -1))


def softplus(x):
    return np.logaddexp(0, x)


@pytest.mark.parametrize(
    ("losses", "best", "misled"),
    [
        (lambda a, b: (softplus(-b), softplus(-a) + softplus(b)), [10, -10], False),
        (lambda a, b: (softplus(b), softplus(-a) + softplus(b)), [10, -10], True),
        (lambda a, b: (b**2, (a - 1) ** 2 + (b + 1) ** 2), [1, -1], False),
        (lambda a, b: (-b, np.maximum(1 - a, 0) + np.maximum(1 + b, 0)), [1, -10], False),
        (lambda a, b: (a - b, softplus(b - a)), [1, -10], False),
        (lambda a, b: (b - a, softplus(b - a)), [1, -10], True),
        (lambda a, b: (0 * b, a - b), [-10, 10], False),
        (lambda a, b: (np.where(b == 10, np.nan, b), b - a), [10, -10], False),
    ],
)
def test_the_generator_is_misled_where_its_loss_is_less_at_what_the_discriminator_wants(losses, best, misled):
    found = of_losses(losses)
    assert best in found.best.tolist()
    assert found.misled(*found.best[0]) is misled


def test_nothing_is_best_where_all_is_the_same_but_for_rounding():
    assert not len(of_losses(lambda a, b: (b, 1000 + 1e-9 * a)).best)
    assert not len(of_losses(lambda a, b: (b, a * np.nan)).best)


def test_a_loss_responds_to_levels_where_it_has_no_gradient():
    found = of_losses(lambda a, b: (b * np.nan, a + 0 * b))
    assert [found.responds(D, REAL), found.responds(D, GENERATED), found.responds(G, GENERATED)] == [True, False, False]


def test_scores_are_set_in_both_roles_or_in_some_calls_alone():
    evaluate, base, scores = begun(RIGHT["lsgan"]())
    assert put(evaluate, scores, [(1.0, 0.0)]).values == pytest.approx((1, 0))
    assert put(evaluate, scores, [(3.0, 2.0)]).values == pytest.approx((1, 8))
    [call] = [k for k, rows in scores[0].rows.items() if not rows.any()]
    kept = put(evaluate, scores, [(3.0, 2.0)], [call]).values
    assert kept[0] == pytest.approx(base.values[0])
    assert kept[1] > 4


def test_scores_that_somebody_refuses_are_no_answer():
    def refusing(D, real, fake):
        scores = D(fake)
        assert (scores.abs() < 5).all()
        return scores.mean() - D(real).mean()

    evaluate, _, scores = begun(unconditional(raised, refusing))
    assert put(evaluate, scores, [(1.0, 10.0)]) is None
    assert put(evaluate, scores, [(10.0, 1.0)]).values[1] == pytest.approx(-9)


def test_scores_are_set_to_shares_where_they_must_be_that_and_not_by_chance():
    loops = RIGHT["dcgan_of_probabilities"](), unconditional(fooled, told_apart, D=lambda: discriminator(nn.Sigmoid()))
    of_shares, of_scores = map(begun, loops)
    assert ((of_scores[1].calls[0].outputs[0] > 0) & (of_scores[1].calls[0].outputs[0] < 1)).all()
    assert levels_of(*of_shares[:2], of_shares[2][0]) is SHARES
    assert levels_of(*of_scores[:2], of_scores[2][0]) is LEVELS


def test_calls_of_one_role_are_opposed_where_one_wants_high_scores_and_one_low_ones():
    apart = begun(unconditional(fooled, lambda D, real, fake: entropy(D(real), 1.0) + entropy(D(real.flip(0)), 0.0)))
    alike = begun(unconditional(fooled, lambda D, real, fake: entropy(D(real), 1.0) + entropy(D(real.flip(0)), 1.0)))
    assert opposed(*apart[:2], apart[2][0], REAL)
    assert not opposed(*alike[:2], alike[2][0], REAL)
    assert not opposed(*apart[:2], apart[2][0], GENERATED)


@pytest.mark.parametrize(("name", "expected"), [("policy", True), ("restoring", False), ("dcgan", True)])
def test_scores_weigh_the_generators_loss(name, expected):
    evaluate, base, _ = begun((RIGHT | UNUSUAL)[name]() if name != "restoring" else detached())
    assert weighs(evaluate, base) is expected


def detached():
    return unconditional(lambda D, fake, real: F.l1_loss(fake, real) - D(fake.detach()).mean(), hinge)


@pytest.mark.parametrize(("name", "expected"), [("unrolled", True), ("dcgan", False)])
def test_a_copy_of_the_discriminator_is_another_way(name, expected):
    evaluate, base, _ = begun((RIGHT | UNUSUAL)[name]())
    assert depends_otherwise(evaluate, base) is expected


@pytest.mark.parametrize(("name", "expected"), [("turned", True), ("dcgan", False), ("vqgan", False)])
def test_a_gradient_that_is_turned_round_is_known(name, expected):
    evaluate, base, _ = begun((RIGHT | UNUSUAL)[name]())
    assert turned(evaluate, base) is expected


def test_scores_of_classes_are_those_of_their_cross_entropy():
    _, base, scores = begun(UNUSUAL["auxiliary"]())
    assert [of_classes(base, each) for each in scores] == [False, True]


@pytest.mark.parametrize(("name", "groups"), [("auxiliary", 1), ("informative", 1), ("distilled", 1), ("vocoder", 2)])
def test_outputs_of_one_trunk_are_of_one_discriminator(name, groups):
    _, base, scores = begun((RIGHT | UNUSUAL)[name]())
    assert len(scores) > 1 or name == "informative"
    assert len({*roots(base, scores).values()}) == groups


def test_numbers_are_not_changed_by_looking():
    loop = unconditional(fooled, told_apart)
    evaluate, base, _ = begun(loop)
    assert base.values == evaluate().values
    assert torch.is_grad_enabled()
