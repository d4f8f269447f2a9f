"""`saddlery.load` and `Results`: what any command, `saddlery.train` or `saddlery.sweep` left in a folder."""

import functools
import os
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from saddlery.analysis.markup import paragraph
from saddlery.analysis.seeds import last_known
from saddlery.errors import InvalidValue
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.export import export
from saddlery.experiments.facts import attributes
from saddlery.experiments.levels import Sweep, flat, with_levels
from saddlery.experiments.opening import open_live, open_results
from saddlery.experiments.restored import Built, Restored, built_in, chosen, restored, restored_runs
from saddlery.game import Game, Pair
from saddlery.method import Method
from saddlery.records import description
from saddlery.records.claims import GENERATORS, local_folder
from saddlery.training import Run
from saddlery.types import Level

if TYPE_CHECKING:
    import pandas

    from saddlery.diagnosis import Diagnosis

ENDS = ("setting", "seed")  # the axes of a table with a row for each run


def load(
    folder: str | os.PathLike,
    *,
    games: Mapping[str, Any] | None = None,
    methods: Mapping[str, Callable[..., Method] | Method] | None = None,
    store: str | None = None,
    data: str | None = None,
) -> "Results":
    """Load the results in a folder, finished or under way.

    **Arguments:**
    - `folder`: of `saddlery run`, `saddlery.sweep(out=…)` or `saddlery.train(out=…)`.
    - `games`, `methods`: one's own that the folder's runs were made with, by the names that its texts call them: of
      `saddlery.train` a game's type and the name of a method's rule, as an error for a missing one says.
    - `store`: where the results are, for an experiment that keeps them outside its folder.
    - `data`: where the pictures are that the runs were trained on, by default where they were, or seen from the folder;
      needed when a game, a history or a diagnosis is asked for, and compared with what they were.

    **Raises:** `FileNotFoundError` when the folder holds none; `ValueError` when it was made by another version, or is
    damaged.
    """
    folder = local_folder("folder", folder)
    description.read(folder)
    build = functools.partial(built_in, folder, games, methods, data)
    return Results(folder, build, store, functools.partial(build, with_data=False))


