"""What is said of colours, on results made up."""

import numpy as np
import pytest
from checks.findings import unsaid

from saddlery.studies.coloured.findings import findings


@pytest.fixture
def study(made_up):
    _, unrolled, spread = made_up
    made = unrolled()
    made = made.assign(
        js=spread([0.6, 0.5, 0.4, 0.1, 0.2, 0.2, 0.2, 0.2]), cells=spread([50] * 8), spread=spread([0.5] * 8),
        colours=(("setting", "seed", "dot", "channel"), np.full((8, 3, 5, 3), 0.5)),
    ).assign_attrs(perfect_js=0.003, interval_js=[0.002, 0.004])  # fmt: skip
    made = made.assign({f"control_{name}": ("control", [0.5]) for name in ("js", "cells", "spread")})
    made["control"] = ["one image"]
    return made


def said(study):
    """What is said of a study, by subject."""
    return {finding.subject: finding for finding in findings(study)}


def test_what_k_changes_is_said_with_the_numbers_of_the_data(study):
    assert unsaid(findings(study), study) == {}
    quarter, half = (said(study)[f"Discriminator {size}"] for size in "¼½")
    assert quarter.text.startswith("Divergence: less with K = 10, D ¼ than with K = 0, D ¼ (mean diff")
    assert "K = 10, D ½ and K = 0, D ½ are not told apart (mean difference" in half.text
    assert (quarter.tone, half.tone) == ("good", "plain")
    study["js"][3] = 2 * study["js"].values[0]
    quarter = said(study)["Discriminator ¼"]
    assert quarter.text.startswith("Divergence: more with K = 10, D ¼ than with K = 0, D ¼ (mean diff")
    assert quarter.tone == "bad"


def test_the_ends_of_the_scale_are_those_of_the_data(study):
    text = said(study)["Between what limits"].text
    assert text.startswith("A perfect sampler scores 0.003, one image repeated 0.5, and the least median over seeds of")
    assert "any setting is 0.1;" in text
    study["js"][3] = 1.0
    assert "any setting is 0.2;" in said(study)["Between what limits"].text
