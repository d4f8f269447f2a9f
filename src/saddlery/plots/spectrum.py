"""Figures of spectra: eigenvalues in the complex plane, and the modes that carry the field."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from saddlery.analysis.numbers import complex_number
from saddlery.errors import InvalidType, InvalidValue
from saddlery.plots import given
from saddlery.plots.frame import DISCRIMINATOR, GENERATOR, frame
from saddlery.plots.picture import Picture, render
from saddlery.plots.style import INK
from saddlery.plots.trends import Diagnosed, is_diagnosis

NEEDED = "a Spectrum, a Diagnosis, or records of saddlery.dynamics.Spectra"
PARTS = ("eigenvalues_real", "eigenvalues_imaginary")


class Eigenvalues(NamedTuple):
    """The data of the figure: eigenvalues, those of modes that carry v with their weights, and a description."""

    values: np.ndarray
    carrying: np.ndarray
    weights: np.ndarray
    which: str


class HasWeights(Protocol):
    """The protocol of what is drawn of the modes that carry v."""

    @property
    def weights(self) -> np.ndarray: ...  # noqa: D102

    def carrying(self) -> np.ndarray: ...  # noqa: D102


@runtime_checkable
class HasEigenvalues(Protocol):
    """The protocol of what is drawn of a `saddlery.Spectrum`."""

    @property
    def eigenvalues(self) -> np.ndarray: ...  # noqa: D102

    @property
    def modes(self) -> HasWeights: ...  # noqa: D102


def spectrum(
    of: given.Records | Diagnosed | HasEigenvalues, *, setting: str | None = None, seed: int = 0, step: int = -1
) -> Picture:
    """The spectrum: eigenvalues of J = v′ in the complex plane; rings are the modes that carry v, larger the heavier.

    An equilibrium is stable when all lie to the left of the line; what lies far from it above or below, turns.

        >>> import jax
        >>> import saddlery as sd
        >>> game = sd.games.bilinear(coupling=2.0)
        >>> spectrum(sd.spectrum(game, game.equilibrium(), key=jax.random.key(0))).alt.split(", ")[1:3]  # ±2i
        ['all', 'that with the largest real part 0 ± 2i']

    **Arguments:**
    - `of`: a `Spectrum`, a `Diagnosis`, or what holds records of `saddlery.dynamics.Spectra` along `step`: a `Run`, a
      `Results` or a dataset.
    - `setting`, `seed`, `step`: of records, which: by default the first setting's first seed at its last.

    **Raises:** `TypeError` for what holds no eigenvalues; `ValueError` where none were found or recorded.
    """
    if is_diagnosis(of):
        found = _of_diagnosis(of)
    elif isinstance(of, HasEigenvalues):
        found = _of_spectrum(of)
    else:
        found = _recorded(of, setting, seed, step)
    return _drawn(found)


def _of_spectrum(of: HasEigenvalues) -> Eigenvalues:
    """Those of a `Spectrum`."""
    carrying = of.modes.carrying()
    return Eigenvalues(of.eigenvalues, carrying, of.modes.weights[: len(carrying)], _which(of, len(of.eigenvalues)))


def _of_diagnosis(of: Diagnosed) -> Eigenvalues:
    """Those that a diagnosis rests on, the largest real parts among them."""
    evidence = of.evidence
    if evidence.spectrum is None or not len(evidence.spectrum.eigenvalues):
        why = "; ".join(evidence.missing) or "none were found"
        raise InvalidValue(f"spectrum: this diagnosis has no eigenvalues: {why}")
    values = np.concatenate([evidence.spectrum.eigenvalues, evidence.growing])
    return Eigenvalues(values, evidence.carrying, evidence.weights, _which(evidence.spectrum, len(values)))


def _which(spectrum: Any, count: int) -> str:
    return "all" if spectrum.complete else f"{count} extreme ones of {spectrum.size:,}"


def _recorded(of: object, setting: str | None, seed: int, step: int) -> Eigenvalues:
    """Those of one run's record."""
    if given.held(of) is None:
        raise InvalidType(given.refused("spectrum", of, NEEDED))
    dataset = given.experiment("spectrum", of, NEEDED)
    given.require("spectrum", dataset, *PARTS, made_by='train with probes={"spectra": saddlery.dynamics.Spectra()}')
    record = given.run("spectrum", dataset, setting, seed).isel(step=given.record(dataset, step))
    real, imaginary = (record[name].values.astype(float) for name in PARTS)
    values = (real + 1j * imaginary)[np.isfinite(real)]
    if not len(values):
        raise InvalidValue(f"spectrum: no eigenvalues were found at step {int(record['step'])}")
    return Eigenvalues(values, np.empty(0), np.empty(0), f"those of seed {seed} at step {int(record['step']):,}")


def _drawn(found: Eigenvalues) -> Picture:
    """The figure."""
    figure, axes = frame("Eigenvalues of J", "real part (per unit of step)", "imaginary part")
    axes.axvline(0, color=INK, linewidth=0.8)
    real, imaginary = np.real(found.values), np.imag(found.values)
    axes.plot(real, imaginary, "o", color=DISCRIMINATOR, markersize=3, alpha=0.6, label="eigenvalues")
    carrying, weights = np.concatenate([found.carrying, found.carrying.conj()]), np.concatenate([found.weights] * 2)
    if len(carrying):
        axes.scatter(
            np.real(carrying), np.imag(carrying), s=10 + 140 * weights / weights.max(), facecolor="none",
            edgecolor=GENERATOR, linewidth=1.1, label="modes that carry v",
        )  # fmt: skip
    axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
    rightmost = complex_number(complex(found.values[np.argmax(real)]))
    alt = (
        f"The eigenvalues of J in the complex plane, {found.which}, that with the largest real part {rightmost}, and "
        f"the {len(found.carrying)} modes that carry v."
    )
    return render(figure, "spectrum", alt)
