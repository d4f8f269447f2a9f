"""The table's numbers, against an independent computation, and the words made of them."""

import io

import numpy as np
import pytest
from checks.findings import unsaid
from rich.console import Console

from saddlery.analysis.numbers import percent
from saddlery.analysis.outcomes import verdicts
from saddlery.analysis.seeds import median_seeds, recorded, spaced
from saddlery.report import summary_table, table
from saddlery.report.summary import PERFECT, UNTRAINED
from saddlery.report.words import extent, findings


def said(dataset):
    """What is said of an experiment, by subject."""
    return {finding.subject: finding for finding in findings(dataset)}


def by_hand(dataset, name, setting):
    """The last values of the seeds that did not diverge, by plain loops."""
    values = dataset[name].values
    lost = dataset.diverged_at.values
    return [float(values[setting, seed, -1]) for seed in range(values.shape[1]) if lost[setting, seed] < 0]


@pytest.mark.parametrize("name", ["modes", "high_quality", "kl", "total_variation"])
def test_medians_and_ranges_are_those_of_the_surviving_seeds(mixture, name):
    rows = summary_table(mixture)
    for i, label in enumerate(mixture.setting.values):
        values = by_hand(mixture, name, i)
        assert rows.loc[label, name] == pytest.approx(np.median(values))
        assert rows.loc[label, f"{name}_low"] == pytest.approx(min(values))
        assert rows.loc[label, f"{name}_high"] == pytest.approx(max(values))
    assert rows.loc[PERFECT, name] == mixture.attrs[f"perfect_{name}"]


def test_counts_of_seeds(mixture):
    rows = summary_table(mixture)
    for i, label in enumerate(mixture.setting.values):
        assert rows.loc[label, "collapsed"] == sum(modes < 4 for modes in by_hand(mixture, "modes", i))
        assert rows.loc[label, "diverged"] == 4 - len(by_hand(mixture, "modes", i))
        assert rows.loc[label, "steps_per_second"] == pytest.approx(np.median(mixture.steps_per_second.values[i]))
    assert rows["diverged"].sum() == 1
    assert rows["collapsed"].sum() > 0


def test_an_untrained_run_has_stalled_and_not_collapsed(mixture):
    """What draws next to nothing near a mode, from the first record to the last, was never trained."""
    never = mixture.copy(deep=True)
    never["modes"][:] = 5.0
    never["high_quality"][:] = 0.002
    never["samples"] = never["samples"].isel(step=[0] * never.sizes["step"]).assign_coords(step=never["step"])
    found = said(never)
    assert "Collapsed" not in found
    assert "simultaneous in 4 of 4" in found["Stalled"].text
    assert found["Stalled"].tone == "bad"
    assert not summary_table(never)["collapsed"].any()


@pytest.mark.parametrize("records", [slice(None, None, 2), slice(10)], ids=["throughout", "at first"])
def test_samples_that_move_and_get_no_better_have_not_stalled(mixture, records):
    moved = mixture.copy(deep=True)
    moved["modes"][:] = 1.0
    moved["high_quality"][:] = 0.002
    moved["samples"] = moved["samples"].isel(step=[0] * moved.sizes["step"]).assign_coords(step=moved["step"])
    moved["samples"][:, :, records] *= 2
    found = said(moved)
    assert "Stalled" not in found
    assert "simultaneous in 4 of 4" in found["Wandering"].text
    assert verdicts(moved)[0][0].because.startswith("the samples moved and were never better than an untrained")


def test_growth_without_bound_is_named_though_it_is_finite(mixture):
    wild = mixture[["generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"]]
    wild = wild.assign(diverged_at=mixture.diverged_at, steps_per_second=mixture.steps_per_second).copy(deep=True)
    wild.attrs = {"game": "mine()"}
    assert "Diverging" in {each.subject for each in findings(wild)}  # one seed left the finite numbers
    text = findings(wild)[0].text
    assert text.startswith("alternating in 1 of 4 seeds. The first left the finite numbers at step 497.")
    wild["generator_loss"][:] = 6e26 * 10.0 ** (wild.step / wild.step.max() * 3 - 3)
    wild["diverged_at"][:] = -1
    wild["generator_loss"][:, :, 0] = 1.0
    wild["generator_loss"][:, :, 1:4] = 1e3
    assert findings(wild)[0].subject == "Diverging"
    assert findings(wild)[0].tone == "bad"
    assert "simultaneous in 4 of 4 seeds" in findings(wild)[0].text
    assert "at step" not in findings(wild)[0].text


