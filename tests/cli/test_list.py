"""`saddlery list`."""

import pytest

from saddlery.cli.list import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_lists_hold_every_name_with_its_arguments_and_what_it_is(saddlery, kind):
    code, printed, _ = saddlery("list", kind)
    assert code == 0
    lines = printed.partition("\n\n")[0].splitlines()
    names, about = lines[::2], lines[1::2]
    assert [line.partition("(")[0] for line in names] == sorted(KINDS[kind].table())
    assert all(line.startswith("    ") and len(line) > 10 for line in about)


def test_lists_show_arguments_as_they_are_written(saddlery):
    methods = saddlery("list", "methods")[1]
    assert "\nunrolled(steps=10, second_order=True)\n" in methods
    assert "\nsimultaneous\n" in methods
    assert "Each also takes schedule=None, generator=None, discriminator=None, learning_rate=None." in methods
    assert "\nring(preset='unrolled', modes=8, radius=None" in saddlery("list", "games")[1]


def test_without_a_kind_each_kind_is_named_in_a_line(saddlery):
    code, printed, errors = saddlery("list")
    assert (code, errors) == (0, "")
    lines = printed.splitlines()
    assert [line.split()[2] for line in lines] == list(KINDS)
    assert all(len(line.split()) > 4 for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_names_are_explained_by_one_sentence_and_none_breaks_off(saddlery, kind):
    about = saddlery("list", kind)[1].partition("\n\n")[0].splitlines()[1::2]
    if kind != "studies":  # the fair comparisons ask one question on several games
        assert len(set(about)) == len(about)
    assert not [line for line in about if line.endswith((":", ",", " and"))]


def test_lists_say_what_networks_rules_penalties_and_second_names_are(saddlery):
    assert "dcgan3_nobn_cf(" in saddlery("list", "networks")[1]
    rules = saddlery("list", "rules")[1]
    assert "equation ξ = 0, its direction: descend (H + δI)⁻¹ ξ = (J − δI)⁻¹ v, δ = damping" in rules
    penalties = saddlery("list", "penalties")[1]
    assert "wgan_gp\n" in penalties
    assert "dragan(scale=0.5)\n" in penalties
    assert "Each also takes weight=10.0." in penalties
    assert "standard\n    The same as nonsaturating." in saddlery("list", "losses")[1]
    optimisers = saddlery("list", "optimisers")[1].splitlines()
    assert optimisers[[line.partition("(")[0] for line in optimisers].index("nadam") + 1].endswith("nesterov=True.")


def test_penalties_are_spelt_alike_in_lists_games_options_and_errors(saddlery):
    listed = saddlery("list", "penalties")[1].partition("\n\n")[0].splitlines()[::2]
    assert [line.partition("(")[0] for line in listed] == ["dragan", "r1", "r2", "wgan_gp"]
    for text, nearest in (("R1(weight=1.0)", "r1"), ("WGANGP(weight=1.0)", "wgan_gp")):
        code, _, errors = saddlery("run", "ring", "--penalty", text, "--dry-run")
        assert code == 2
        assert f"did you mean '{nearest}'? Allowed: dragan, r1, r2, wgan_gp" in errors
    assert "list penalties" in " ".join(saddlery("run", "--help")[1].split())
