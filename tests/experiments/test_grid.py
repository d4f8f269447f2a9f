"""The grid: axes in texts, and every combination of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.experiments import grid
from saddlery.text.call import literal, parse

NOTHING = {"schedule": None, "generator": None, "discriminator": None, "learning_rate": None}


@given(
    low=st.floats(1e-8, 1e3),
    ratio=st.floats(1.01, 1e6),
    count=st.integers(2, 40),
    kind=st.sampled_from(["lin", "geom"]),
)
@settings(deadline=None)
def test_ranges_are_numpys_in_twelve_digits_or_more(low, ratio, count, kind):
    low, high = float(f"{low:.4g}"), float(f"{low * ratio:.4g}")
    if not low < high:
        return
    found = literal("x", f"{kind}space({low!r}, {high!r}, {count})")
    exact = getattr(np, f"{kind}space")(low, high, count)
    assert (found[0], found[-1]) == (low, high)
    np.testing.assert_allclose(found, exact, rtol=1e-11, atol=1e-300)
    assert len(set(found)) == count
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("geomspace(1e-2, 1e-5, 7)", r"does not rise; the smaller end comes first: geomspace\(1e-05, 0.01, 7\)"),
        ("linspace(1, 1, 3)", "does not rise"),
        ("geomspace(0, 1, 3)", "got 0, expected a number of 1.17549e-38 or more"),
        ("geomspace(1, 2)", r"expected geomspace\(from, to, how many\)"),
        ("geomspace(1, 2, 1)", "how many of geomspace: got 1, expected a whole number from 2 to 10000"),
        ("geomspace(1, 2, 2.5)", "how many of geomspace: got 2.5, expected a whole number"),
        ("geomspace(1, 'a', 3)", "got 'a', expected a number"),
        ("linspace(0, 1e999, 3)", "got inf, expected a number finite in float32"),
        ("nan", "got nan, expected a number"),
        ("f(1)", r"got f\(1\), expected a number"),
        ("1e-3 1e-2", "cannot be read"),
    ],
)
def test_ranges_that_make_no_sense_are_named(text, said):
    with pytest.raises(ValueError, match=f"learning_rate: .*{said}"):
        literal("learning_rate", text)


def test_levels_are_exact_and_labels_round_them_as_far_as_they_can_be_told_apart():
    rates = literal("learning_rate", "geomspace(1e-5, 1e-2, 7)")
    found = grid.settings("ring", ("simultaneous",), NOTHING | {"learning_rate": rates})
    np.testing.assert_allclose([each.levels["learning_rate"] for each in found], np.geomspace(1e-5, 1e-2, 7), 1e-11)
    assert [each.levels["learning_rate"] for each in found] == [
        each.method.arguments["learning_rate"] for each in found
    ]
    assert found[1].label == "simultaneous(learning_rate=3.162e-05)"
    assert found[2].label == "simultaneous(learning_rate=0.0001)"
    close = grid.settings("ring", ("consensus(gamma=linspace(1.0, 1.0001, 4))", "consensus(gamma=0.123456)"), NOTHING)
    assert [each.label for each in close] == [
        "consensus(gamma=1.0)",
        "consensus(gamma=1.00003)",
        "consensus(gamma=1.00007)",
        "consensus(gamma=1.0001)",
        "consensus(gamma=0.123456)",
    ]
    text = "simultaneous(generator='adam(learning_rate=geomspace(1e-3, 1e-2, 3))')"
    inside = grid.settings("ring", (text,), NOTHING)
    assert inside[1].label == "simultaneous(generator='adam(learning_rate=0.003162)')"
    assert inside[1].levels["generator_learning_rate"] == pytest.approx(10**-2.5, rel=1e-11)
    typed = grid.settings("ring", ("consensus(gamma=[0.123456, 0.5])",), NOTHING)
    assert typed[0].label == "consensus(gamma=0.123456)"


def test_lists_are_axes_and_matrices_and_tuples_are_not():
    assert len(list(grid.expand("consensus(gamma=[[0.0, 1.0], [1.0, 0.0]])"))) == 1
    assert len(list(grid.expand("two_gaussians(target=(-0.5, 0.5))"))) == 1
    assert len(list(grid.expand("two_gaussians(target=[(-0.5, 0.5), (-1, 1)])"))) == 2


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3), rates=st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_every_combination_is_there_once(sizes, rates):
    arguments = {f"a{i}": [float(j) for j in range(size)] for i, size in enumerate(sizes)}
    text = str(parse("method")._replace(arguments=arguments))
    found = grid.settings("ring", (text, "other"), NOTHING | {"learning_rate": [0.1 * (1 + i) for i in range(rates)]})
    assert len(found) == (np.prod(sizes) + 1) * rates
    assert len({each.label for each in found}) == len(found)
    wanted = set(itertools.product(*arguments.values()))
    assert {tuple(each.method.arguments[name] for name in arguments) for each in found[:-rates]} == wanted


def test_axes_inside_inner_texts_are_levels_with_both_names():
    found = grid.settings("ring(penalty='r1(weight=[1, 10])')", ("simultaneous",), NOTHING)
    assert [str(each.game) for each in found] == ["ring(penalty='r1(weight=1)')", "ring(penalty='r1(weight=10)')"]
    assert [each.levels["penalty_weight"] for each in found] == [1, 10]
    found = grid.settings("ring", ("simultaneous",), NOTHING | {"generator": "adam(learning_rate=1e-3, b1=[0.0, 0.5])"})
    assert [each.levels["generator_b1"] for each in found] == [0.0, 0.5]
    assert [each.method.arguments["generator"] for each in found] == [
        "adam(learning_rate=0.001, b1=0.0)",
        "adam(learning_rate=0.001, b1=0.5)",
    ]


def test_text_that_only_looks_like_a_call_is_text():
    assert len(list(grid.expand("images(data='pictures (1).zip')"))) == 1


def test_what_a_method_sets_itself_is_not_swept():
    rates = NOTHING | {"learning_rate": [0.1, 0.2]}
    found = grid.settings("bilinear", ("simultaneous", "alternating(learning_rate=0.5)"), rates)
    assert [each.label for each in found] == [
        "simultaneous(learning_rate=0.1)",
        "simultaneous(learning_rate=0.2)",
        "alternating(learning_rate=0.5)",
    ]
    assert [each.levels["learning_rate"] for each in found] == [0.1, 0.2, 0.5]


def test_labels_are_the_methods_texts_where_nothing_else_varies():
    shared = NOTHING | {"learning_rate": 0.1, "schedule": "alternating"}
    (one,) = grid.settings("ring", ("unrolled(steps=10)",), shared)
    assert one.label == "unrolled(steps=10)"
    assert one.method.arguments == {"steps": 10, "schedule": "alternating", "learning_rate": 0.1}
    assert one.levels == {"method": "unrolled"}


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        (("consensus(gamma=[])",), r"gamma: got \[\], an axis without values"),
        (("consensus(gamma=[1, 1.0])",), "gamma: 1.0 is given more than once"),
        (("consensus(gamma=[1, 10])", "consensus(gamma=10)"), r"consensus\(gamma=10\) is given more than once"),
    ],
)
def test_axes_that_are_empty_or_repeat_are_named(methods, said):
    with pytest.raises(ValueError, match=said):
        grid.settings("ring", methods, NOTHING)


def test_axes_of_ten_thousand_values_are_read_and_repeated_ones_found():
    axis = "geomspace(1e-5, 1, 10000)"
    assert len(grid.settings("ring", (f"consensus(gamma={axis})",), NOTHING)) == 10_000
    with pytest.raises(ValueError, match=r"learning_rate: 7\.0 is given more than once in ") as caught:
        grid.values("learning_rate", [*map(float, range(10_000)), 7.0])
    assert len(str(caught.value)) < 200
    repeated = [{"a": 1}, {"a": 2}, {"a": 1}]
    with pytest.raises(ValueError, match="is given more than once"):
        grid.values("data", repeated)
    assert grid.values("flag", [1, True]) == [1, True]


MANY = "geomspace(1e-5, 1, 1000)"


@pytest.mark.parametrize(
    ("game", "method", "shared", "many"),
    [
        ("ring", f"adaptive_consensus(gamma={MANY}, rate={MANY}, target={MANY})", {}, "1,000,000,000"),
        (f"ring(std={MANY})", f"adaptive_consensus(gamma={MANY}, rate=[1, 2])", {}, "2,000,000"),
        (f"ring(penalty='dragan(weight={MANY}, scale={MANY})')", "consensus(gamma=[1, 2])", {}, "2,000,000"),
        ("ring", f"consensus(gamma={MANY})", {"generator": f"adam(learning_rate={MANY}, b1=[0, 0.1])"}, "2,000,000"),
        ("ring", "simultaneous", {"learning_rate": [*range(1, 1_000_002)]}, "1,000,001"),
    ],
)
def test_combinations_are_counted_before_they_are_made(game, method, shared, many):
    with pytest.raises(ValueError, match=f"got {many} combinations, expected at most 1,000,000"):
        grid.settings(game, (method,), NOTHING | shared)


@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3), inside=st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_the_count_is_that_of_the_calls(sizes, inside):
    arguments = {f"a{i}": [float(j) for j in range(size)] for i, size in enumerate(sizes)}
    arguments["penalty"] = f"r1(weight={[float(j) for j in range(inside)]})"
    text = str(parse("method")._replace(arguments=arguments))
    assert grid.count(text) == len(list(grid.expand(text)))
