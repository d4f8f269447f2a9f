"""Curves: the numbers of a run, of results and of a diagnosis, whatever holds them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue

SHOWN = ["generator-loss", "discriminator-loss", "generator-norm", "discriminator-norm"]


def lines(figure, count):
    """The vertical values of a figure's first lines."""
    return np.array([line.get_ydata() for line in figure.axes[0].lines[:count]], float)


@pytest.mark.parametrize("of", ["run", "history", "one seed", "one seed's history"])
def test_every_seed_and_the_median_are_those_of_the_history(run, figures, of):
    given = {"run": run, "history": run.history, "one seed": run.seed(1), "one seed's history": run.seed(1).history}
    picture = sd.plots.curves(given[of], "generator_norm")
    expected = run.history["generator_norm"].values[1 if "one" in of else slice(None)].reshape(-1, 4)
    *seeds, median = lines(figures[0], len(expected) + 1)
    np.testing.assert_allclose(seeds, expected)
    np.testing.assert_allclose(median, np.median(expected, 0))
    assert picture.name == "generator-norm"
    assert picture.svg.startswith(b"<?xml")
    assert picture.png.startswith(b"\x89PNG")


def test_a_legend_breaks_long_labels_instead_of_cutting_them(results, figures):
    long = sd.plots.given.experiment("curves", results, "")
    names = [
        f"unrolled(generator='adam(learning_rate={i}, b1=0.5)', discriminator='sgd(learning_rate=0.1)')" for i in "abc"
    ]
    sd.plots.curves(long.assign_coords(setting=names), "modes")
    (legend,) = figures[0].legends
    texts = [text.get_text() for text in legend.get_texts()[:3]]
    assert ["".join(text.split()) for text in texts] == ["".join(name.split()) for name in names]
    ends = legend.get_window_extent()
    assert ends.x0 >= -1
    assert ends.x1 <= figures[0].bbox.x1 + 1


def test_without_a_measure_there_is_a_figure_for_each(run, results):
    assert {*SHOWN} < {each.name for each in sd.plots.curves(run)}
    assert {*SHOWN, "modes", "high-quality"} < {each.name for each in sd.plots.curves(results)}


@pytest.mark.parametrize("chosen", [{}, {"method": "consensus"}, {"method": "consensus", "gamma": 2.0}])
def test_results_are_drawn_by_their_labels_however_selected(results, figures, chosen):
    dataset = results.dataset.sel(**chosen) if chosen else results.dataset
    picture = sd.plots.curves(dataset, "generator_loss")
    labels = [str(each) for each in np.atleast_1d(dataset["label"].values)]
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == labels
    assert all(label in picture.alt for label in labels)
    flat = results.dataset["generator_loss"].values[np.isin(results.dataset["label"].values, labels)]
    np.testing.assert_allclose(lines(figures[0], 2), flat[0])


def test_one_setting_at_a_place_is_drawn_too(results, figures):
    sd.plots.curves(results.dataset.isel(setting=1, seed=0), "generator_loss")
    expected = results.dataset["generator_loss"].values[1, 0]
    np.testing.assert_allclose(lines(figures[0], 1)[0], expected)
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == ["consensus(gamma=0.5)"]


def test_a_diagnosis_goes_on_where_the_run_ended(diagnosis, run, figures):
    assert [each.name for each in sd.plots.curves(diagnosis)] == ["norms", "losses"]
    assert sd.plots.curves(diagnosis, "losses").name == "losses"
    before, after, *_ = figures[0].axes[0].lines
    np.testing.assert_array_equal(before.get_ydata(), run.history["generator_norm"].values[0])
    np.testing.assert_array_equal(after.get_ydata(), diagnosis.trial.path["generator_norm"].values)
    assert after.get_xdata()[0] == before.get_xdata()[-1] == 60


def test_a_diagnosis_of_a_gan_shows_its_samples_too(diagnosis, figures):
    quality = SimpleNamespace(name="modes", counts_modes=True)
    count = diagnosis.record.path.sizes["step"]
    shares = {"modes": np.arange(count) % 9 / 8, "high_quality": np.linspace(0, 1, count)}
    path = diagnosis.record.path.assign({name: ("step", values) for name, values in shares.items()})
    record = diagnosis.record._replace(path=path, history=None)
    gan = replace(diagnosis, facts=diagnosis.facts._replace(quality=quality), record=record)
    assert sd.plots.curves(gan, "samples").name == "samples"
    axes = figures[-1].axes[0]
    for line, values in zip(axes.lines, shares.values(), strict=True):  # modes never stand alone
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert axes.get_ylim() == pytest.approx((-0.03, 1.03))


def test_a_distance_stands_beside_a_perfect_and_an_untrained_sampler_s(diagnosis, figures):
    quality = SimpleNamespace(name="sliced_wasserstein", counts_modes=False, references=(0.07, 0.9))
    count = diagnosis.record.path.sizes["step"]
    path = diagnosis.record.path.assign(sliced_wasserstein=("step", np.linspace(0.9, 0.2, count)))
    record = diagnosis.record._replace(path=path, history=None)
    gan = replace(diagnosis, facts=diagnosis.facts._replace(quality=quality), record=record)
    sd.plots.curves(gan, "samples")
    assert [line.get_ydata()[0] for line in figures[-1].axes[0].lines[1:]] == [0.07, 0.9]


@pytest.mark.parametrize(
    ("of", "measure", "kind", "said"),
    [
        ("run", "generator_nrom", InvalidValue, "unknown measure 'generator_nrom'; did you mean 'generator_norm'"),
        ("diagnosis", "norm", InvalidValue, "unknown measure 'norm'; did you mean 'norms'"),
        ("spectrum", None, InvalidType, "curves: got a Spectrum, expected a Run, a Results, a Diagnosis or an xarray"),
        ("spiral", None, InvalidType, "curves: got a Quadratic, expected"),
    ],
)
def test_what_has_no_curves_is_named(request, of, measure, kind, said):
    with pytest.raises(kind, match=said):
        sd.plots.curves(request.getfixturevalue(of), measure)


def test_a_dataset_without_steps_or_measures_is_named(run):
    with pytest.raises(InvalidValue, match="expected records along step"):
        sd.plots.curves(run.history.isel(step=0))
    with pytest.raises(InvalidValue, match="the records hold no measure"):
        sd.plots.curves(run.history[["position"]])
