"""What a log alone says: the verdict, the alarms that it can ring, and what it cannot say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.analysis.alarms import ALARMS, CODES, Alarm, Share
from saddlery.analysis.from_log import BEGUN, of_log
from saddlery.analysis.from_records import CANNOT, cannot_say, ending
from saddlery.analysis.outcome import Outcome
from saddlery.analysis.series_rows import WORDS
from saddlery.records.logs.series import Log, Series
from saddlery.studies.forecast.shipped import runs

STEPS = np.arange(0, 20_000, 50)
NOISE = np.random.default_rng(0).normal(size=len(STEPS))
USUAL = 0.8 + 0.1 * NOISE


def log(steps=STEPS, counted="steps", remarks=(), **series):
    held = {name: Series(np.asarray(steps)[: len(each)], np.asarray(each, float)) for name, each in series.items()}
    return Log("losses.csv", "", held, {name: name for name in held}, counted, (), remarks)


def because(**series):
    return of_log(log(**series)).verdict.because


@pytest.fixture(autouse=True)
def alarms(monkeypatch):
    """An alarm on a loss, and one on what no log holds."""
    for code in list(ALARMS):
        monkeypatch.delitem(ALARMS, code)
    for code, threshold in {"W05": 3.0, "W20": -1.0}.items():
        made = Alarm(code, *CODES[code], threshold, 1.0, Share(1, 140), Share(30, 90), 400.0)
        monkeypatch.setitem(ALARMS, code, made)


def alarm(found):
    return next(row for row in found.rows if row.name == "alarm W05")


LOGS = {
    "usual": log(generator_loss=USUAL, discriminator_loss=1.4 + 0.05 * NOISE),
    "certain": log(generator_loss=10 + NOISE, discriminator_loss=np.abs(0.001 * NOISE)),
    "fading": log(generator_loss=USUAL, generator_norm=np.exp(-STEPS / 500)),
    "swinging": log(generator_loss=np.sin(STEPS / 300)),
    "growing": log(generator_loss=np.exp(STEPS / 900)),
    "lost": log(generator_loss=np.where(STEPS < 9000, USUAL, np.nan)),
    "falling": log(generator_loss=np.exp(-STEPS / 5000), generator_norm=np.exp(-STEPS / 5000)),
    "still": log(generator_loss=np.ones(400)),
    "short": log(generator_loss=[0.7]),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_diverges_or_says_nothing_of_how_training_goes(name):
    found = of_log(LOGS[name])
    assert found.verdict.word in (Outcome.DIVERGING, Outcome.UNDECIDED)
    assert (found.verdict.word is Outcome.DIVERGING) == (name in ("growing", "lost"))
    assert not found.verdict.clear
    assert dict(ending(found))["how sure"] == found.sure
    assert str(found).count("how good the samples are: measure them") == 1


def test_what_left_the_finite_numbers_is_named_with_its_step():
    lost = np.where(STEPS < 9000, USUAL, np.nan)
    assert because(generator_loss=USUAL, discriminator_loss=lost) == (
        "the discriminator's loss is not finite from step 9,000 on, its last 220 records"
    )
    later = np.where(STEPS < 9500, USUAL, np.inf)
    assert "the generator's gradient norm is not finite from step 9,000" in because(
        discriminator_loss=later, generator_norm=lost
    )
    assert because(generator_loss=[*USUAL[:-1], np.nan]).endswith("from step 19,950 on, its last record")
    found = of_log(log(generator_loss=lost))
    assert found.sure == "Certain: the numbers are no longer finite."
    assert found.why


def test_what_is_finite_again_has_not_diverged():
    once = USUAL.copy()
    once[100] = np.nan
    assert because(generator_loss=once) == (
        "numbers are finite again to step 19,950, and no loss or norm on record grows without bound; losses do not "
        "tell whether training goes well"
    )
    assert because(generator_loss=USUAL, generator_norm=USUAL).startswith(
        "every number is finite to step 19,950, and no "
    )
    assert because(generator_norm=USUAL).endswith("; gradient norms do not tell whether training goes well")


def test_growth_without_bound_is_of_what_is_large_as_well():
    grown = np.exp(STEPS / 900)
    found = of_log(log(generator_loss=grown))
    assert found.verdict.because.startswith("losses or gradients have grown ")
    assert found.sure == "It rests on losses and norms, which still grow."
    assert (
        of_log(log(generator_loss=grown / grown.max())).verdict.word is Outcome.UNDECIDED
    )  # up to 1, from next to nothing
    rows = {row.name: row for row in of_log(log(generator_loss=grown / grown.max())).rows}
    assert rows["growth"].meaning.endswith("it still grows")
    assert "growth" not in {row.name for row in of_log(log(generator_loss=USUAL)).rows}


def test_few_records_are_too_early():
    assert because(generator_loss=[0.7]) == "it is too early: 1 record, 8 are needed"
    assert because(generator_loss=USUAL[:7]) == "it is too early: 7 records, 8 are needed"
    assert "too early" not in because(generator_loss=USUAL[:8])


def test_an_alarm_that_a_log_can_ring_does_with_its_rate():
    found = alarm(of_log(log(generator_loss=np.where(STEPS < 5000, USUAL, 50.0))))
    assert (found.value, found.meaning) == (
        "since step 5,100",
        "the generator's loss is large; it rang in 1 of 140 healthy runs of the study forecast",
    )
    found = of_log(log(generator_loss=USUAL))
    assert alarm(found).value == "did not ring"
    assert alarm(found).meaning.endswith("1 of 140 healthy runs of the study forecast, and in 30 of 90 that failed")
    assert any(text.startswith("alarms were measured on runs of 4,000 steps") for text in found.remarks)
    assert "alarm W20" not in {row.name for row in found.rows}


def test_records_that_are_closer_together_are_looked_at_as_far_apart_as_the_studys():
    steps = np.arange(0, 2000)
    spikes = np.where(steps % 50 == 7, 50.0, 0.8)  # one record in fifty
    assert alarm(of_log(log(steps, generator_loss=spikes))).value == "did not ring"
    assert alarm(of_log(log(steps, generator_loss=np.where(steps < 1000, 0.8, 50.0)))).value == "since step 1,100"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (log(10 * STEPS, generator_loss=USUAL), "records are 500 steps apart, 50 in the study forecast"),
        (log(generator_loss=45 + USUAL), "its size is 45.8 at first, less than 3 in the study forecast"),
        (log(counted="epoch", generator_loss=USUAL), "its records are counted by epochs, the study's by steps"),
        (log(counted="rows", generator_loss=USUAL), "its records are counted by rows, the study's by steps"),
        (log(generator_loss=USUAL[:3]), "none rings before step 200"),
    ],
)
def test_an_alarm_is_not_looked_at_in_a_log_that_is_unlike_the_study_s_records(changed, why):
    found = of_log(changed)
    assert (alarm(found).value, alarm(found).meaning) == ("not looked at", f"the generator's loss is large: {why}")
    assert not any("alarms were measured" in text for text in found.remarks)


def test_the_study_s_losses_began_smaller_than_a_log_s_may():
    held = runs()["generator_loss"].isel(step=0)
    assert float(np.expm1(np.abs(held)).max()) < BEGUN


def test_whether_the_generator_s_gradient_fades_is_told_of_its_norm():
    rows = {row.name: row for row in of_log(LOGS["fading"]).rows}
    assert "it has faded: there is little left to learn, or" in rows["generator's gradient, of its largest"].meaning
    rows = {row.name: row for row in of_log(log(generator_norm=1 + 0.1 * NOISE)).rows}
    assert rows["generator's gradient, of its largest"].meaning.endswith(
        "it has not faded, which would be 1.0% or less"
    )
    assert "generator's gradient, of its largest" not in {row.name for row in of_log(LOGS["usual"]).rows}


def test_players_that_are_logged_at_steps_of_their_own_are_both_seen():
    held = {"generator_loss": Series(STEPS, USUAL), "discriminator_loss": Series(STEPS + 1, 1.4 + 0.05 * NOISE)}
    found = of_log(Log("metrics.csv", "", held, {"step": "step", **dict.fromkeys(held, "x")}, "steps", ("lr",)))
    assert found.heading == [
        "metrics.csv: 400 records, steps 0 to 19,951, 50 apart",
        "Taken: step from step, generator_loss from x, discriminator_loss from x",
        "Ignored: lr",
    ]
    assert {"generator's loss", "discriminator's loss"} <= {row.name for row in found.rows}
    assert alarm(found).value == "did not ring"


def test_the_heading_names_the_run_and_what_steps_are():
    found = of_log(log(counted="epoch", generator_loss=USUAL)._replace(run="quiet-sun-7"))
    assert found.heading[0] == "losses.csv, run quiet-sun-7: 400 records, epochs 0 to 19,950, 50 apart"
    assert of_log(log(generator_loss=[0.7])).heading[0] == "losses.csv: 1 record, step 0"
    assert of_log(log(remarks=("a remark",), generator_loss=[0.7])).remarks == ["a remark"]


WHAT_WOULD = {
    "whether samples are diverse or have collapsed": "spread",
    "whether the discriminator tells real samples from generated ones": "separation",
    "which player is too fast for the other": "generator_update",
    "whether the generator's gradient fades": "generator_norm",
    "what the generator's loss does": "generator_loss",
    "what the discriminator's loss does": "discriminator_loss",
    "whether the players come back to where they were": "path_returned",
    "whether the players push each other round": "turning",
    "whether this is usual for a training such as this": "departure",
}
ALWAYS = ["how good the samples are", "whether the losses are written right", "what would help"]


def test_what_a_log_cannot_say_is_what_was_not_recorded():
    assert [what for what, _ in cannot_say({*WHAT_WOULD.values()})] == ALWAYS
    for what, needed in WHAT_WOULD.items():
        assert what in dict(cannot_say({*WHAT_WOULD.values()} - {needed}))
    assert len(CANNOT) == len(WHAT_WOULD) + len(ALWAYS)
    cannot = dict(of_log(LOGS["fading"]).cannot)
    assert "whether the generator's gradient fades" not in cannot
    assert "what the generator's loss does" not in cannot
    assert "what the discriminator's loss does" in cannot
    assert set(WORDS) == {"generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"}


@settings(deadline=None)
@given(
    series=st.dictionaries(
        st.sampled_from(sorted(WORDS)),
        st.lists(st.floats(width=32) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=40),
        min_size=1,
    ),
    apart=st.integers(1, 10**9),
    counted=st.sampled_from(["steps", "rows", "epoch"]),
)
def test_whatever_a_log_holds_it_is_diverging_or_undecided(series, apart, counted):
    steps = apart * np.arange(40, dtype=np.int64)
    found = of_log(log(steps, counted, **series))
    assert found.verdict.word in (Outcome.DIVERGING, Outcome.UNDECIDED)
    assert str(found)
