"""Random command lines."""

import random

WHOLE = ["0", "-1", "1", "2", "3", "7", "64", "1000", "2147483647", "2147483648", "9" * 30, "9" * 400, "-" + "9" * 50]
NUMBERS = [*WHOLE, "0.0", "-0.0", "1e-5", "1e-46", "1e38", "1e39", "1e400", "-1e400", "0.5", "nan", "True", "None"]
TEXTS = [
    "'x'", "''", "'\\x1b[31m'", "'$x^{$'", "[1, 2]", "[]", "[[1, 0], [0, 1]]", "()", "{}", "geomspace(1e-4, 1e-2, 3)",
    "geomspace(1e-5, 1, 10000000000)", "linspace(0, 1, 0)", "-" * 3000 + "1", "(" * 300, "1+1", "lambda: 0", "b'x'",
    "__import__('os')", "'" + "a" * 1900 + "'", "10**10", "1j", "{1, 2}",
]  # fmt: skip
GAMES = {
    "ring": ("modes", "radius", "std", "noise", "batch", "preset", "loss", "penalty"),
    "moons": ("std", "noise", "batch"),
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
