"""Results as they were before the house is rebuilt, thinned, to be compared with: temporary, until it stands.

`python checks/recorded.py FOLDER` writes `checks/fixtures` anew, from the tiny studies in FOLDER and from runs of its
own.
"""

import hashlib
import platform
import sys
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"
TIMES = {"rate", "steps_per_second", "cost"}  # which are never the same
AXES = {"height": "y", "width": "x"}  # as they are called now
GONE = {("study-fair-digits", "real")}  # real images are kept beside generated ones only
MOST = 2048  # numbers that are kept of an array
ADAM = "adam(learning_rate=1e-3, b1=0.5)"
GAMES = {
    "bilinear": "bilinear(dimension=3)",
    "coloured": "coloured(network='stacked(width=4, normalised=False)', batch=8, noise=4)",
    "digits": "digits(width=8, batch=16)",
    "dirac": "dirac(penalty='r1(weight=0.5)')",
    "grid": "grid(side=3, preset='numerics', batch=32)",
    "images": "images(network='conv3(width=2, hidden=4)', batch=8, noise=4)",
    "quadratic": "quadratic(A=[[0.5]], B=[[1.0]], C=[[0.5]])",
    "ring": "ring(preset='unrolled-paper', noise=8, batch=32)",
    "stacked": "stacked(network='stacked(width=4, normalised=False)', batch=8, noise=4)",
    "two_gaussians": "two_gaussians()",
}


def processor() -> str:
    """What kind of processor this is: on another one numbers agree to rounding only, and training multiplies that."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else [platform.processor()]
    told = sorted({line for line in lines if line.startswith(("model name", "flags"))}) or lines
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def thinned(dataset):
    """All variables of a dataset, by name and axes, at most so many numbers of each."""
    found = {}
    for name, each in dataset.variables.items():
        if name in TIMES or each.dtype.kind not in "biuf":
            continue
        values = np.asarray(each.values).ravel()
        found[f"{name} {' '.join(map(str, each.dims))}"] = values[:: max(1, -(-values.size // MOST))]
        found[f"{name} shape"] = np.array(each.shape)
    return found


def write(name, dataset):
    """Keep a dataset."""
    FIXTURES.mkdir(exist_ok=True)
    np.savez_compressed(FIXTURES / f"{name}.npz", processor=np.array(processor()), **thinned(dataset))


def compare(name, dataset):
    """Say what differs from what was kept: nothing on the processor that made it, of names and shapes on another."""
    with np.load(FIXTURES / f"{name}.npz") as held:
        kept = dict(held)
    exact, now = str(kept.pop("processor")) == processor(), thinned(dataset)
    wrong = []
    for key, before in kept.items():
        variable, _, axes = key.partition(" ")
        axes = " ".join(AXES.get(each, each) for each in axes.split())
        after = now.get(f"{variable} {axes}")
        if (name, variable) in GONE:
            continue
        if after is None:
            wrong.append(f"{key} is missing")
        elif after.shape != before.shape or (axes == "shape" and (after != before).any()):
            wrong.append(f"{key} is {after.tolist() if axes == 'shape' else after.shape}, was {before.shape}")
        elif exact and axes != "shape":
            size = np.nanmax(np.abs(np.where(np.isfinite(before), before, 0)), initial=1e-30) if before.size else 1.0
            tolerance = 1e-6 * size if before.dtype.kind == "f" else 0
            if not np.allclose(after, before, rtol=0 if not tolerance else 1e-6, atol=tolerance, equal_nan=True):
                wrong.append(f"{key} differs by up to {np.nanmax(np.abs(after.astype(float) - before.astype(float)))}")
    return wrong


def of_game(text):
    """A short run of a game, its optimisers and key named."""
    import jax

    import saddlery as sd
    from saddlery.games import GAMES as TABLE
    from saddlery.metrics import probes
    from saddlery.text.call import build

    game = build("game", text, TABLE)
    method = sd.methods.simultaneous(generator=ADAM, discriminator=ADAM)
    measures = probes(game, 200, 16)
    return sd.train(
        game, method, steps=8, every=4, seeds=2, key=jax.random.key(1), average=0.9, probes=measures
    ).history


def of_study(folder):
    """The results of a study in a folder."""
    from saddlery.records.datasets import read_dataset

    return read_dataset(next(Path(folder).glob("*.zarr")))


def of_demo(folder, which):
    """One of the demonstration's experiments, made shorter."""
    import dataclasses

    from saddlery.experiments import execution
    from saddlery.studies.demo import experiments

    short = dataclasses.replace(experiments("small")[which], steps=20, every=10, seeds=2)
    return execution.run(short, Path(folder) / str(which))


if __name__ == "__main__":
    import tempfile

    for study in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        write(f"study-{study.name}", of_study(study))
    for game, text in GAMES.items():
        write(f"game-{game}", of_game(text))
    with tempfile.TemporaryDirectory() as made:
        for i in range(2):
            write(f"demo-{i}", of_demo(made, i))
