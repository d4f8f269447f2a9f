"""Pages and users see the same files."""

import pytest

import saddlery as sd
from saddlery.diagnosis import page

pytestmark = pytest.mark.long


def of_page(folder, name, kind):
    """A file of a page's figures, whatever its experiment is called."""
    (path,) = (path for path in (folder / "figures").iterdir() if path.name.endswith(f"{name}.{kind}"))
    return path.read_bytes()


def test_the_figures_of_an_experiment_s_page_are_those_that_plots_draw(results):
    results.report()
    drawn = [*sd.plots.curves(results), sd.plots.samples(results, step=None)]
    for picture in drawn:
        assert of_page(results.folder, f"-{picture.name}", "svg") == picture.svg
        assert of_page(results.folder, f"-{picture.name}", "png") == picture.png
    assert len(drawn) * 2 == len(list((results.folder / "figures").iterdir()))


def test_the_figures_of_a_diagnosis_page_are_those_that_plots_draw(diagnosis, tmp_path):
    page.write(diagnosis, tmp_path)
    drawn = [*sd.plots.curves(diagnosis), sd.plots.path(diagnosis), sd.plots.spectrum(diagnosis)]
    for picture in drawn:
        assert of_page(tmp_path, picture.name, "svg") == picture.svg
        assert of_page(tmp_path, picture.name, "png") == picture.png
    assert len(drawn) * 2 == len(list((tmp_path / "figures").iterdir()))
