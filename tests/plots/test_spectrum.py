"""Spectra: the eigenvalues of a spectrum, a diagnosis and records, and the modes that carry v."""

from dataclasses import replace

import numpy as np
import pytest

import saddlery as sd
from saddlery.errors import InvalidType, InvalidValue


def marks(figure):
    """The eigenvalues that a figure shows."""
    line = next(line for line in figure.axes[0].lines if line.get_label() == "eigenvalues")
    return np.sort_complex(line.get_xdata() + 1j * line.get_ydata())


def rings(figure):
    """The modes that a figure shows."""
    return np.asarray(figure.axes[0].collections[0].get_offsets()) @ [1, 1j]


def test_a_spectrum_shows_its_eigenvalues_and_the_modes_that_carry_v(spectrum, spiral, figures):
    picture = sd.plots.spectrum(spectrum)
    np.testing.assert_allclose(marks(figures[0]), np.sort_complex(np.linalg.eigvals(-spiral.jacobian())), atol=1e-6)
    carrying = spectrum.modes.carrying()
    np.testing.assert_allclose(rings(figures[0]), [*carrying, *carrying.conj()])
    sizes = figures[0].axes[0].collections[0].get_sizes()
    assert sizes.argmax() == 0  # the heaviest comes first
    assert "-0.1 ± 1i" in picture.alt


def test_a_diagnosis_shows_those_that_it_rests_on(diagnosis, figures):
    sd.plots.spectrum(diagnosis)
    np.testing.assert_allclose(marks(figures[0]), np.sort_complex(diagnosis.evidence.spectrum.eigenvalues))


@pytest.mark.parametrize(("seed", "step", "record"), [(0, -1, 3), (1, 20, 1)])
def test_records_show_those_of_the_step(run, figures, seed, step, record):
    sd.plots.spectrum(run, seed=seed, step=step)
    history = run.history.isel(seed=seed, step=record)
    expected = history["eigenvalues_real"].values + 1j * history["eigenvalues_imaginary"].values
    np.testing.assert_allclose(marks(figures[0]), np.sort_complex(expected))


def test_what_has_no_eigenvalues_is_named(run, results, spiral):
    with pytest.raises(InvalidType, match="spectrum: got a Quadratic, expected a Spectrum, a Diagnosis, or records"):
        sd.plots.spectrum(spiral)
    with pytest.raises(InvalidValue, match=r"hold no eigenvalues_real and no eigenvalues_imaginary.*dynamics\.Spectra"):
        sd.plots.spectrum(results)
    with pytest.raises(InvalidValue, match="seed: got 5, expected one of 0, 1"):
        sd.plots.spectrum(run, seed=5)
    lost = run.history.assign(eigenvalues_real=run.history["eigenvalues_real"] * np.nan)
    with pytest.raises(InvalidValue, match="no eigenvalues were found at step 60"):
        sd.plots.spectrum(lost)


def test_a_diagnosis_that_found_none_says_why(diagnosis):
    without = diagnosis.evidence._replace(spectrum=None, missing=("eigenvalues: not finite",))
    with pytest.raises(InvalidValue, match="this diagnosis has no eigenvalues: eigenvalues: not finite"):
        sd.plots.spectrum(replace(diagnosis, evidence=without))