def test_an_untrained_generator_s_values_stand_beside_a_perfect_sampler_s(mixture):
    rows = summary_table(mixture)
    assert list(rows.index)[-2:] == [PERFECT, UNTRAINED]
    assert rows.loc[UNTRAINED, "high_quality"] == np.median(mixture.high_quality.values[:, :, 0])


def test_values_after_divergence_are_not_counted_even_when_finite(mixture):
    changed = mixture.copy(deep=True)
    changed["diverged_at"][2, 0] = 500
    values = recorded(changed, "modes").values[2, 0]
    assert np.isfinite(values[changed.step.values < 500]).all()
    assert np.isnan(values[changed.step.values >= 500]).all()


def test_images_have_distances_instead_of_modes(images):
    rows = summary_table(images)
    assert "collapsed" not in rows
    for i, label in enumerate(images.setting.values):
        assert rows.loc[label, "mmd"] == pytest.approx(np.median(images.mmd.values[i, :, -1]))


def test_a_game_without_samples_shows_losses_and_gradients(mixture):
    analytic = mixture[["generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm"]]
    analytic = analytic.assign(diverged_at=mixture.diverged_at, steps_per_second=mixture.steps_per_second)
    analytic.attrs = {"game": "bilinear()"}
    rows = summary_table(analytic)
    assert list(rows.index) == list(mixture.setting.values)
    assert rows["generator_norm"].notna().all()
    found = said(analytic)
    assert list(found)[:2] == ["Diverging", "Smallest gradient"]
    order = rows["generator_norm"].sort_values().index
    places = [found["Smallest gradient"].text.index(f"{name} at") for name in order]
    assert places == sorted(places)
    assert "Smallest gradient" not in said(mixture)


def test_the_terminal_prints_the_same_numbers(mixture, images):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table([mixture, images]))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    rows = summary_table(mixture)
    line = next(line for line in lines if line.lstrip().startswith("simultaneous"))
    count = int(rows.loc["simultaneous", "collapsed"])
    assert f"{count} of 4" in line
    assert f"{100 * rows.loc['simultaneous', 'high_quality']:.1f}%" in line
    assert any(PERFECT in line for line in lines)


def test_the_median_seed_is_the_lower_median_and_the_diverged_rank_lowest(mixture):
    changed = mixture.copy(deep=True)
    changed["diverged_at"][:] = -1
    changed["modes"][0, :, -1] = [8, 2, 5, 4]
    changed["modes"][1, :, -1] = [8, 8, 7, 8]
    changed["high_quality"][1, :, -1] = [0.9, 0.5, 0.99, 0.7]
    assert median_seeds(changed)[0] == 3
    assert median_seeds(changed)[1] == 1  # among equal modes the lower share: 0.5, then 0.7, 0.9
    changed["diverged_at"][0, 2] = 100
    assert median_seeds(changed)[0] == 1  # diverged, 2, 4, 8


def test_records_are_spaced_with_both_ends(mixture):
    assert spaced(mixture, 4).tolist() == [0, 3, 7, 10]
    assert spaced(mixture, 100).tolist() == list(range(11))


def test_every_number_that_is_said_is_in_the_data(mixture, images):
    for dataset in (mixture, images):
        assert unsaid(findings(dataset), dataset) == {}


def test_the_words_say_what_the_numbers_say(mixture):
    found = said(mixture)
    assert "unrolled(steps=10) in 4 of 4 seeds" in found["Covered all 8 modes"].text
    assert "unrolled(steps=10) in 4" in found["Arrived"].text
    assert (found["Arrived"].tone, found["Collapsed"].tone, found["Covered all 8 modes"].tone) == (
        "good",
        "bad",
        "plain",
    )
    assert "an untrained generator" in found["Samples near a mode"].text
    assert "simultaneous and alternating in none" in found["Covered all 8 modes"].text
    lost = int(summary_table(mixture).loc["simultaneous", "collapsed"])
    assert f"simultaneous in {lost} of 4" in found["Collapsed"].text
    assert found["Diverging"].text.startswith("alternating in 1 of 4 seeds. The first left the finite ")
    assert "simultaneous was at" in found["Kept moving"].text  # the one that rotates, not the one that sticks
    assert "alternating" not in found["Kept moving"].text
    assert "4 methods, 4 seeds each, 1,000 steps" in extent(mixture)


