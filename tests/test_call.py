"""Calls written as text."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.call import Call, build, parse

names = (
    st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
    .filter(str.isidentifier)
    .filter(lambda name: name not in __import__("keyword").kwlist)
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
literals = st.recursive(
    numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(names, st.dictionaries(names, literals, max_size=3))
def test_what_is_written_is_what_is_read(name, arguments):
    call = Call(name, arguments)
    assert parse(str(call)) == call


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="ab(=,'\"1.[]{}:)*+-_ \n\\", max_size=20))
def test_any_text_is_read_or_refused_with_what_was_expected(text):
    try:
        call, refused = parse(text), None
    except ValueError as error:
        call, refused = None, str(error)
    assert call.name.isidentifier() if call else repr(text) in refused


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
    "text", ["", "ring(", "1", "a.b()", "ring(8)", "ring() + ring()", "ring; ring", "\0", "(" * 500]
)
def test_what_is_no_call_is_refused(text):
    with pytest.raises(ValueError, match=r"expected|named"):
        parse(text)


def _function(steps: int, gamma: float = 1.0, name: str | None = None, anything=None):
    return steps, gamma, name, anything


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
    assert build("thing", "function(steps=2, gamma=3, anything=[1])", {"function": _function}) == (2, 3, None, [1])
    assert math.isinf(build("thing", "function(steps=2, gamma=1e999)", {"function": _function})[1])
