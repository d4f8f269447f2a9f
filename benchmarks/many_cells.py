"""A sweep of many cells whose numbers were never computed: how long it takes to prepare, open, resume and report."""

import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from saddlery.experiments.built import prepare
from saddlery.experiments.cells import blank
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run_experiment, train_settings
from saddlery.experiments.experiment import Experiment
from saddlery.records.signed import signed, unsigned
from saddlery.records.store import CELLS, Store

ACROSS = 100  # values of the second axis, where there are so many cells


def measured(cells: int) -> dict[str, float]:
    """Seconds to `prepare` a sweep of so many cells, to `open`, `resume` and `report` it whole; and gigabytes."""
    across = min(ACROSS, cells // 2)
    rates, couplings = f"geomspace(1e-4, 1.0, {cells // across})", f"geomspace(0.1, 10.0, {across})"
    experiment = Experiment(
        f"bilinear(coupling={couplings})", (f"simultaneous(learning_rate={rates})",), steps=20, seeds=1, every=1
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "sweep"
        began = time.perf_counter()
        built = prepare(experiment)
        found["prepare"] = time.perf_counter() - began
        with claimed(place, experiment) as stop, contextlib.suppress(KeyboardInterrupt):
            train_settings(built, place, stop=stop, engine=lambda left, work: fill(place, left))
        began = time.perf_counter()
        with claimed(place, experiment, resume=True) as stop:
            run_experiment(prepare(experiment), place, stop=stop)
        found["resume"] = time.perf_counter() - began
        for what in ("open", "report"):
            ended = subprocess.run(
                [sys.executable, "-m", "benchmarks.many_cells", what, str(place)], stdout=subprocess.PIPE, check=True
            )
            found[what], gigabytes = json.loads(ended.stdout.splitlines()[-1])
            found[f"{what}, GB"] = gigabytes
    return found


def fill(folder: Path, left) -> None:
    """Write every cell: the first by the store, whose files the others copy."""
    store = Store(folder / "results.zarr")
    first, *others = [cell.index for cell in left]
    record = blank(left[:1])
    random = np.random.default_rng(0)
    store.write(first, record.map(lambda x: x.copy(data=random.normal(size=x.shape).astype(x.dtype))))
    root = Path(store.address)
    marker = unsigned((root / CELLS / f"{first}.json").read_bytes())
    content = {key: (root / key).read_bytes() for key in marker["digests"]}
    for place in others:
        moved = {key: at(key, first, place) for key in content}
        for key, value in content.items():
            (root / moved[key]).parent.mkdir(parents=True, exist_ok=True)
            (root / moved[key]).write_bytes(value)
        digests = {moved[key]: digest for key, digest in marker["digests"].items()}
        (root / CELLS / f"{place}.json").write_text(signed({"place": place, "digests": digests}))


def at(key: str, first: int, place: int) -> str:
    """The key of the same chunk of another cell: `name/c/first/…` to `name/c/place/…`."""
    name, c, held, *rest = key.split("/")
    assert (c, held) == ("c", str(first)), key
    return "/".join([name, c, str(place), *rest])


def work(what: str, folder: str) -> None:
    """A process that opens or reports a folder, and prints its seconds and its peak of memory in gigabytes."""
    began = time.perf_counter()
    if what == "open":
        from saddlery.experiments.opening import open_results

        open_results(folder)
    else:
        from saddlery.cli.report import report

        with contextlib.redirect_stdout(io.StringIO()):
            report(Path(folder))
    seconds = time.perf_counter() - began
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6]))


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        print(json.dumps(measured(int(sys.argv[1]))))
    else:
        work(*sys.argv[1:])
