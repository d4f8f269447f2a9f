"""Findings in words, and their codes."""

from saddlery.torch.audit.findings import CODES, Audit, Finding


def test_codes_are_those_that_were_given_out():
    assert list(CODES) == [f"F{number:02}" for number in range(1, 20)]
    assert len({*CODES.values()}) == len(CODES)


def test_an_audit_says_everything_once():
    findings = (Finding("F03", "what", "loop.py:3: loss", "this"), Finding("F03", "more"), Finding("F05", "other"))
    text = str(Audit(findings, ("a note",), ("F03", "F05", "F06"), {"F12": "why", "F13": "why", "F16": "because"}))
    assert text.splitlines() == [
        "check: 2 of 3 failed",
        " F03  what",
        "      loop.py:3: loss",
        "      try: this",
        " F03  more",
        " F05  other",
        " note: a note",
        " not looked for: F12, F13 (why)",
        " not looked for: F16 (because)",
    ]
