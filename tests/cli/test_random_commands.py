"""Random command lines: every one ends in good time with an exit code and, when it is refused, one line that says why.

Twenty, or as many as SADDLERY_COMMANDS says: `make torture` asks for five hundred.
"""

import os
import random
import subprocess
import sys
import time

import pytest

COMMANDS = int(os.environ.get("SADDLERY_COMMANDS", "20"))
LONGEST = 20.0  # seconds to refuse; what is accepted trains a few steps and is ended

WHOLE = ["0", "-1", "1", "2", "3", "7", "64", "1000", "2147483647", "2147483648", "9" * 30, "9" * 400, "-" + "9" * 50]
NUMBERS = [*WHOLE, "0.0", "-0.0", "1e-5", "1e-46", "1e38", "1e39", "1e400", "-1e400", "0.5", "nan", "True", "None"]
TEXTS = [
    "'x'", "''", "'\\x1b[31m'", "'$x^{$'", "[1, 2]", "[]", "[[1, 0], [0, 1]]", "()", "{}", "geomspace(1e-4, 1e-2, 3)",
    "geomspace(1e-5, 1, 10000000000)", "linspace(0, 1, 0)", "-" * 3000 + "1", "(" * 300, "1+1", "lambda: 0", "b'x'",
    "__import__('os')", "'" + "a" * 1900 + "'", "10**10", "1j", "{1, 2}",
]  # fmt: skip
GAMES = {
    "ring": ("modes", "radius", "std", "noise", "batch", "preset", "loss", "penalty"),
    "grid": ("side", "spacing", "std", "noise", "batch"),
    "bilinear": ("coupling", "dimension"),
    "dirac": ("loss", "penalty"),
    "digits": ("width", "noise", "batch"),
    "quadratic": ("A", "B", "C"),
    "images": ("data", "size", "network", "batch"),
    "nonsense": ("x",),
}
METHODS = {
    "simultaneous": ("learning_rate",),
    "consensus": ("gamma", "learning_rate"),
    "unrolled": ("steps",),
    "neumann": ("order", "gamma"),
    "symplectic": ("weight",),
    "lookahead": ("steps", "alpha"),
    "competitive": ("learning_rate",),
    "two_time_scales": ("ratio",),
    "negative_momentum": ("momentum",),
    "clipped": ("value",),
    "nonsense": ("x",),
}
OPTIONS = (
    "--every", "--key", "--learning-rate", "--average", "--shown", "--devices", "--size", "--generator-optimiser",
    "--schedule", "--network", "--data", "--store", "--checkpoint-seconds",
)  # fmt: skip


def call(draw, table):
    """A call with some arguments of any kind."""
    name = draw.choice(list(table))
    arguments = [f"{argument}={draw.choice(NUMBERS + TEXTS)}" for argument in table[name] if draw.random() < 0.4]
    text = f"{name}({', '.join(arguments)})" if arguments else name
    return text if draw.random() < 0.95 else text[: draw.randrange(len(text))]


def command(seed):
    """A command line."""
    draw = random.Random(seed)
    if draw.random() < 0.15:
        verb = draw.choice(
            ["resume", "report", "export", "sample", "evaluate", "diagnose", "study", "list", "nonsense"]
        )
        return [verb, draw.choice([".", "nowhere", "/dev/null", "\x1b[31m", "a" * 5000, "~nobody-of-this-name/x", ""])]
    words = ["run", call(draw, GAMES), "--quiet", "--no-report", "--out", "out"]
    words += [word for _ in range(draw.randrange(3)) for word in ("-m", call(draw, METHODS))]
    words += ["--steps", draw.choice(["2", "3", "1000", *WHOLE]), "--seeds", draw.choice(["1", "2", *WHOLE])]
    for option in draw.sample(OPTIONS, draw.randrange(4)):
        words += [option, draw.choice(NUMBERS + TEXTS)]
    return words


@pytest.mark.parametrize("seed", range(COMMANDS))
def test_it_ends_with_a_code_and_a_line(tmp_path, seed):
    words = command(seed)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "saddlery", *words], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"SADDLERY_CACHE": str(tmp_path / "cache")}, text=True,
    ) as process:  # fmt: skip
        while process.poll() is None and time.monotonic() - began < LONGEST:
            if (tmp_path / "out" / "run.json").exists():
                break  # accepted: it trains
            time.sleep(0.05)
        accepted = (tmp_path / "out" / "run.json").exists()
        if process.poll() is None and accepted:
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                process.terminate()
        assert process.poll() is not None or accepted, f"it hangs: {words}"
        try:
            _, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode in (0, 1, 2, 143), (words, process.returncode, errors[-2000:])
    assert "Traceback" not in errors, words
    assert "a fault in Saddlery" not in errors, (words, errors)
    assert all(len(line) < 2000 for line in errors.splitlines()), words
    assert errors.isprintable() or all(line.isprintable() for line in errors.splitlines()), (words, errors)
    if process.returncode == 2 and words[0] != "nonsense":
        assert errors.splitlines()[-1].startswith(("error: ", "Try ", "Usage")), errors
