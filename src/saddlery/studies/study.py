"""The protocol of a study, and the table of studies by name.

A study is a directory with its `experiment.py`, `findings.py`, `figures.py` and `page.py`, and behind all of them one
`Study`. Nothing heavy is loaded by the names alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlery.errors import InvalidValue, NotFound
from saddlery.text.names import nearest

if TYPE_CHECKING:
    import xarray as xr

    from saddlery.report.finding import Finding
    from saddlery.report.sections import Content

Progress = Callable[[int, int], None]

# Where each study is: a directory of this package, and the `Study` in it.
STUDIES = {
    "architectures": "architectures:study",
    "atlas": "atlas:study",
    "best-response": "best_response:study",
    "coloured": "coloured:study",
    "divergences": "divergences:study",
    "fair-digits": "fair:digits",
    "fair-grid": "fair:grid",
    "fair-null": "fair:null",
    "fair-ring": "fair:ring",
    "first-order": "first_order:study",
    "forecast": "forecast:study",
    "inversion": "inversion:study",
    "numerics-ring": "numerics_ring:study",
    "pairwise": "pairwise:study",
    "recurrent": "recurrent:study",
    "stacked": "stacked:study",
}
SCALES = ("tiny", "quick", "medium", "paper")  # seconds, minutes and hours on two cores, and as it was published


def find(name: str) -> "Study":
    """Find a study by its name.

    **Raises:** `ValueError` naming the nearest.
    """
    if name not in STUDIES:
        raise InvalidValue(nearest("study", name, STUDIES))
    module, _, attribute = STUDIES[name].partition(":")
    return getattr(import_module(f"saddlery.studies.{module}"), attribute)


@dataclass(frozen=True)
class Study:
    """A study: a published experiment repeated, its findings, and its page.

    - `name`: as on the command line. `title`: of its page.
    - `asks`: its question, a sentence. `source`: the paper it is after.
    - `scales`: how large it is made, by `SCALES`.
    - `measure`: `measure(parts, scale, progress)` are its results at one of these scales; what the folder `parts` holds
      already is not computed again.
    - `findings`: what was found, in words and numbers, of those results. `content`: what its page shows.
    """

    name: str
    title: str
    asks: str
    source: str
    scales: Mapping[str, Any]
    measure: "Callable[[Path, Any, Progress | None], xr.Dataset]"
    findings: "Callable[[xr.Dataset], list[Finding]]"
    content: "Callable[[xr.Dataset], Content]"

    def run(self, folder: Path | str, scale: str = "quick", progress: Progress | None = None) -> "xr.Dataset":
        """Run the experiment, going on with what the folder holds, and keep the results there.

        **Arguments:**
        - `folder`: results are written to `folder/NAME.zarr`, what they are made of to `folder/parts/SCALE`.
        - `scale`: one of `SCALES` that the study has.
        - `progress`: called with how much is done and of how much.

        **Returns:** what `measure` says, with the attributes `title`, `command` and `scale`.

        **Raises:** `ValueError` for another scale; `FileExistsError` when the folder holds other experiments.
        """
        from saddlery.records.datasets import write_dataset

        if scale not in self.scales:
            raise InvalidValue(nearest("scale", scale, self.scales))
        results = self.measure(Path(folder) / "parts" / scale, self.scales[scale], progress)
        command = f"saddlery study {self.name} --scale {scale}"
        write_dataset(self._path(folder), results.assign_attrs(title=self.title, command=command, scale=scale))
        return self.open(folder)

    def open(self, folder: Path | str) -> "xr.Dataset":
        """Open the results that a folder holds.

        **Raises:** `FileNotFoundError` when there are none.
        """
        from saddlery.records.datasets import read_dataset

        path = self._path(folder)
        if not path.exists():
            raise NotFound(f"{folder} holds no study {self.name}: there is no {path}")
        return read_dataset(path)

    def page(self, results: "xr.Dataset", folder: Path | str) -> Path:
        """Write the page, `folder/report.html`, with figures and sheets below `folder/figures`, as `NAME-*`.

        Each file appears whole or not at all; files of that name are replaced.

        **Returns:** the path of the page.
        """
        from saddlery.analysis.facts import optimisers
        from saddlery.report.template import files, filled, write_page

        content = self.content(results)
        figures: dict[str, bytes] = {}
        for section in content.sections:
            figures |= files(section.pictures, f"{self.name}-")
            for each in section.sheets:
                place = "".join(letter if letter.isalnum() else "-" for letter in f"{section.heading} {each.label}")
                figures[f"{self.name}-{place.lower()}.png"] = each.png
        about = dict(results.attrs) | {"optimisers": optimisers(results)}
        shown = {"Game": "game", "Optimisers": "optimisers", "Samples": "samples_measured", "Versions": "versions"}
        page = filled(
            "study.html.jinja",
            study=self,
            content=content._replace(note=content.note or str(results.attrs.get("note", ""))),
            links=content.links,
            findings=self.findings(results),
            settings=[(words, str(about[key])) for words, key in shown.items() if about.get(key)],
            command=results.attrs["command"],
        )
        return write_page(folder, page, figures)

    def _path(self, folder: Path | str) -> Path:
        return Path(folder) / f"{self.name}.zarr"


def kept(path: Path, make: "Callable[[], xr.Dataset]") -> "xr.Dataset":
    """A stored part of a study's results: made and written to a folder unless it is there, and read back."""
    from saddlery.records.datasets import is_there, read_dataset, write_dataset

    if not is_there(path):
        write_dataset(path, make())
    return read_dataset(path)
