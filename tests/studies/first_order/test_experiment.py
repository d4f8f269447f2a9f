import functools

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.game import Pair
from saddlery.games.two_gaussians import two_gaussians
from saddlery.studies.first_order.closed_form import FirstOrder, Optimal, Path, Unrolled, advance, side_by_side
from saddlery.studies.first_order.experiment import (
    NEAR,
    OUTCOMES,
    QUANTILES,
    RATES,
    RECORDS,
    Scale,
    _setting,
    _sweep,
    judged,
    reached,
    starts,
    typical,
)  # fmt: skip
from saddlery.studies.first_order.experiment import RATE as STUDIED

RATE = 0.3
METHODS = {
    FirstOrder(1): sd.methods.alternating,
    FirstOrder(1, simultaneous=True): sd.methods.simultaneous,
    FirstOrder(5): functools.partial(sd.methods.alternating, discriminator_steps=5),
    Unrolled(0): sd.methods.simultaneous,
    Unrolled(1): functools.partial(sd.methods.unrolled, steps=1),
    Unrolled(5): functools.partial(sd.methods.unrolled, steps=5),
    Unrolled(5, second_order=False): functools.partial(sd.methods.unrolled, steps=5, second_order=False),
    Optimal(): functools.partial(sd.methods.simultaneous, schedule="best_response"),
}


def players(runs, seed=0):
    """Means and ends, some of them ordered and some not."""
    random = np.random.default_rng(seed)
    means, ends = random.uniform(-2, 2, (2, runs)), random.uniform(-2, 2, (4, runs))
    ends[:, ::2].sort(axis=0)
    return means, ends


@pytest.mark.parametrize("dynamics", METHODS, ids=str)
def test_the_closed_forms_are_the_steps_of_the_methods(float64, dynamics):
    """Sixty steps by hand-written formulas and by `Method.step`, which differentiates the game."""
    sgd = sd.optimiser("sgd", learning_rate=RATE)
    game, method = two_gaussians((-0.6, 0.7)), METHODS[dynamics](generator=sgd, discriminator=sgd)
    means, ends = players(16)

    def trained(mu, x):
        def step(carry, _):
            now, state = method.step(game, *carry, jax.random.key(0))
            return (now, state), now

        start = Pair(mu, x)
        return jax.lax.scan(step, (start, method.init(game, start)), length=60)[1]

    expected = jax.jit(jax.vmap(trained, 1, 2))(means, ends)
    path = advance(dynamics, game.target, RATE, means, ends, every=1, records=60)
    np.testing.assert_array_equal(path.means[0], means)
    np.testing.assert_allclose(path.means[1:], expected.generator, rtol=0, atol=1e-8)
    far = 50.0  # the method holds infinite ends as the largest finite numbers
    np.testing.assert_allclose(
        np.clip(path.ends[1:], -far, far), np.clip(expected.discriminator, -far, far), rtol=0, atol=1e-8
    )


def test_in_single_precision_it_is_the_same_to_rounding():
    means, ends = (player.astype(np.float32) for player in players(64))
    path = advance(FirstOrder(), np.array([-0.5, 0.5]), 0.1, means, ends, every=50)
    assert path.means.dtype == np.float32
    with jax.enable_x64(True):
        double = advance(FirstOrder(), np.array([-0.5, 0.5]), 0.1, *(p.astype(float) for p in (means, ends)), every=50)
    np.testing.assert_allclose(path.means, double.means, rtol=0, atol=1e-4)


def test_records_are_taken_every_so_many_steps():
    go = functools.partial(advance, FirstOrder(2), np.array([-0.5, 0.5]), 0.1, *players(3))
    fine, coarse = go(every=1, records=12), go(every=4, records=3)
    np.testing.assert_allclose(coarse.ends, fine.ends[::4], rtol=1e-5)


def test_blocks_side_by_side_are_all_runs_in_their_order():
    means, ends = players(1000)
    go = lambda *start: {"sum": start[0].sum(0) + start[1].sum(0), "both": np.stack([start[0], start[0]])}  # noqa: E731
    found = side_by_side(go, means, ends, block=64)
    np.testing.assert_array_equal(found["sum"], means.sum(0) + ends.sum(0))
    np.testing.assert_array_equal(found["both"][1], means)


def path_of(means, ends):
    """A path of one run out of functions of time in [0, 1]."""
    t = np.linspace(0, 1, RECORDS + 1)
    stack = lambda functions: np.stack([np.broadcast_to(f(t), t.shape) for f in functions], 1)[..., None]  # noqa: E731
    return Path(stack(means).astype(np.float32), stack(ends).astype(np.float32))


def at(value):
    return lambda t: np.full_like(t, value)


OPEN = (at(-1.0), at(0.0), at(1.0), at(2.0))  # tells the generator something
AWAY = (at(-9.0), at(9.0), at(9.0), at(9.0))
CLOSED = (at(0.2), at(0.202), at(9.0), at(9.0))
PATHS = {
    "convergence": (lambda t: 0.5 + np.exp(-8 * t), at(-0.55)),
    "mode collapse": (at(-0.5), lambda t: 2 * (1 - t) ** 3 - 0.5),
    "oscillation": (at(0.5), lambda t: -0.5 + 0.3 * np.sin(80 * t)),
    "vanishing gradient": (at(-1.0), at(1.0)),
    "discriminator collapse": (at(-1.0), at(1.0)),
    "divergence": (at(0.5), lambda t: 9 * t),
}
ENDS = {"vanishing gradient": AWAY, "discriminator collapse": CLOSED}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_runs_are_classified_by_the_criteria(outcome):
    found = judged(two_gaussians(), path_of(PATHS[outcome], ENDS.get(outcome, OPEN)))
    assert [name for name in OUTCOMES if found[name][0]] == [outcome]


