"""What notebooks show: tables of runs, spectra, diagnoses and results, in which everything is escaped."""

import re
from dataclasses import replace

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.analysis.markup import table

EVIL = "<script>alert('&')</script>"


@pytest.fixture(scope="module")
def run():
    """Two seeds, with a number recorded under a name that is markup."""
    probes = {"losses": sd.metrics.probes(sd.games.bilinear())["losses"], EVIL: lambda game, players, key: 2.0}
    return sd.train(sd.games.bilinear(), sd.methods.alternating(), steps=4, key=0, seeds=2, probes=probes)


def cells(shown):
    """The rows of a table, as texts."""
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", shown)]


def test_a_run_has_a_row_for_each_seed_with_its_last_numbers(run):
    heads, *rows = cells(run._repr_html_())
    assert [row[0] for row in rows] == ["0", "1"]
    norm = heads.index("Generator&#x27;s gradient norm")
    for row, value in zip(rows, run.history["generator_norm"].values[:, -1], strict=True):
        assert float(row[norm]) == pytest.approx(float(value), rel=0.01)
        assert row[1] == "step 4"


def test_one_that_diverged_says_where_and_shows_the_last_numbers():
    run = sd.train(sd.games.bilinear(coupling=10.0), sd.methods.simultaneous(), steps=400, every=10, key=0)
    (row,) = cells(run._repr_html_())[1:]
    assert row[1] == f"diverged at step {int(run.history['diverged_at'][0]):,}"
    assert "–" not in row


def test_a_spectrum_counts_and_names_its_eigenvalues():
    game = sd.games.bilinear(coupling=2.0, dimension=2)
    found = dict(cells(sd.spectrum(game, game.equilibrium(), key=jax.random.key(0))._repr_html_()))
    assert found["eigenvalues"] == "4 of 4"
    assert found["real parts"] == "0 negative, 4 zero, 0 positive"
    assert found["rotation"] == "1"
    assert found["largest"].endswith("± 2i")


def test_a_diagnosis_shows_its_verdict_and_what_was_measured(run):
    game = sd.games.bilinear()
    found = sd.diagnose(game, sd.methods.alternating(), run.players[0], key=jax.random.key(0), steps=100)
    shown = found._repr_html_()
    assert shown.startswith(f"<p>{found.verdict.word}: ")
    assert any(row[0] == "path: turns" for row in cells(shown))
    spoilt = replace(found, verdict=found.verdict._replace(because=EVIL))._repr_html_()
    assert "<script" not in spoilt
    assert "&lt;script&gt;" in spoilt


def test_nothing_is_markup_that_was_a_name_or_a_path(run, tmp_path):
    assert "<script" not in run._repr_html_()
    assert "&lt;script&gt;" in run._repr_html_()
    folder = tmp_path / "<b>&"
    sd.train(sd.games.bilinear(), sd.methods.alternating(), steps=4, key=0, out=folder)
    assert "&lt;b&gt;&amp;" in sd.load(folder)._repr_html_()
    assert "<b>" not in sd.load(folder)._repr_html_()
    assert cells(table([EVIL], [[np.float64(1.0)]])) == [
        [EVIL.translate({60: "&lt;", 62: "&gt;", 38: "&amp;", 39: "&#x27;"})],
        ["1.0"],
    ]
