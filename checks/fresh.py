"""What the package's alarms say of runs drawn after they were measured: `python -m checks.fresh FOLDER`.

Eighty runs of twenty kinds are drawn by a seed that the study `forecast` does not use, and trained with all signals
recorded; of those that fail and of those that do not ten each are shown, drawn at random.
"""

import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from saddlery.analysis.alarms import ringing
from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast.experiment import trained
from saddlery.studies.forecast.failures import Failure
from saddlery.studies.forecast.measure import told
from saddlery.studies.forecast.population import Scale

KEY = 1
SIZE = Scale(4000, 50, kinds=4, draws=4, failing=0, healthy=0, advised=0)
SHOWN = 10


def main(folder: str) -> None:
    """Print the table."""
    held = told(trained(Path(folder), SIZE, key=KEY))
    steps, failed = held["step"].values, held["failed"].values
    table = Table("run", "outcome", "visible", "alarms", title="Fresh runs")
    rang = {True: 0, False: 0}
    for of in (False, True):
        for i in np.random.default_rng(KEY).permutation(np.flatnonzero(failed == of))[:SHOWN]:
            run = held.isel(run=i)
            found = ringing({name: run[name].values for name in SIGNALS if name in run}, steps)
            rang[of] += bool(found)
            words = "; ".join(f"{each.alarm.code} since {each.since:,}: {each.alarm.words}" for each in found)
            what = f"{run.game.item()}, {run.loss.item()}, {run.method.item()}, {run['size'].item()}"
            rates = f"G {run.generator_rate.item():.0e}, D {run.discriminator_rate.item():.0e}, b1 {run.b1.item()}"
            seen = "" if not of else f"{run.visible.item():,.0f}"
            table.add_row(f"{what}; {rates}", str(Failure(run.failure.item())), seen, words or "none")
    Console(width=160).print(table)
    print(
        f"alarms rang in {rang[False]} healthy and in {rang[True]} failing runs of those shown, of {len(failed)} drawn"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
