"""Check and watch each code, healthy and broken, and print what was said: `python -m checks.public FOLDER [OUT]`."""

import sys
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from checks.public.cases import CODES, HEALTHY, names, run

WORSE = 1.25  # times the healthy training's distance, from which a training is called worse


def main(folder: str, out: str = "runs/public") -> None:
    """Run what is not kept in `out` yet, in two processes, and print the table."""
    Path(out).mkdir(parents=True, exist_ok=True)
    cases = [(folder, out, code, name) for code in CODES for name in names(code)]
    with get_context("spawn").Pool(2, maxtasksperchild=1) as pool:  # a process each: some change what is imported
        found = pool.map(run, cases, chunksize=1)
    table = Table("code", "what is done to it", "check", "watch", "distance", title="Codes of other people")
    for code in CODES:
        told = {each["case"]: each for each in found if each["code"] == code}
        for name, each in told.items():
            alarms = "; ".join(f"{code} since {since:,}" for code, since in each["alarms"])
            times = each["distances"][-1] / told[HEALTHY]["distances"][-1]
            worse = "" if name == HEALTHY else f" ({times:.2g} times{', worse' if times > WORSE else ''})"
            checked = ", ".join(each["findings"]) or "no finding"
            table.add_row(code, name, checked, alarms or "no alarm", f"{each['distances'][-1]:.3g}{worse}")
    Console(width=150).print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
