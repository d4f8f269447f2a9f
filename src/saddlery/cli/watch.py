"""`saddlery watch`: the curves of runs under way, in a terminal, also in another one than theirs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from saddlery.cli.plugins import Plugins
from saddlery.cli.report import WIDTH, Store
from saddlery.text.duration import duration

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from rich.console import Console
    from rich.text import Text

    from saddlery.analysis.measures import Measure

SECONDS = 1.0  # between two looks
HEIGHT = 4  # lines of a curve
NARROW = 24  # characters of a curve at least
COLUMNS = 4  # measures at most
NAMED = 6  # seeds whose last values are told one by one
SETTINGS = 12  # shown at most where nothing limits the height


class View(NamedTuple):
    """What there is to see of a folder: its records, whether a process fills it, and how many settings there are."""

    folder: Path
    results: "xr.Dataset | None"
    under_way: bool


def watch(
    folder: Annotated[Path, typer.Argument(help="A folder of runs, or one that holds several.")],
    once: Annotated[bool, typer.Option("--once", help="Print what is there now, and end.")] = False,
    store: Store = None,
    plugin: Plugins = None,
) -> None:
    """Show the curves of runs under way, from any terminal.

    Of each setting the median of its seeds, bold, and each seed, dim. Drawn anew about every second until the runs have
    ended, or Ctrl-C. Where the output is no terminal, once.
    """
    from rich.console import Console
    from rich.live import Live

    from saddlery.experiments.experiment import experiments_in
    from saddlery.records.claims import local_folder

    folder = local_folder("folder", folder)
    experiments_in(folder)  # which says what is wrong before anything is drawn
    console = Console()
    if once or not console.is_terminal:
        console = console if console.is_terminal else Console(width=WIDTH)
        for part in rendered(looked(folder, store), console, None):
            console.print(part)
        return
    try:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                began = time.monotonic()
                views = looked(folder, store)
                live.update(_stacked(rendered(views, console, console.height)), refresh=True)
                if not any(view.under_way for view in views):
                    return
                time.sleep(max(SECONDS, 4 * (time.monotonic() - began)))  # so that looking costs training little
    except KeyboardInterrupt:
        return


def looked(folder: Path, store: str | None) -> list[View]:
    """Look at the experiments in a folder, as they are now.

    **Raises:** `ValueError` when something is damaged; `FileNotFoundError` when there are no records, and none to come.
    """
    from saddlery.errors import NotFound
    from saddlery.experiments.experiment import experiments_in
    from saddlery.experiments.opening import open_live
    from saddlery.records.locks import is_held
    from saddlery.records.storage import LOCK

    views: list[View] = []
    refused: NotFound | None = None
    for each in experiments_in(folder):
        under_way = is_held(each / LOCK)  # before the records, so that those of a run that ends now are all seen
        try:
            views.append(View(each, open_live(each, store, numbers=True), under_way))
        except NotFound as error:
            refused = refused or error
            if under_way:
                views.append(View(each, None, under_way))
    if refused and not views:
        raise refused
    return views


def rendered(views: Sequence[View], console: "Console", height: int | None) -> list[Any]:
    """What is drawn of some experiments, on a console, in at most so many lines where there is a limit.

    Where there are several, those that are being filled have the room.
    """
    from rich.text import Text

    parts: list[Any] = []
    active = [view for view in views if view.under_way] or list(views)
    left = None if height is None else (height - len(views) - 1) // len(active)
    for view in views:
        parts.append(Text(_heading(view), "bold" if view in active else "dim"))
        if view.results is not None and (view in active or height is None):
            parts += _curves(view.results, console.width, left)
    return parts


def _stacked(parts: Sequence[Any]) -> Any:
    from rich.console import Group

    return Group(*parts)


def _heading(view: View) -> str:
    """How far an experiment is, in a line."""
    from saddlery.text.arguments import plain

    name = plain(view.folder)
    if view.results is None:
        return f"{name}: begun; no records yet"
    results = view.results
    done, paces = steps_done(results), results["steps_per_second"].transpose("setting", "seed").values
    steps, cells, seeds = int(results["step"][-1]), int(results.attrs["cells"]), results.sizes["seed"]
    total = steps * cells * seeds
    finished = int(results["finished"].sum())
    over = (done == steps) | (results["diverged_at"].transpose("setting", "seed").values >= 0)
    share = float(done[~over].sum() + steps * over.sum()) / total
    said = f"{name}: {plain(results.attrs['game'], 80)}, {share:.0%} of {cells * seeds} runs of {steps:,} steps"
    said += f"; {finished} of {cells} settings finished" if cells > 1 else ""
    if finished == cells:
        return f"{said}; finished"
    if not view.under_way:
        return f"{said}; stopped, continue with: saddlery resume {name}"
    pace = float(paces[~over & (done > 0)].sum())
    return said + (f"; about {duration((1 - share) * total / pace)} left" if pace > 0 else "")


def steps_done(results: "xr.Dataset") -> "np.ndarray":
    """The step of the last record of each run, (setting, seed); 0 where there is none."""
    import numpy as np

    from saddlery.analysis.measures import SPANS

    known = [each.transpose(*SPANS).notnull().values for each in results.data_vars.values() if {*each.dims} == {*SPANS}]
    any_known = np.logical_or.reduce(known)
    return np.where(any_known, results["step"].values, 0).max(-1)


def _curves(results: "xr.Dataset", width: int, height: int | None) -> list[Any]:
    """A row for each setting, a column for each measure: its curves, and its last values beneath."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from saddlery.analysis.measures import measured
    from saddlery.text.arguments import plain

    named = min(34, max(12, max(len(str(label)) for label in results["setting"].values) + 2))
    columns = max(1, min(COLUMNS, (width - named - 2) // (NARROW + 3)))
    measures = measured(results, "quality", "own", "training")[:columns]
    wide = max(NARROW, (width - named - 2) // max(1, len(measures)) - 3)
    fits = SETTINGS if height is None else max(1, (height - 4) // (HEIGHT + 2))
    order = _order(results)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("setting", width=named, overflow="fold")
    scales = [Scale.of(results, measure) for measure in measures]
    for scale in scales:
        table.add_column(scale.heading, width=wide, overflow="crop", no_wrap=True)
    for place, at in enumerate(order[:fits]):
        if place:
            table.add_row()
        label = plain(results["setting"].values[at])
        cells = [scale.cell(at, wide) for scale in scales]
        table.add_row(label if results["finished"].values[at] else Text(label, "bold"), *cells)
    hidden = len(order) - fits
    return [table, *([Text(f"and {hidden} more settings", "dim")] if hidden > 0 else [])]


def _order(results: "xr.Dataset") -> list[int]:
    """The places of settings: those under way, then the finished ones."""
    finished = results["finished"].values
    return sorted(range(len(finished)), key=lambda at: (bool(finished[at]), at))


class Scale(NamedTuple):
    """A measure's axis, one for all settings, and what is drawn on it."""

    measure: "Measure"
    values: Any
    drawn: Any
    low: float
    high: float

    @classmethod
    def of(cls, results: "xr.Dataset", measure: "Measure") -> "Scale":
        """The scale of a measure: from the least to the most recorded, logarithmic where the measure's is."""
        import numpy as np

        from saddlery.analysis.seeds import recorded

        values = recorded(results, measure.name).values
        known = values[np.isfinite(values)]
        drawn = values
        if measure.scale == "log" and known.size and known.min() > 0 and known.max() > 10 * known.min():
            drawn = np.log10(np.where(np.isfinite(values), values, np.nan))
        known = drawn[np.isfinite(drawn)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        return cls(measure, values, drawn, low, high if high > low else low + max(1e-12, abs(low) * 1e-6))

    @property
    def heading(self) -> str:
        """Its title, and beneath it from where to where it goes."""
        import numpy as np

        logged = self.drawn is not self.values
        ends = [self.measure.text(10.0**end if logged else end) for end in (self.low, self.high)]
        said = f"{ends[0]} to {ends[1]}" if np.isfinite(self.values).any() else "no records"
        return f"{self.measure.title}\n{said}{', logarithmic' if logged else ''}"

    def cell(self, setting: int, width: int) -> "Text":
        """The curves of a setting, and beneath them the last values."""
        import numpy as np
        from rich.text import Text

        from saddlery.analysis.seeds import last_known
        from saddlery.cli.curves import drawn

        of_setting, last = self.drawn[setting], last_known(self.values[setting])
        known = np.isfinite(of_setting).any(0)
        middle = np.full(of_setting.shape[1], np.nan)
        if known.any():
            middle[known] = np.nanmedian(of_setting[:, known], 0)
        text = drawn(middle, of_setting, self.low, self.high, width, HEIGHT)
        known_last = last[np.isfinite(last)]
        if not known_last.size:
            return text.append("\n–")
        form = self.measure.text
        each = (
            ", ".join(map(form, last))
            if len(last) <= NAMED
            else f"{form(known_last.min())} to {form(known_last.max())}"
        )
        said = form(float(np.median(known_last))) + (f"  ({each})" if len(last) > 1 else "")
        return text.append("\n").append_text(Text(said))
