import itertools

import numpy as np
import pytest

from saddlery.dynamics.kind import Curvature, Kind, Rest, decided

SIGNS = {True: Curvature(np.array([0.5, 2.0]), 0.1), False: Curvature(np.array([-0.5, 2.0]), 0.1),
         None: Curvature(np.array([0.05, 2.0]), 0.1)}  # fmt: skip
REST = {True: Rest(0.1, np.nan, 0.2), False: Rest(0.5, np.nan, 0.2), None: Rest(0.5, 0.6, 0.2)}


def point(rest=True, generator=True, discriminator=True, total=True, slope=0.0, stable=True):
    known = None if total == "absent" else SIGNS[total]
    return decided(
        REST[rest], SIGNS[generator], SIGNS[discriminator], known, slope, 0.1, stable, "the gradient flow", 0
    )


@pytest.mark.parametrize("curvature", SIGNS.items())
def test_a_sign_is_told_beyond_the_error_only(curvature):
    assert curvature[1].positive is curvature[0]
    assert Curvature(np.array([np.nan]), 0.1).positive is None


@pytest.mark.parametrize("rest", REST.items())
def test_rest_is_told_from_the_noise_of_the_batches(rest):
    assert rest[1].reached is rest[0]


def test_words_by_the_conditions_that_suffice_and_those_that_are_necessary():
    """All signs: a positive word only where what suffices holds, a negative one only where what is necessary fails."""
    answers = (True, False, None)
    for rest, generator, discriminator, total, stable in itertools.product(answers, repeat=5):
        total = total if discriminator else "absent"
        found = point(rest, generator, discriminator, total, stable=stable)
        if rest is False:
            assert (found.word, found.nash, found.minimax) == (Kind.NOT_AT_REST, False, None)
            continue
        assert (found.nash is True) == (generator is True and discriminator is True)
        assert (found.nash is False) == (generator is False or discriminator is False)
        assert (found.minimax is True) == (discriminator is True and total is True)
        assert (found.minimax is False) == (discriminator is False or total is False)
        neither = found.nash is False and found.minimax is False
        assert (found.word is Kind.NASH) == bool(found.nash)
        assert (found.word is Kind.MINIMAX) == bool(found.minimax and not found.nash)
        assert (found.word is Kind.STABLE) == (neither and stable is True)
        assert (found.word is Kind.UNSTABLE) == (neither and stable is False)


def test_a_leader_that_would_move_on_is_not_at_a_stackelberg_equilibrium():
    found = point(generator=False, slope=0.3)
    assert (found.minimax, found.word) == (False, Kind.STABLE)
    assert "has slope 0.3, not 0" in found.because
    assert "has slope" not in point(generator=False, slope=0.05).because


def test_the_reason_names_what_decides():
    assert "the generator's own Hessian has a negative eigenvalue (-0.5)" in point(generator=False).because
    assert "cannot be told from zero (to within 0.1)" in point(generator=None).because
    assert "not at a best response" in point(discriminator=False, total="absent").because
    assert "is not known" in point(discriminator=None, total="absent").because
    assert "the gradient flow leaves it" in point(stable=False).because
    assert "the gradient flow comes back to it" in point(stable=True).because
    assert "whether the gradient flow comes back to it cannot be told" in point(stable=None).because
    assert "as far as the noise" in point(rest=None).because
    assert "as far as the noise" not in point(rest=True).because
    assert point(rest=False).because == "‖ξ‖ is 0.5, 2.5 times what counts as rest here (0.2)"
    far = decided(Rest(5.0, 0.5, 0.2), *[SIGNS[True]] * 3, 0.0, 0.1, True, "the gradient flow", 0)
    assert far.because.endswith(", and 10 times what noise may do")


def test_text_and_notebook_show_word_and_reason():
    found = point(generator=False)
    assert str(found) == f"{found.word}: {found.because}"
    assert "local minimax (Stackelberg) point" in found._repr_html_()
    assert "least eigenvalue, H_gg" in found._repr_html_()
