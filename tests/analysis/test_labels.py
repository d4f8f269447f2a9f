"""Short labels: different for different settings, and whole together with their key."""

import itertools
import re

import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.analysis.labels import LONG, shortened, with_short_labels
from saddlery.text.call import Call, parse

FAST, SLOW = (f"adam(learning_rate={rate}, b1=0.5)" for rate in (0.001, 0.004))


def label(name, **arguments):
    return str(Call(name, arguments))


@pytest.mark.parametrize(
    "labels", [["simultaneous"], ["a" * LONG, "b"], ["consensus(gamma=1.0)", "consensus(gamma=2.0)"], []]
)
def test_labels_that_fit_stay_as_they_are(labels):
    assert shortened(labels) == (dict(zip(labels, labels, strict=True)), "", [])


def test_what_all_settings_share_is_said_once():
    labels = [label("consensus", gamma=g, generator=FAST, discriminator=FAST) for g in (0.1, 10.0)]
    found = shortened(labels)
    assert list(found.short.values()) == ["consensus(gamma=0.1)", "consensus(gamma=10.0)"]
    assert found.lines == [f"All settings: generator='{FAST}', discriminator='{FAST}'"]


def test_settings_that_differ_in_long_texts_are_numbered_and_the_key_says_in_what():
    found = shortened(
        [
            label("simultaneous", generator=FAST, discriminator=SLOW),
            label("simultaneous", generator=FAST, discriminator=FAST),
            label("unrolled", steps=5, generator=FAST, discriminator=FAST),
            label("extragradient", generator=FAST),
        ]
    )
    assert [*found.short.values()] == ["simultaneous #1", "simultaneous #2", "unrolled(steps=5, …)", "extragradient"]
    assert found.lines == [
        f"All settings: generator='{FAST}'",
        f"simultaneous #1: discriminator='{SLOW}'",
        f"simultaneous #2: discriminator='{FAST}'",
        f"unrolled(steps=5, …): discriminator='{FAST}'",
    ]


def test_one_with_nothing_left_out_keeps_its_name_beside_numbered_ones():
    found = shortened(["simultaneous", *(label("simultaneous", generator=each) for each in (FAST, SLOW))])
    assert [*found.short.values()] == ["simultaneous", "simultaneous #1", "simultaneous #2"]


def test_names_of_one_s_own_and_games_stay_in_short_labels():
    found = shortened([f"ridge 0.01(generator='{each}') on ring(modes=8)" for each in (FAST, SLOW)])
    assert [*found.short.values()] == ["ridge 0.01 on ring(modes=8) #1", "ridge 0.01 on ring(modes=8) #2"]
    assert found.lines[0] == f"ridge 0.01 on ring(modes=8) #1: generator='{FAST}'"


VALUES = st.sampled_from([FAST, SLOW, "extragradient", 1, 0.001])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.dictionaries(st.sampled_from(["generator", "discriminator", "gamma"]), VALUES)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_short_labels_and_their_key_say_the_whole_labels(calls):
    different = {(name, frozenset(arguments.items())): (name, arguments) for name, arguments in calls}
    labels = [label(name, **arguments) for name, arguments in different.values()]
    found = shortened(labels)
    assert len({*found.short.values()}) == len(labels)
    key = dict(found.key)
    for whole, short in found.short.items():
        bare = re.sub(r" #\d+$", "", short).replace(", …)", ")")
        parts = [parse(bare), *(parse(f"f({text})") for text in (found.common, key.get(short, "")))]
        arguments = dict(itertools.chain(*(part.arguments.items() for part in parts)))
        assert (parts[0].name, arguments) == parse(whole)


def test_a_dataset_is_by_its_short_labels():
    labels = [label("simultaneous", generator=each) for each in (FAST, SLOW)]
    short, names = with_short_labels(xr.Dataset({"x": ("setting", [1, 2])}, {"setting": labels}))
    assert short["setting"].values.tolist() == ["simultaneous #1", "simultaneous #2"]
    assert int(short["x"].sel(setting=names.short[labels[1]])) == 2