class Results:
    """The results in a folder.

    A setting is named by its method's text, or its name or beginning where that is enough, and by its levels:
    `results.run("consensus", gamma=1.0)`; by default it is the first. `"best"` is the best of the finished ones, by the
    rule of the page, with a warning that says which it is, by what, and that these runs flatter it.
    """

    def __init__(
        self,
        folder: Path,
        build: Callable[[], Built],
        store: str | None = None,
        bare: Callable[[], Built] | None = None,
    ):
        self.folder, self._build, self._store, self._bare = folder, build, store, bare or build

    @property
    def dataset(self) -> Sweep:
        """The dataset of all records, as it is now: an `xarray.Dataset` along `setting`, `seed` and `step`.

        The setting's levels (`method`, `gamma`, `learning_rate`, …) are selected by name. The variable `finished`
        tells settings that are under way, whose records so far are there and NaN beyond.
        """
        return with_levels(open_live(self.folder, self._store))

    def table(self) -> "pandas.DataFrame":
        """A table with a row for each run, a `pandas.DataFrame`: levels, how it ended, the last record of each measure.

        Columns are those of `dataset` that are one number for a run or for a record.
        """
        dataset = flat(self.dataset)
        of_runs = {name: each for name, each in dataset.data_vars.items() if {*ENDS} <= {*each.dims} <= {*ENDS, "step"}}
        last = {
            name: (ENDS, last_known(each.transpose(*ENDS, "step").values)) if "step" in each.dims else each
            for name, each in of_runs.items()
        }
        return dataset[[]].assign(last).to_dataframe(dim_order=list(ENDS)).reset_index()

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was described.

        **Raises:** `ValueError` for a folder of `saddlery.train`, which has no grid of settings.
        """
        return Experiment.read(self.folder)

    @cached_property
    def _built(self) -> Built:
        return self._build()

    @cached_property
    def _of_players(self) -> Built:
        """What is enough for trained players: no data."""
        return self.__dict__.get("_built") or self._bare()

    def game(self, method: str | None = None, **levels: Level) -> Game:
        """The game of a setting."""
        return chosen(self._built, method, self.folder, **levels).game

    def method(self, method: str | None = None, **levels: Level) -> Method:
        """The method of a setting, its optimisers included."""
        return chosen(self._built, method, self.folder, **levels).method

    def players(self, method: str | None = None, seed: int = 0, **levels: Level) -> Pair:
        """The players of a run at its last checkpoint; of one that diverged the last finite ones, with a warning.

        **Raises:** `FileNotFoundError` when no checkpoint was kept; `ValueError` when the run diverged at once, and
        none but the untrained players are finite.
        """
        return self._trained(method, seed, "parameters", **levels).carry.players

    def run(self, method: str | None = None, seed: int | None = None, **levels: Level) -> Run:
        """The runs of a setting as `saddlery.train` returns them, of all seeds or of one, at their last checkpoints.

        Those of seeds that diverged are the last finite ones; `history["diverged_at"]` says which seeds these are.

        **Raises:** `FileNotFoundError` when no checkpoint was kept.
        """
        seeds = range(self._built.seeds) if seed is None else [seed]
        found = list(restored_runs(self.folder, method, seeds, self._built, **levels))
        history = xr.concat(
            [each.history for each in found], xr.Variable("seed", list(seeds)), combine_attrs="override"
        )
        players, state, average = (list(each) for each in zip(*(each.carry for each in found), strict=True))
        return Run(players, state, average, history.assign_attrs(attributes(found[0].cell)))

    def _restored(self, method: str | None, seed: int, **levels: Level) -> Restored:
        return restored(self.folder, method, seed, self._built, **levels)

    def _trained(self, method: str | None, seed: int, what: str, **levels: Level) -> Restored:
        """A run with players that were trained; it is warned of one that diverged.

        **Arguments:** `what` is made of them, such as `"samples"`.
        """
        found = restored(self.folder, method, seed, self._of_players, **levels)
        if found.untrained:
            raise InvalidValue(found.untrained)
        if caveat := found.caveat(what):
            warnings.warn(caveat, stacklevel=3)
        return found

    def report(self) -> Path:
        """Write the page of the finished settings, `report.html`, and its figures into the folder; returns its path."""
        from saddlery.report import write

        return write([open_results(self.folder, self._store)], self.folder)

    def export(self, path: str | os.PathLike, format: str | None = None) -> Path:
        """Write the numbers of the finished settings as one long table; see `saddlery.experiments.export`."""
        return export(open_results(self.folder, self._store), Path(path), format)

    def diagnose(
        self, method: str | None = None, seed: int = 0, *, levels: Mapping[str, Level] | None = None, **settings: Any
    ) -> "Diagnosis":
        """Diagnose a run at its last checkpoint, as `saddlery.diagnose` does; one that diverged, at its start.

        **Arguments:** `levels`: of the setting; `settings`: the other arguments of `saddlery.diagnose`.
        """
        from saddlery.diagnosis import diagnose
        from saddlery.diagnosis.subject import of_restored

        wanted = settings.get("checkpoints", 3) if settings.get("verify") else 1
        return diagnose(of_restored(self._restored(method, seed, **(levels or {})), self._built, wanted), **settings)

    def export_generator(
        self,
        path: str | os.PathLike | None = None,
        method: str | None = None,
        seed: int = 0,
        *,
        averaged: bool = True,
        force: bool = False,
        **levels: Level,
    ) -> Path:
        """Export a trained generator into a file that needs nothing of the training: see `saddlery.load_generator`.

        **Arguments:**
        - `path`: by default in the folder, `generators/<setting>-<seed>.safetensors`.
        - `averaged`: the averaged weights, where the run has them.
        - `force`: replace a file of Saddlery's.

        Of a run that diverged it is the last finite one, with a warning.

        **Raises:** `FileNotFoundError` when no checkpoint was kept; `ValueError` when the run diverged at once; what
        `saddlery.export_generator` raises.
        """
        from saddlery.generators import export_generator

        found = self._trained(method, seed, "the generator", **levels)
        carry = found.carry
        weights = carry.average if averaged and carry.average is not None else carry.players.generator
        place = self.folder / GENERATORS / f"{found.cell.index}-{seed}.safetensors"
        target = place if path is None else local_folder("path", path)
        export_generator(target, found.of.game, weights, force=force)
        return target

    def __repr__(self) -> str:
        return f"saddlery.load({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        """The table, in notebooks."""
        return paragraph(repr(self)) + self.table().to_html(index=False, border=0)
