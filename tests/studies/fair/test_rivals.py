"""The rivals themselves: what is said of them all is so, and their names fit where they are written."""

import pytest

from saddlery.studies.fair import rivals
from saddlery.studies.fair.experiment import TASKS
from saddlery.studies.fair.rivals import FEW, RIVALS, Rival, conditions
from saddlery.text.call import parse

NAMES = [rival.name for rival in RIVALS]


def test_the_same_is_said_of_rivals_that_differ_in_nothing_else():
    assert conditions(["simultaneous", "alternating", "consensus"]) == (
        "All have the same seeds, networks, optimiser and batches."
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("R1", "another loss or penalty: R1"),
        ("spectral norm", "another discriminator network: spectral norm"),
        ("adaptive competitive", "an optimiser of their own: adaptive competitive"),
        ("adaptive consensus", "two batches for each direction: adaptive consensus"),
    ],
)
def test_what_a_rival_has_of_its_own_is_said(name, said):
    assert conditions(["simultaneous", name]).endswith(f"but for: {said}.")
    assert said.partition(":")[0] in conditions(NAMES)


def test_what_is_said_follows_from_the_texts():
    one = Rival("mine", "consensus(gamma={}, batches=2)", values=(1.0,))
    assert conditions(["mine"], [one]).endswith("but for: two batches for each direction: mine.")
    assert conditions(["mine"], [one._replace(method="consensus(gamma={})")]).endswith("and batches.")


def test_those_that_change_the_game_alternate_as_the_page_says():
    assert all(parse(rival.method).name == "alternating" for rival in RIVALS if not rival.plain)


def test_names_have_no_comma_which_divides_a_setting_s_label():
    assert all(", " not in name for name in NAMES)
    assert set(FEW) <= set(NAMES)


def test_a_rival_s_game_is_the_task_s_with_its_changes():
    task = parse(TASKS["ring"].game)
    game, method = next(each for each in RIVALS if each.name == "spectral norm").texts(task, float("nan"))
    assert game.arguments == task.arguments | {"spectral": 5}
    assert method == "alternating"
    assert rivals.RIVALS[0].texts(task, float("nan"))[0] == task
