import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid
from scipy.stats import binom, hypergeom

from saddlery.studies.first_order.experiment import OUTCOMES, QUANTILES, RATES, SETTINGS
from saddlery.studies.first_order.figures import distances, maps
from saddlery.studies.first_order.figures import shown as of_gallery
from saddlery.studies.first_order.findings import contrasts, findings
from saddlery.studies.first_order.page import content

NAMES = list(SETTINGS)
GOOD = [1.0, 0.2, 0.3, 0.2, 0.1, 0.2, 0.5, 0.9, 0.2, 0.2, 0.2]
RUNS = 200


@pytest.fixture
def study():
    """Numbers made up, of a study's form: no run has diverged, and none of the optimal ones oscillates."""
    random, line, n = np.random.default_rng(0), np.linspace(-2, 2, 5), len(NAMES)
    within = np.tile(np.array(GOOD)[:, None, None], (1, 5, 5))
    within[:, np.eye(5, dtype=bool)] = 0
    share = random.integers(0, 80, (n, len(OUTCOMES))) / RUNS
    share[1, 2] = 0.555
    labels = random.integers(1, 3, (n, len(OUTCOMES)))
    labels[:, -1] = labels[0, 2] = 0
    example = random.normal(size=(n, len(OUTCOMES), 11, 6))
    example[0, 0, :, 2:] = [-np.inf, 0.0, np.inf, np.inf]
    counts = (np.array(GOOD) * RUNS).round().astype(int)
    return xr.Dataset(
        {
            "within": (("setting", "mean1", "mean2"), within),
            "succeeded": ("setting", counts), "runs": ("setting", np.full(n, RUNS)),
            "swept_succeeded": (("setting", "rate"), np.tile(counts[:, None] // 4, (1, len(RATES)))),
            "swept_runs": (("setting", "rate"), np.full((n, len(RATES)), RUNS // 4)),
            "share": (("setting", "outcome"), share),
            "none": ("setting", random.integers(0, RUNS, n) / RUNS),
            "total_variation": (
                ("setting", "quantile", "step"), np.sort(random.uniform(size=(n, len(QUANTILES), 11)), axis=1)),
            "example": (("setting", "outcome", "step", "number"), example),
            "labels": (("setting", "outcome"), labels),
        },
        coords={
            "setting": NAMES, "method": ("setting", [name.partition("(")[0] for name in NAMES]), "rate": list(RATES),
            "mean1": line, "mean2": line, "outcome": list(OUTCOMES), "criterion": ("outcome", list(OUTCOMES.values())),
            "quantile": list(QUANTILES), "step": np.arange(11) * 40,
        },
        attrs={"title": "A <study>", "command": "saddlery study", "target": [-0.5, 0.5], "h": 0.1, "box": 2.0,
               "scale": "quick", "side": 5, "intervals": 10, "steps": 400, "swept": 2},
    )  # fmt: skip


def by_subject(study):
    return {finding.subject: finding for finding in findings(study)}


def test_the_headline_is_of_starts_whose_means_differ_with_its_exact_interval(study):
    """Clopper and Pearson: at the lower end the probability of as many successes is 2.5%."""
    text = by_subject(study)["Optimal discriminator"].text
    assert text.startswith("Of the starts whose two means differ, 100.0% end within 0.1")
    assert f"{100 * 0.025 ** (1 / RUNS):.1f}% to 100.0%" in text  # p²⁰⁰ = 2.5%
    assert binom.sf(RUNS - 1, RUNS, 0.025 ** (1 / RUNS)) == pytest.approx(0.025)
    assert "Counted apart are 5 of the 25 starting means" in text
    assert "at most 0.0% of the runs from such a start get there" in text
    study["within"][0] = 0.0  # the maps alone hold the diagonal, and the headline does not come from them
    assert by_subject(study)["Optimal discriminator"].text == text
    study["within"][3, 1, 1] = 0.3
    assert "at most 30.0% of the runs from such a start" in by_subject(study)["Optimal discriminator"].text
    study["succeeded"][0] -= 1
    assert by_subject(study)["Optimal discriminator"].tone == "plain"


def test_more_steps_are_said_to_help_or_not_by_a_test(study):
    found = by_subject(study)
    assert found["First-order, alternating"].text.startswith(
        "More steps make it worse at steps of 0.1: 30.0% with alternating(k=1)"
    )
    assert found["Unrolled"].text.startswith(
        "Looking further ahead helps at steps of 0.1: 20.0% with unrolled(K=1), 90.0%"
    )
    assert found["Without the second term"].text.startswith("The starts do not tell the two apart")
    assert found["The second term"].text.startswith("How the discriminator would react")
    assert (found["First-order, alternating"].tone, found["Unrolled"].tone) == ("bad", "good")
    study["succeeded"][NAMES.index("unrolled(K=20)")] = study["succeeded"].values[NAMES.index("unrolled(K=1)")]
    assert by_subject(study)["Unrolled"].text.startswith("The starts do not tell the two apart")


CONTRASTS = {
    "Simultaneous or alternating": (
        "simultaneous(k=1)", "alternating(k=1)",
        "Alternating gets there from more starts", "Simultaneous gets there from more starts",
    ),
    "First-order, alternating": (
        "alternating(k=1)", "alternating(k=20)", "More steps help", "More steps make it worse",
    ),
    "Unrolled": (
        "unrolled(K=1)", "unrolled(K=20)", "Looking further ahead helps", "Looking further ahead makes it worse",
    ),
    "Without the second term": (
        "unrolled, first term(K=1)", "unrolled, first term(K=20)",
        "Looking further ahead helps", "Looking further ahead makes it worse",
    ),
    "The second term": (
        "unrolled, first term(K=20)", "unrolled(K=20)",
        "How the discriminator would react, the gradient's second term, helps",
        "How the discriminator would react, the gradient's second term, makes it worse",
    ),
}  # fmt: skip


@pytest.mark.parametrize("subject", CONTRASTS)
def test_each_contrast_is_said_where_its_test_tells_and_nowhere_else(study, subject):
    *pair, more, fewer = CONTRASTS[subject]
    for counts, lead in (([20, 180], more), ([180, 20], fewer), ([90, 100], "The starts do not tell the two apart")):
        study["succeeded"].loc[{"setting": pair}] = counts
        text = by_subject(study)[subject].text
        shares = ", ".join(f"{100 * n / RUNS:.1f}% with {name}" for n, name in zip(counts, pair, strict=True))
        assert text.startswith(f"{lead} at steps of 0.1: {shares} (p ")


def test_simultaneous_and_alternating_are_both_named_and_compared(study):
    one = by_subject(study)["Simultaneous or alternating"].text
    assert "20.0% with simultaneous(k=1), 30.0% with alternating(k=1)" in one
    study["succeeded"][1] = RUNS
    assert by_subject(study)["Simultaneous or alternating"].text.startswith("Simultaneous gets there from more starts")


def test_the_tests_are_fishers_after_holms_correction(study):
    """Of 40 and 60 successes of 200: by the hypergeometric distribution, summed over tables as unlikely."""
    likely = hypergeom(2 * RUNS, 100, RUNS).pmf(np.arange(101))
    raw = likely[likely <= likely[40] * (1 + 1e-7)].sum()
    assert contrasts(study)["order"].probability == pytest.approx(2 * raw)  # the fourth of five
    assert contrasts(study)["unrolled, first term"].probability == 1


def test_the_best_at_each_step_size_is_named(study):
    text = by_subject(study)["Step size"].text
    assert text.startswith("The optimal discriminator gets there from as many starts as any or more at every step size")
    assert "unrolled(K=20) at 0.03" in text
    study["swept_succeeded"][0, -1] = 0
    assert "is not the best at steps of 1." in by_subject(study)["Step size"].text


def test_what_goes_wrong_most_is_said_by_its_settings(study):
    assert "Oscillation under simultaneous(k=1)" in by_subject(study)["What goes wrong most"].text
    study["share"][1:] = 0
    text = by_subject(study)["What goes wrong most"].text
    assert text == "No run of a first-order or unrolled discriminator was found to fail."


def test_maps_have_one_scale_and_panels_one_axis(study, figures):
    maps(study)
    squares = [axes.images[0] for axes in figures[-1].axes if axes.images]
    assert len(squares) == len(NAMES)
    assert {image.norm.vmin for image in squares} == {0}
    assert {image.norm.vmax for image in squares} == {1}
    assert len({tuple(image.axes.get_ylim()) for image in squares}) == 1
    distances(study)
    panels = figures[-1].axes
    assert len(panels) == 3
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels}) == 1


def test_tables_hold_every_share_with_its_interval_and_the_number_of_runs(study):
    tables = {section.heading: section.table for section in content(study).sections}
    swept = tables["Share that succeeds at each step size"]
    assert [head for head, _ in swept.heads[1:]] == ["h = 0.03", "h = 0.1", "h = 0.3", "h = 1"]
    assert all(cell.range.endswith("n = 50") for row in swept.rows for cell in row.cells)
    ends = tables["Share of runs with each outcome"].rows[0].cells[0]
    assert (ends.text, ends.range) == ("100.0%", "98.2% to 100.0%, n = 200")


def test_the_gallery_shows_the_purest_example_of_each_outcome_that_was_found(study):
    shown = of_gallery(study)
    assert [str(each["outcome"].values) for each in shown] == list(OUTCOMES)[:-1]
    for each, labels in zip(shown, study["labels"].values.T, strict=False):
        assert each["labels"] == labels[labels > 0].min()
    study["labels"][:, 0] = [1, 0, 2, *[0] * 8]
    assert of_gallery(study)[0]["setting"] == "optimal"
    study["labels"][:, 0] = [1, 0, 1, *[0] * 8]
    assert of_gallery(study)[0]["setting"] == "alternating(k=1)"


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
