"""`python -m checks.verdicts [DRAWS] [--seed N] [--records FOLDER]`: verdicts on random games beside their fates.

Prints a line for each and the confusion matrix. `--records` keeps what was judged, for `tests/analysis`.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from checks import truths
from checks.recorded import packed


def main() -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("draws", nargs="?", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gans", type=float, default=0.4, help="share of GANs")
    parser.add_argument("--part", default="1/1", help="only every nth draw, from the ith, as i/n")
    parser.add_argument("--records", type=Path, help="keep the records here, a file each")
    asked = parser.parse_args()
    part, parts = map(int, asked.part.split("/"))
    scores = []
    for i, draw in enumerate(truths.drawn(asked.seed, asked.draws, asked.gans)):
        if i % parts != part - 1:
            continue
        began = time.monotonic()
        case = draw()
        scored, records = truths.diagnosed(case)
        scores.append(scored)
        mark = "right" if scored.right else "open" if scored.found.word == "undecided" else "WRONG"
        clear = "clear" if scored.found.clear else ""
        print(
            f"{i:4} {mark:5} {scored.fate:22} {scored.found.word:17} {clear:5} {time.monotonic() - began:5.1f} s  "
            f"{scored.name}: {scored.found.because}",
            flush=True,
        )
        if asked.records:
            asked.records.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(asked.records / f"{i:04}.npz", **packed(case, records))
    found = truths.tally(scores)
    print(truths.matrix(found))
    print(
        f"{found.cases} draws, seed {asked.seed}: {found.right} of {found.decided} decided are right "
        f"({found.right / max(found.decided, 1):.1%}), {found.undecided} undecided "
        f"({found.undecided / found.cases:.1%}), "
        f"{found.false_clear} false all-clears"
    )


if __name__ == "__main__":
    main()