def test_a_run_that_is_near_at_its_end_only_has_not_converged():
    found = judged(two_gaussians(), path_of((at(0.5), lambda t: -0.5 - 3 * (1 - t)), OPEN))
    assert found["within"][0]
    assert not found["convergence"][0]


def test_the_target_may_be_met_with_the_means_swapped():
    found = judged(two_gaussians(), path_of((at(0.5), at(-0.5)), OPEN))
    assert found["convergence"][0]
    np.testing.assert_allclose(found["total_variation"], 0, atol=1e-6)


def test_the_typical_run_is_the_median_of_the_purest():
    labels = np.array([[1, 1, 1, 1, 0], [1, 0, 0, 0, 1]], bool)
    assert typical(labels, 0, np.array([0.0, 3.0, 1.0, 2.0, 0.0])) == 3
    assert typical(labels, 1, np.zeros(5)) == 4
    assert typical(np.zeros((2, 5), bool), 0, np.zeros(5)) is None


def test_starts_are_a_grid_with_intervals_for_each():
    means, ends = starts(Scale(5, 7, 1, 1), 3)
    assert means.shape == (2, 75)
    assert len(np.unique(means, axis=1).T) == 25
    assert (np.diff(ends, axis=0) > 0).all()
    np.testing.assert_array_equal(starts(Scale(5, 7, 1, 1), 1)[1][:, 4], ends[:, 12])  # of the grid's fifth, its first


def test_optimal_runs_reach_the_target_from_all_starts_whose_means_differ():
    result = _setting(Optimal(), Scale(3, 2, 2 * RECORDS, 1))
    assert dict(result.sizes) == {
        "mean1": 3, "mean2": 3, "outcome": len(OUTCOMES), "quantile": len(QUANTILES), "step": RECORDS + 1, "number": 6,
    }  # fmt: skip
    np.testing.assert_array_equal(result["within"], result["mean1"] != result["mean2"])
    assert (int(result["succeeded"]), int(result["runs"])) == (6, 6)  # of nine starts, three have equal means
    np.testing.assert_allclose(result["share"][list(OUTCOMES).index("mode collapse")], 0)  # nor do they count here
    shown = result["example"].isel(outcome=list(OUTCOMES).index("convergence"))
    np.testing.assert_allclose(np.sort(shown[-1, :2]), (-0.5, 0.5), atol=NEAR)
    assert (result["total_variation"].diff("quantile") >= 0).all()
    assert (np.isnan(result["example"]).all(("step", "number")) == (result["labels"] == 0)).all()


def test_a_sweep_counts_the_same_starts_at_each_step_size_over_equal_time():
    """At the study's own step size it is what the setting's runs come to."""
    size = Scale(3, 2, 2 * RECORDS, 2)
    found, own = _sweep(FirstOrder(5), size), _setting(FirstOrder(5), size)
    assert found["swept_runs"].values.tolist() == [12] * len(RATES)
    assert int(found["swept_succeeded"].sel(rate=STUDIED)) == int(own["succeeded"])
    optimal = _sweep(Optimal(), size)
    assert optimal["swept_runs"].values.tolist() == [6] * len(RATES)
    assert int(optimal["swept_succeeded"].sel(rate=STUDIED)) == 6


def test_targets_are_reached_up_to_swapping_and_only_by_both_means():
    means = np.array([[0.55, 0.5, 0.5], [-0.45, 0.5, -0.61]])
    np.testing.assert_array_equal(reached(means, np.array([-0.5, 0.5])), [True, False, False])


def test_simultaneous_and_alternating_differ_by_the_ends_that_the_generator_answers(float64):
    """μ moves by −η ∂L/∂μ at the ends before or after the discriminator's steps; the ends move alike."""
    means, ends, target = *players(8), np.array([-0.5, 0.5])
    at = lambda dynamics: [np.asarray(each) for each in dynamics(target, RATE, means, ends)]  # noqa: E731
    (simultaneous, moved), (alternating, also) = at(FirstOrder(2, simultaneous=True)), at(FirstOrder(2))
    np.testing.assert_array_equal(moved, also)
    phi = lambda x: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    signs = np.array([-1, 1, -1, 1])[:, None, None]
    for found, seen in ((simultaneous, ends), (alternating, moved)):
        gradient = 0.5 * (signs * phi(seen[:, None] - means)).sum(0)
        np.testing.assert_allclose(found, means - RATE * gradient, rtol=0, atol=1e-12)


def test_one_step_ahead_without_the_second_term_is_the_alternating_update(float64):
    means, ends, target = *players(8), np.array([-0.5, 0.5])
    for one, other in zip(
        Unrolled(1, second_order=False)(target, RATE, means, ends), FirstOrder()(target, RATE, means, ends), strict=True
    ):
        np.testing.assert_array_equal(one, other)
