"""Made-up experiments of the format that training writes: a mixture and an image data set."""

import numpy as np
import pytest
import xarray as xr
from sklearn.datasets import load_digits

METHODS = {"simultaneous": "simultaneous", "alternating": "alternating"} | {
    "consensus(gamma=10)": "consensus",
    "unrolled(steps=10)": "unrolled",
}
STD = 0.02
ADAM = "adam(learning_rate=0.001, b1=0.5)"


def _frame(settings, seeds, steps, variables, attrs):
    """The parts that every experiment has."""
    generator = np.random.default_rng(1)
    shape = (len(settings), seeds, len(steps))
    noise = generator.normal(size=(4, *shape))
    scale = np.arange(1, len(settings) + 1)[:, None, None]
    training = {
        "generator_loss": 0.7 + 0.2 * noise[0] / scale + 0.3 / scale,
        "discriminator_loss": 1.35 + 0.1 * noise[1] / scale,
        "generator_norm": np.exp(0.5 * noise[2] - 1) / scale,
        "discriminator_norm": np.exp(0.5 * noise[3]) / scale,
    }
    return xr.Dataset(
        {name: (("setting", "seed", "step"), values) for name, values in training.items()}
        | variables
        | {f"{player}_optimiser": ("setting", [ADAM] * len(settings)) for player in ("generator", "discriminator")}
        | {
            "diverged_at": (("setting", "seed"), np.full(shape[:2], -1)),
            "steps_per_second": (("setting", "seed"), generator.uniform(90, 110, shape[:2]) / scale[:, :, 0]),
        },
        coords={
            "setting": list(settings),
            "method": ("setting", list(settings.values())),
            "seed": np.arange(seeds),
            "step": steps,
        },
        attrs={"steps": int(steps[-1]), "every": int(steps[1]), "key": 0, "versions": "saddlery 0.1.0, jax 0.10.2"}
        | attrs,
    )


def mixture_experiment(records=51, n=256, seeds=4, diverging=True):
    """A ring of eight modes under four methods: two cover it, one rotates, one sticks; one seed diverges."""
    generator = np.random.default_rng(0)
    angles = np.arange(8) * np.pi / 4
    centres = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    steps = np.arange(records) * 100
    shape = (len(METHODS), seeds, records)
    samples = np.zeros((*shape, n, 2), np.float32)
    for i, method in enumerate(METHODS.values()):
        for seed in range(seeds):
            final = generator.permutation(8)[: {"consensus": 8 - seed % 2, "unrolled": 8}.get(method, 2 + seed % 3)]
            for t in range(records):
                share = t / (records - 1)
                here = (generator.choice(final, n) + (method == "simultaneous") * (t // 4)) % 8
                target = centres[here] + STD * generator.normal(size=(n, 2))
                start = 0.25 * generator.normal(size=(n, 2))
                mix = np.clip(share * 2.5 + 0.1 * generator.normal(size=(n, 1)) * (share < 0.7), 0, 1)
                samples[i, seed, t] = mix * target + (1 - mix) * start
    distance = np.linalg.norm(samples[..., None, :] - centres, axis=-1)
    near = distance.min(-1) < 3 * STD
    counts = (near[..., None] & (distance.argmin(-1)[..., None] == np.arange(8))).sum(-2)
    histogram = (counts / np.maximum(counts.sum(-1, keepdims=True), 1)).astype(float)
    logs = np.log(np.where(histogram > 0, histogram * 8, 1))
    values = {
        "modes": (counts > 0).sum(-1).astype(float),
        "high_quality": near.mean(-1),
        "kl": (histogram * logs).sum(-1),
        "js": (histogram * logs).sum(-1) / 3,
        "total_variation": abs(histogram - 1 / 8).sum(-1) / 2,
    }
    dims = ("setting", "seed", "step")
    dataset = _frame(
        METHODS,
        seeds,
        steps,
        {name: (dims, value) for name, value in values.items()}
        | {
            "samples": ((*dims, "sample", "coordinate"), samples),
            "centres": (("mode", "coordinate"), centres.astype(np.float32)),
        },
        {
            "game": "ring(preset='unrolled')",
            "command": "saddlery run ring --method simultaneous --method alternating "
            '--method "consensus(gamma=10)" --method "unrolled(steps=10)" --steps 5000 --seeds 4 --out runs/ring',
            "title": "Ring of eight Gaussians",
            "note": "A made-up experiment.",
            "modes_total": 8,
            "samples_measured": 2048,
            "mode_std": STD,
            "perfect_modes": 8.0,
            "perfect_high_quality": 0.989,
            "perfect_kl": 0.0017,
            "perfect_js": 0.0005,
            "perfect_total_variation": 0.022,
        },
    )
    if diverging:
        _diverge(dataset, 1, 2, records // 2)
    return dataset


def image_experiment(records=31, n=64, seeds=4):
    """Handwritten digits under two methods: noise that turns into digits, faster under the second."""
    generator = np.random.default_rng(2)
    digits = (load_digits().images / 16).astype(np.float32)[..., None]
    settings = {name: METHODS[name] for name in ("alternating", "unrolled(steps=10)")}
    shape = (len(settings), seeds, records)
    samples = np.zeros((*shape, n, 8, 8, 1), np.uint8)
    for i in range(len(settings)):
        for seed in range(seeds):
            drawn, noise = digits[generator.integers(len(digits), size=n)], generator.uniform(size=(n, 8, 8, 1))
            for t in range(records):
                mix = 1 - np.exp(-(1 + 3 * i) * t / records)
                samples[i, seed, t] = 255 * np.clip(mix * drawn + (1 - mix) * noise, 0, 1)
    falling = np.exp(-(1 + 3 * np.arange(2))[:, None, None] * np.arange(records) / records)
    wobble = np.exp(0.05 * generator.normal(size=shape))
    dims = ("setting", "seed", "step")
    return _frame(
        settings,
        seeds,
        np.arange(records) * 100,
        {
            "samples": ((*dims, "sample", "y", "x", "channel"), samples),
            "real": (("sample", "y", "x", "channel"), (255 * digits[:n]).astype(np.uint8)),
            "sliced_wasserstein": (dims, (0.02 + 0.3 * falling) * wobble),
            "mmd": (dims, (0.001 + 0.2 * falling**2) * wobble),
        },
        {
            "game": "digits()",
            "command": "saddlery run digits --method alternating --method 'unrolled(steps=10)' --seeds 4 --out runs/d",
            "title": "Handwritten digits",
            "samples_measured": 1024,
            "perfect_sliced_wasserstein": 0.018,
            "perfect_mmd": 0.0009,
        },
    )


def _diverge(dataset, setting, seed, record):
    """Let one seed leave the finite numbers at a record."""
    dataset["diverged_at"][setting, seed] = dataset.step.values[record] - 3
    for name, variable in dataset.data_vars.items():
        if variable.dims[:3] == ("setting", "seed", "step") and variable.dtype.kind == "f":
            dataset[name][setting, seed, record:] = np.nan


@pytest.fixture(scope="session")
def mixture():
    """The mixture experiment, small."""
    return mixture_experiment(records=11, n=64)


@pytest.fixture(scope="session")
def images():
    """The image experiment, small."""
    return image_experiment(records=7, n=16)