@pytest.mark.parametrize("data", ["mixture", "images"])
def test_nothing_is_good_of_runs_that_all_diverged(request, data):
    lost = request.getfixturevalue(data).copy(deep=True)
    lost["diverged_at"][:] = 3
    assert {finding.subject: finding.tone for finding in findings(lost) if finding.tone == "good"} == {}
    assert next(finding for finding in findings(lost) if finding.subject == "Diverging").tone == "bad"


def test_samples_strewn_about_are_at_no_mode(mixture):
    strewn = mixture.copy(deep=True)
    strewn["samples"][:] = np.random.default_rng(0).normal(size=strewn.samples.shape)
    strewn["modes"][:] = 1
    strewn["high_quality"][:] = 0.002
    found = {finding.subject: finding.text for finding in findings(strewn)}
    assert "Kept moving" not in found
    assert found["Covered all 8 modes"] == "No seed."
    assert "unrolled(steps=10) 0.2%" in found["Samples near a mode"]


def test_the_words_for_distances(images):
    ends = np.median(images.sliced_wasserstein.values[:, :, -1], axis=1)
    text = next(finding.text for finding in findings(images) if finding.subject == "Closest to the data")
    assert text.index("unrolled") < text.index("alternating")
    assert f"{ends[1] / images.attrs['perfect_sliced_wasserstein']:.3g} times" in text
    swapped = images.copy(deep=True)
    swapped["sliced_wasserstein"][:] = images.sliced_wasserstein.values[::-1]
    text = said(swapped)["Closest to the data"].text
    assert text.index("alternating") < text.index("unrolled")


def test_samples_near_a_mode_stand_beside_the_references_that_are_known(mixture):
    text = said(mixture)["Samples near a mode"].text
    begun = np.median(np.median(mixture.high_quality.values[:, :, 0], axis=1))
    assert text.endswith(f"a perfect sampler 98.9%, an untrained generator {percent(begun)}.")
    text = said(mixture.isel(step=slice(1, None)).assign_attrs(perfect_high_quality=np.nan))["Samples near a mode"].text
    assert "unrolled(steps=10)" in text
    assert "sampler" not in text
    assert "untrained" not in text


def test_where_no_seed_reached_the_end_that_is_said(images):
    assert "No seed" not in said(images)["Closest to the data"].text
    lost = images.copy(deep=True)
    lost["diverged_at"][:] = 3
    found = said(lost)["Closest to the data"]
    assert (found.text, found.tone) == ("No seed reached the end.", "bad")


def test_seeds_that_were_stopped_are_told_from_those_that_diverged(mixture):
    assert "No last record" not in said(mixture)
    stopped = mixture.copy(deep=True)
    stopped["modes"][3, 1, -1] = np.nan
    text = said(stopped)["No last record"].text
    assert text == "unrolled(steps=10) in 1 of 4 seeds; simultaneous, alternating and consensus(gamma=10) in none."


def test_the_time_of_a_step_is_told_beside_the_quickest(mixture):
    timed = mixture.copy(deep=True)
    timed["steps_per_second"][:] = np.array([100.0, 50.0, 20.0, 200.0])[:, None]
    assert said(timed)["Cost"].text == (
        "unrolled(steps=10) was the quickest, at 200 steps per second. A step takes simultaneous 2 times as long, "
        "alternating 4 times, consensus(gamma=10) 10 times."
    )
    timed["steps_per_second"][:] = np.array([200.0, 199.9, 100.0, 200.0])[:, None]
    assert said(timed)["Cost"].text == (
        "simultaneous was the quickest, at 200 steps per second. unrolled(steps=10) and alternating took as long. "
        "A step takes consensus(gamma=10) 2 times as long."
    )
    timed["steps_per_second"][2] = 199.9
    assert "A step takes" not in said(timed)["Cost"].text
    assert "Cost" not in said(timed.isel(setting=[0]))
    timed["steps_per_second"][1] = np.nan
    assert "Cost" not in said(timed)


def test_without_losses_and_measures_nothing_is_said_of_gradients(mixture):
    bare = mixture.drop_vars([name for name in mixture if name not in ("diverged_at", "steps_per_second")])
    assert "Cost" in said(bare)
    assert "Smallest gradient" not in said(bare)


def test_settings_are_called_methods_only_where_each_has_its_own(mixture):
    assert extent(mixture).startswith("4 methods, 4 seeds each, ")
    assert extent(mixture).endswith(", measured on 2,048 samples")
    assert extent(mixture.assign_coords(method=("setting", list("aabb")))).startswith("4 settings, 4 seeds each, ")
    assert "measured" not in extent(mixture.drop_vars(["modes", "high_quality", "kl", "total_variation"]))
