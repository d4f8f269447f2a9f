"""What is said of colours, on results made up."""

import numpy as np
from checks.findings import unsaid

from saddlery.studies.coloured.findings import findings


def test_what_is_found_is_said_with_the_numbers_of_the_data(made_up):
    _, unrolled, spread = made_up
    made = unrolled()
    made = made.assign(
        js=spread([0.6, 0.5, 0.4, 0.1, 0.2, 0.2, 0.2, 0.2]), cells=spread([50] * 8), spread=spread([0.5] * 8),
        colours=(("setting", "seed", "dot", "channel"), np.full((8, 3, 5, 3), 0.5)),
    ).assign_attrs(perfect_js=0.003, interval_js=[0.002, 0.004])  # fmt: skip
    made = made.assign({f"control_{name}": ("control", [0.5]) for name in ("js", "cells", "spread")})
    made["control"] = ["one image"]
    assert unsaid(findings(made), made) == {}
    found = {finding.subject: finding.text for finding in findings(made)}
    assert found["Discriminator ¼"].startswith("Divergence: less with K = 10, D ¼ than with K = 0, D ¼ (mean diff")
    assert "K = 10, D ½ and K = 0, D ½ are not told apart (mean difference" in found["Discriminator ½"]
    assert "A perfect sampler scores 0.003, one image repeated 0.5" in found["Between what limits"]
