"""Calls written as text."""

import ast
import inspect
import keyword
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.games import GAMES
from saddlery.losses import PENALTIES
from saddlery.methods import METHODS, SCHEDULES
from saddlery.networks import family
from saddlery.optimisers import OPTIMISERS, as_optimiser
from saddlery.text.arguments import quoted
from saddlery.text.call import Call, build, is_free_name, literal, parse

names = (
    st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
    .filter(str.isidentifier)
    .filter(lambda name: name not in __import__("keyword").kwlist)
)
numbers = st.integers(-(2**63), 2**63) | st.floats(width=32, allow_nan=False, allow_infinity=False)
literals = st.recursive(
    numbers | st.booleans() | st.none() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(names, st.dictionaries(names, literals, max_size=3))
def test_what_is_written_is_what_is_read(name, arguments):
    call = Call(name, arguments)
    assert parse(str(call)) == call


def test_a_range_is_written_again_as_a_range():
    """So that a text of ten thousand numbers stays short enough to be read."""
    call = parse("consensus(gamma=geomspace(1e-5, 1, 10_000))")
    assert len(call.arguments["gamma"]) == 10_000
    assert str(call) == "consensus(gamma=geomspace(1e-05, 1, 10000))"
    assert parse(str(call)) == call


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.dictionaries(names, literals, max_size=2))
def test_a_name_of_one_s_own_is_written_in_quotation_marks_and_shown_without(name, arguments):
    if not is_free_name(name):
        return
    call = Call(name, arguments)
    assert parse(str(call)) == call
    assert call.label.startswith(name)
    assert not str(call).startswith(name) or (name.isidentifier() and not keyword.iskeyword(name))


def test_a_name_of_which_python_has_another_form_keeps_its_own():
    call = Call("ﬀ", {})
    assert str(call) == "'ﬀ'"
    assert parse(str(call)) == call


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="ab(=,'\"1.[]{}:)*+-_ \n\\", max_size=20))
def test_any_text_is_read_or_refused_with_what_was_expected(text):
    try:
        call, refused = parse(text), None
    except ValueError as error:
        call, refused = None, str(error)
    assert is_free_name(call.name) if call else quoted(text) in refused


@pytest.mark.parametrize(
    "text",
    [
        "ring(batch=print('evaluated'))",
        "ring(batch=[print('evaluated')])",
        "__import__('os').system('echo evaluated')",
        "print('evaluated')",
        "(lambda: print('evaluated'))()",
        "ring(**{'batch': print('evaluated')})",
        "ring(batch=1 if print('evaluated') else 2)",
        "[print('evaluated') for i in (1,)]",
        "f\"{print('evaluated')}\"",
        "ring(batch=(x := 3))",
    ],
)
def test_nothing_is_evaluated(text, capsys):
    with pytest.raises(ValueError, match=r"expected|literal|named"):
        parse(text)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "text", ["", "ring(", "1", "a.b()", "ring(8)", "ring() + ring()", "ring; ring", "\0", "(" * 500, "-" * 5000 + "1",
             "x" * 2001, "\ud800", 3, None]
)  # fmt: skip
def test_what_is_no_call_is_refused(text):
    with pytest.raises(ValueError, match=r"expected|named"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f(a=1e39)", "a: got 1e+39, expected a number finite in float32"),
        ("f(a=[0.0, -1e999])", "a: got -inf, expected a number finite in float32"),
        (f"f(a={10**400})", "a: got a whole number of 401 digits, expected a whole number of at most 64 bits"),
        ("f(a={'b': (1, 18446744073709551616)})", "a: got 18446744073709551616, expected a whole number of at most 64"),
        ("f(a=1 + 2j)", "a: got (1+2j), expected a number, text, list or mapping"),
        ("f(a={1, 2})", "a: got {1, 2}, expected a number, text, list or mapping"),
        ("f(a={[]: 1})", "a: got {[]: 1}, expected a number, text, list, mapping, linspace(…) or geomspace(…)"),
        (f"f(a={'[' * 30}{']' * 30})", "in 20 others, expected less nesting"),
        (f"f(a={'-' * 1900}1)", "expected a number, text, list, mapping"),
        ("f(a=1, b=2, a=3)", "a is given more than once"),
        ("f(a=linspace(0, 1, 10001))", "how many of linspace: got 10001, expected a whole number from 2 to 10000"),
        ("f(a=geomspace(1e-5, 1, 10000000000))", "how many of geomspace: got 10000000000"),
        ("f(" + "a" * 1990 + ")", "arguments are named"),
    ],
)
def test_what_no_program_holds_is_refused_in_a_short_error(text, said):
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        parse(text)
    assert len(str(caught.value)) <= 300
    assert str(caught.value).isprintable()


