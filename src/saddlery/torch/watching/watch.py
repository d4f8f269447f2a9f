"""A watch over somebody's training, without a change to the loop: norms at every step, alarms, what was measured."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ParamSpec

import numpy as np
import torch
from torch.optim import Optimizer

from saddlery.analysis.alarms import ALARMS, CODES, EVERY, Rung
from saddlery.analysis.numbers import number
from saddlery.errors import InvalidValue
from saddlery.records.watched import UNNAMED
from saddlery.text.arguments import first_line, quoted, whole
from saddlery.torch.blocks import holders
from saddlery.torch.division import ONLY_NORMS
from saddlery.torch.players import Losses, players
from saddlery.torch.watching.advice import advice
from saddlery.torch.watching.comparison import Forked, forked
from saddlery.torch.watching.curvature import Curvature
from saddlery.torch.watching.folder import Folder
from saddlery.torch.watching.looks import Looks, Measurements, given
from saddlery.torch.watching.norms import Norms
from saddlery.torch.watching.not_finite import Place, first
from saddlery.torch.watching.reference import Departure, Reference
from saddlery.torch.watching.rows import Rows
from saddlery.torch.watching.samples import Told, needed, numbers
from saddlery.torch.watching.saying import say
from saddlery.torch.watching.shares import Parts, Shares, shares, told
from saddlery.torch.watching.sketch import sketch
from saddlery.torch.watching.spectrum import Measured, cost, duration

STEPS, REPEATS = 300, 5  # of forks
MOST = 50  # curvatures in the report
P = ParamSpec("P")


class Watch:
    """A watch over a training; made by `saddlery.torch.watch`.

    **Attributes:** `step`: of the generator's first optimiser so far; `rows`: the records; `failed`: why the watch
    ended itself, if it did.
    """

    def __init__(
        self,
        generator: Optimizer | Iterable[Optimizer],
        discriminator: Optimizer | Iterable[Optimizer],
        out: str | os.PathLike | None = None,
        *,
        every: int = EVERY,
        ignore: Collection[str] = (),
        on_alarm: Callable[[Rung], None] | None = None,
        title: str = "",
        resume: bool = False,
    ):
        if unknown := sorted({*ignore} - {*CODES}):
            raise InvalidValue(
                f"ignore: got {quoted(unknown[0])}, expected codes of alarms, such as {next(iter(CODES))}"
            )
        self.every, self.on_alarm = whole("every", every), on_alarm
        self.players = players(generator, discriminator)
        self.rows = Rows({code: each for code, each in ALARMS.items() if code not in ignore})
        self.failed = ""
        self.step = self._first = 0
        self._due: int | None = None
        self._told = Told()
        self._measured = Measurements()
        self._reference: Reference | None = None
        self._forking, self._began = False, time.monotonic()
        self._bad: dict[str, Place] = {}  # where gradients first were not finite
        about = {"title": title or UNNAMED, "every": every, "ignore": sorted(ignore)}
        self.folder = None if out is None or _rank() else Folder(out, about, resume)
        if self.folder and self.folder.earlier is not None:
            self.step = self._first = int(self.folder.earlier.steps[-1])
        modules = holders([each for player in self.players for each in player.parameters])
        self._norms = [
            Norms(player, modules, self._before, self._stepped if i == 0 else None, self._guarded)
            for i, player in enumerate(self.players)
        ]
        if self._shared:
            say(self._shared)

    @property
    def alarms(self) -> list[Rung]:
        """The alarms that rang, in the order in which they did."""
        return [*self.rows.rung.values()]

    def note(self, **told: object) -> None:
        """Tell of the last step what hooks cannot see; each is optional, and nothing is computed before a record.

        **Arguments:** `generator_loss`, `discriminator_loss`: numbers or tensors, of a loss of several parts the
        adversarial one alone, which is what alarms were measured on; `real_logits`, `generated_logits`: the
        discriminator's scores; `samples`, `real`: generated and real samples, as many or not; `followed`: samples
        of the same noise each time.

        **Raises:** `ValueError` for other names.
        """
        self._told = self._told.with_(**told)

    def curvature(
        self, losses: Losses, every: int | None = None, batch: object = None, method: str = "differences"
    ) -> Curvature | None:
        """Measure what the Jacobian does along the field, now or every so many steps.

        It explains; no alarm waits for it. By central differences of both players' gradients, 13 of them, and 17 more
        the first time; parameters, buffers, gradients and random numbers are bit for bit as before.

        **Arguments:** `losses`: from a batch to both losses, as of `saddlery.torch.check`. `every`: how many steps lie
        between two looks; by default it is measured now and not again. `batch`: by default the last one that a data
        loader gave out. `method`: of products; `"autograd"`, double backward, is refused where it is not the same.

        **Returns:** the curvature where it is measured now.

        **Raises:** `ValueError` where there is no batch, parameters are divided over processes, or double backward is
        refused.
        """
        measured = Measured(self.players, losses, method)
        if every is None:
            self._refuse("curvature", self._divided or self._shared)
            return measured.curvature(given(batch))
        looks = Looks(measured.curvature, batch, whole("every", every))
        self._measured.begin("curvature", looks, self._divided or self._shared)
        return None

    def shares(
        self, parts: Parts, by: Sequence[torch.Tensor], every: int | None = None, batch: object = None
    ) -> Shares | None:
        """Measure how long the gradients of the parts of the generator's loss are, now or every so many steps.

        Of a reconstruction and an adversarial loss it says when the discriminator carries weight, and how much that
        swings: so does the adaptive weight that is made of these norms.

        **Arguments:** `parts`: from a batch to the parts by name, each with its weight, first the one that the others
        are measured by; `by`: parameters by which gradients are taken, such as the last layer's weight; `every`,
        `batch`: as of `curvature`.

        **Raises:** `TypeError` or `ValueError` for what `parts` returns, and where there is no batch.
        """
        held = [each for player in self.players for each in player.parameters]
        if every is None:
            self._refuse("shares", self._divided)
            return shares(parts, given(batch), by, held)
        looks = Looks(lambda at: shares(parts, at, by, held), batch, whole("every", every))
        self._measured.begin("shares", looks, self._divided)
        return None

    def spectrum(self, losses: Losses, batch: object, k: int = 6, products: int = 200) -> np.ndarray:
        """The k eigenvalues of J of the largest magnitude, by ARPACK on products of differences.

        Its cost is said first, on stderr.

        **Raises:** `ValueError` where there is no batch; `RuntimeError` where they are not found with so many products.
        """
        self._refuse("spectrum", self._divided or self._shared)
        return Measured(self.players, losses).eigenvalues(given(batch), k, products, self.seconds)

    def compare(
        self,
        changes: Mapping[str, Callable[[], object]],
        step: Callable[[Any], object],
        batches: Iterable[Any],
        *,
        steps: int = STEPS,
        repeats: int = REPEATS,
        measure: Callable[[], float | Mapping[str, float]] | None = None,
        also: Sequence[Any] = (),
    ) -> Forked:
        """Try changes from the present state: train on with and without each on the same batches, and put all back.

        **Arguments:**
        - `changes`: by name, functions that make a change, as of `param_groups`; what they change in optimisers and
          modules is undone.
        - `step`: a step of training on a batch; what it notes is recorded. `batches`: a data loader or a list.
        - `steps`, `repeats`: of each fork, and with how many seeds.
        - `measure`: taken at each fork's end, a number or several by name, such as the quality of samples.
        - `also`: what else a step changes, with `state_dict` and `load_state_dict`: scalers, schedulers, averages.
        """
        steps, repeats = whole("steps", steps), whole("repeats", repeats)
        self._refuse("compare", self._divided)
        self._guarded(self._before)()
        self._forking = True
        try:
            return forked(
                self.players, changes, step, batches, steps, repeats, self._begin_fork, self._values, measure, also
            )
        finally:
            self._forking = False
            self._begin_fork()

    def reference(self, folder: str | os.PathLike) -> None:
        """Compare each record from now on with those of a healthy run of one's own, in the folder of its watch.

        **Raises:** `FileNotFoundError` when it holds no records of a watched training.
        """
        self._reference = Reference(folder)

    @property
    def curvatures(self) -> dict[int, Curvature]:
        """The curvatures that were measured as training went on, by their steps."""
        return self._measured.found("curvature")

    @property
    def departures(self) -> list[Departure]:
        """The signals that are beyond the reference's by now."""
        if self._reference is None or not self.rows.steps:
            return []
        return self._reference.departures(np.array(self.rows.steps), self.rows.along())

    @property
    def advice(self) -> list[str]:
        """What could be tried, with numbers, each with where they are from."""
        last = max(self.curvatures, default=None)
        found = advice(self.rows.along(), None if last is None else self.curvatures[last])
        found += told(self._measured.found("shares"))
        if not found:
            return []
        trial = duration(2 * STEPS * REPEATS * self.seconds)
        return [*found, f"to try a change: watch.compare({{name: change}}, train_step, loader), about {trial}"]

    @property
    def seconds(self) -> float:
        """The seconds of a step so far."""
        return (time.monotonic() - self._began) / max(1, self.step - self._first)

    def close(self) -> None:
        """Take the last record, write the report, and let go of the optimisers and the folder."""
        self._guarded(self._record)()
        self._end()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        """The alarms that rang, what was measured, and what was not looked at and why."""
        lines = [_words(each) for each in self.alarms] or ["no alarm rang"]
        lines += [*map(str, self._bad.values()), *map(str, self.departures)]
        for each in self.rows.missing():
            lines.append(f"{each.code} was not looked at: {each.signal} needs {needed(each.signal)}")
        if last := max(self.curvatures, default=None):
            lines.append(f"at step {last:,}: {self.curvatures[last]}")
        elif "curvature" not in self._measured.failed:
            why = self._divided or self._shared
            priced = f"curvature not measured; would cost {cost(self.players, self.seconds)}"
            lines.append(f"curvature not measured: {why}" if why else priced)
        lines += self._measured.failed.values()
        lines += self.advice
        return "\n".join([f"step {self.step:,}", *(f"  {line}" for line in lines)])

    def _stepped(self) -> None:
        """After a step of the generator's first optimiser."""
        if self._forking:
            return
        self.step += 1
        if self.step % self.every == 0:
            self._due = self.step

    def _before(self) -> None:
        """Before any step: what is due is recorded now, when the loop has told what it had to."""
        if self._due is not None:
            self._record()

    def _record(self) -> None:
        step, self._due = self._due if self._due is not None else self.step, None
        if self.rows.steps and step <= self.rows.steps[-1]:
            return
        rang = self.rows.add(step, self._values(step) | self._measured.now(step))
        for each in rang:
            self._ring(each)
        self._write(step, bool(rang))

    @property
    def _divided(self) -> str:
        """Why norms alone are watched, if so."""
        return ONLY_NORMS if any(each.division.divided for each in self._norms) else ""

    @property
    def _shared(self) -> str:
        """Why there is no vector field of two players, if so."""
        both = {*map(id, self.players[0].parameters)} & {*map(id, self.players[1].parameters)}
        return f"{len(both)} parameters are in both players' optimisers, and count as each one's" if both else ""

    def _refuse(self, name: str, why: str) -> None:
        if why:
            raise InvalidValue(f"{name}: {why}")

    def _write(self, step: int, reported: bool) -> None:
        """Write the last record, and where asked for the report; where that fails, go on without a folder."""
        if self.folder is None:
            return
        try:
            self.folder.append(step, self.rows.rows[-1])
            if reported:
                self.folder.report(self._found(), self.rows)
        except OSError as error:
            folder, self.folder = self.folder, None
            say(f"records from step {step:,} on are not written: {first_line(error)}")
            folder.close()

    def _values(self, step: int | None = None) -> dict[str, Any]:
        """What is recorded of the last step, and of all steps since the last record."""
        values: dict[str, Any] = numbers(self._told)
        self._told = Told()
        for player, norms in zip(self.players, self._norms, strict=True):
            window = norms.window()
            of = player.name
            bad = None if step is None or of in self._bad else first(of, window, norms.blocks.names, step)
            if bad is not None:
                self._bad[of] = bad
                say(str(bad))
            gradient, update = window.last
            values |= {f"{of}_norm": gradient, f"{of}_update": update, f"{of}_size": norms.size()}
            values[f"{of}_not_finite"] = window.not_finite
        generator, discriminator = (player.parameters for player in self.players)
        values["sketch"] = sketch(generator, discriminator, [each.division for each in self._norms])
        return values

    def _begin_fork(self) -> None:
        """Begin the norms anew, where parameters were put back."""
        self._told = Told()
        for each in self._norms:
            each.forget()

    def _ring(self, rung: Rung) -> None:
        say(_words(rung))
        if self.on_alarm is not None:
            self.on_alarm(rung)

    def _found(self) -> dict[str, Any]:
        """What the report says."""
        return {
            "step": self.step,
            "alarms": [
                {"code": each.alarm.code, "since": each.since, "value": each.value, "words": str(each.alarm)}
                for each in self.alarms
            ],
            "advice": self.advice,
            "reference": self._reference is not None,
            "departures": [str(each) for each in self.departures],
            "curvature": {step: each.recorded() for step, each in [*self.curvatures.items()][-MOST:]},
            "not_finite": {each.name: {"step": each.step, "blocks": each.blocks} for each in self._bad.values()},
        }

    def _guarded(self, function: Callable[P, object]) -> Callable[P, None]:
        """A function that never stops training: what goes wrong in it ends the watch, with a sentence, once."""

        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            if self.failed:
                return
            try:
                function(*args, **kwargs)
            except Exception as error:  # whatever it is, it is not the loop's
                self.failed = f"{type(error).__name__}: {first_line(error)}"
                say(f"the watch has ended at step {self.step:,}, training goes on: {self.failed}")
                self._end()

        return call

    def _end(self) -> None:
        for each in self._norms:
            each.close()
        self._measured.close()
        if self.folder is not None:
            folder, self.folder = self.folder, None
            try:
                folder.report(self._found(), self.rows)
            except OSError as error:
                say(f"the last records are not written: {first_line(error)}")
            folder.close()


def _words(rung: Rung) -> str:
    alarm = rung.alarm
    return (
        f"{alarm.code} {alarm.words} since step {rung.since:,}: {alarm.signal} {number(rung.value)}, "
        f"{'above' if alarm.above else 'below'} {number(alarm.threshold)} ({alarm.rate})"
    )


def _rank() -> int:
    """This process's place among those that train together, 0 for the one that writes."""
    from torch import distributed

    return distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0
