"""What is said of one recorded number, and what makes it another."""

import math

import numpy as np
import pytest

from saddlery.analysis.series_rows import ALIKE, ended, rows_of

STEPS = np.arange(0, 20_000, 50)
NOISE = np.random.default_rng(0).normal(size=len(STEPS))
TIME = STEPS / STEPS[-1]


def rows(values, name="discriminator_loss", steps=STEPS, unit="step"):
    return {row.name: row for row in rows_of(name, steps[: len(values)], np.asarray(values, float), unit)}


def level(values, name="generator_loss"):
    return next(iter(rows(values, name).values()))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (TIME + 0.05 * NOISE, "it rose"),
        (-TIME + 0.05 * NOISE, "it fell"),
        (
            np.minimum(TIME, 0.4) + 0.05 * NOISE,
            "no trend beyond how its records differ",
        ),  # it rose before, and no longer
        (1 + 0.05 * NOISE, "no trend beyond how its records differ"),
        (0.01 * TIME + 0.05 * NOISE, "no trend beyond how its records differ"),
        (90 + 1e-13 * TIME, "no trend beyond how its records differ"),
    ],
)
def test_a_loss_rises_or_falls_where_its_later_records_do_by_more_than_they_differ(values, said):
    row = level(values)
    assert row.meaning.endswith(f"95% interval: {said}")
    assert row.name == "generator's loss"


def test_a_level_is_told_from_where_to_where():
    assert level(TIME).value.startswith("0.0815 → 0.919, +0.5 (")
    assert level(np.exp(-TIME), "generator_norm").value.startswith("0.922 → 0.399, × 0.607 (")
    assert level(TIME - 0.5, "generator_norm").value.startswith("-0.419 → 0.419, +")  # which no norm is


def test_few_records_have_a_last_one_and_no_trend():
    assert level([0.5, 0.7]).value == "0.7"
    assert level([0.5, 0.7]).meaning == "the last of 2 records, too few for a trend"
    assert "it rose" in level(np.arange(9.0)).meaning


def test_what_is_not_finite_is_counted_and_whether_it_is_finite_again():
    values = 1 + 0.1 * NOISE
    values[[20, 30]] = np.nan, np.inf
    row = rows(values)["discriminator's loss, not finite"]
    assert (row.value, row.meaning) == ("2 of 400 records", "from step 1,000; finite since step 1,550")
    values[390:] = np.nan
    row = rows(values, unit="epoch")["discriminator's loss, not finite"]
    assert row.value == "12 of 400 records"
    assert row.meaning == "first at epoch 1,000; none is finite from epoch 19,500 on"
    assert list(rows(np.full(9, np.nan))) == ["discriminator's loss, not finite"]
    assert "discriminator's loss, not finite" not in rows(1 + 0.1 * NOISE)
    assert ended(np.zeros(3, bool)) == 0


def test_a_number_that_never_changes_or_is_0_at_first_is_told():
    meaning = rows(np.zeros(400))["discriminator's loss"].meaning
    assert meaning.startswith("the same at every record to step 19,950, as where it is not computed")
    late = np.where(STEPS < 10_000, 0.0, 1.5 + 0.1 * NOISE)
    assert rows(late)["discriminator's loss is 0"].value == "up to step 9,950"
    assert "discriminator's loss is 0" not in rows(np.where(STEPS < 100, 0.0, 1.5))


@pytest.mark.parametrize(("value", "text", "loss"), ALIKE)
def test_a_loss_at_which_a_discriminator_scores_all_alike_is_told_if_it_is_of_that_kind(value, text, loss):
    found = rows(value * (1 + 0.05 * NOISE))[f"discriminator's loss near {text}"]
    assert found.meaning == f"if it is {loss}, it is as where the discriminator scores all samples alike"
    for other in (value * (1 + 0.3 * NOISE), value * (1.08 + 0.05 * NOISE), value * (1 + 0.05 * NOISE) + TIME - 1.2):
        assert f"discriminator's loss near {text}" not in rows(other)
    assert not any(" near " in name for name in rows(value * (1 + 0.05 * NOISE), "generator_loss"))


def test_a_loss_near_0_is_told_where_it_is_never_below():
    small = np.abs(0.005 * NOISE)
    meaning = rows(small)["discriminator's loss near 0"].meaning
    assert meaning.startswith("if it is a cross-entropy, a hinge loss or a squared error, the discriminator is certain")
    assert not any(" near " in name for name in rows(0.005 * NOISE))  # as of a critic
    assert not any(" near " in name for name in rows(np.where(STEPS % 200, small, 0.5)))


def test_a_loss_that_swings_at_one_frequency_is_told_and_not_what_only_wanders():
    swings = rows(np.sin(2 * np.pi * STEPS / 1000) + 0.5 * NOISE)["discriminator's loss swings"]
    assert swings.value.startswith("every 1,000 steps, ")
    assert "(10 times in the later half)" in swings.meaning
    assert "discriminator's loss swings" not in rows(NOISE.cumsum())


def test_a_million_records_take_a_moment():
    count = 1_000_000
    found = rows_of("generator_loss", np.arange(count), np.linspace(0, 1, count))
    assert found[0].meaning.endswith("it rose")
    assert math.isclose(float(found[0].value.split(" → ")[0]), 1 / 12, rel_tol=0.01)