texts = st.text(max_size=40) | st.text(alphabet="ab(=,'\"1.[]{}:)*+-_ \n\\", max_size=400)
values = literals | st.sampled_from([1e39, 10**400, -1, 0, 1e-45, 2**62, 1e12, "ring(", [[1, 2], [3, 4]], "-" * 3000])


def called(table):
    """Texts of calls of a table's functions, of one of their arguments or another, with any value."""
    named = st.sampled_from([(name, list(inspect.signature(table[name]).parameters)) for name in table])
    arguments = named.flatmap(
        lambda each: st.tuples(
            st.just(each[0]), st.dictionaries(st.sampled_from([*each[1], "other"]), values, max_size=2)
        )
    )
    return arguments.map(lambda each: str(Call(*each)))


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_text_is_built_or_refused(text):
    for read in (
        lambda: literal("gamma", text),
        lambda: build("method", text, METHODS),
        lambda: as_optimiser(text),
        lambda: family(text),
    ):
        with suppress(ValueError, TypeError):
            read()


CHEAP = {name: GAMES[name] for name in ("bilinear", "dirac", "grid", "quadratic", "ring", "two_gaussians")}


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([METHODS, SCHEDULES, PENALTIES, CHEAP]).flatmap(
        lambda table: st.tuples(st.just(table), called(table))
    )
)
def test_any_call_is_built_or_refused(drawn):
    table, text = drawn
    with suppress(ValueError, TypeError):
        build("thing", text, table)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(OPTIMISERS),
    st.dictionaries(
        st.sampled_from(["learning_rate", "b1", "eps", "momentum", "nesterov", "clip"]), values, max_size=3
    ),
)
def test_any_optimiser_is_built_or_refused(name, arguments):
    with suppress(ValueError, TypeError):
        as_optimiser(str(Call(name, arguments)))


def _function(steps: int, gamma: float = 1.0, name: str | None = None, anything=None, several: Sequence[float] = ()):
    return steps, gamma, name, anything, several


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("functoin(steps=1)", "unknown thing 'functoin'; did you mean 'function'"),
        ("function(step=1)", "unknown argument of function 'step'; did you mean 'steps'"),
        ("function", "function needs steps"),
        ("function(steps=1.5)", "steps: got 1.5, expected a whole number"),
        ("function(steps=True)", "steps: got True, expected a whole number"),
        ("function(steps=1, gamma='x')", "gamma: got 'x', expected a number"),
        ("function(steps=1, name=3)", "name: got 3, expected text or None"),
    ],
)
def test_wrong_arguments_are_named(text, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        build("thing", text, {"function": _function})


def test_right_arguments_are_passed():
    text = "function(steps=2, gamma=3, anything=[1], several=(0.5, 2.0))"
    assert build("thing", text, {"function": _function}) == (2, 3, None, [1], (0.5, 2.0))


def test_threads_read_texts_one_after_another(monkeypatch):
    within, most, read = [], [], ast.parse

    def slowly(*args, **kwargs):
        within.append(1)
        time.sleep(0.001)
        most.append(len(within))
        try:
            return read(*args, **kwargs)
        finally:
            within.pop()

    monkeypatch.setattr("saddlery.text.call.ast.parse", slowly)
    with ThreadPoolExecutor(4) as threads:
        assert [str(each) for each in threads.map(parse, ["ring(modes=8)"] * 16)] == ["ring(modes=8)"] * 16
    assert max(most) == 1
