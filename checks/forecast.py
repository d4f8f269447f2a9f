"""What the package holds of the study `forecast`, from its results: `python -m checks.forecast runs/forecast`."""

import sys
from pathlib import Path

from saddlery.studies.forecast import study
from saddlery.studies.forecast.shipped import measured_of, runs_of

SOURCE = Path(__file__).parents[1] / "src" / "saddlery"


def main(folder: str) -> None:
    """Write both files into the package's source."""
    results = study.open(folder)
    for path, content in (
        (SOURCE / "analysis" / "forecast.json", measured_of(results)),
        (SOURCE / "studies" / "forecast" / "runs.npz", runs_of(results)),
    ):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())  # the repository's own files
        print(f"{path.relative_to(SOURCE)}: {len(content):,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
