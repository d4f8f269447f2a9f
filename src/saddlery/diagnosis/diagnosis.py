"""Diagnosis of a run or a game: a verdict from its record, spectra as evidence, and what training makes of changes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import xarray as xr

from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.record import Record, facts
from saddlery.analysis.trends import LEAST
from saddlery.analysis.verdict import verdict, verdict_of
from saddlery.diagnosis.candidates import Candidate, candidates
from saddlery.diagnosis.checkpoints import independent
from saddlery.diagnosis.evidence import Evidence, evidence
from saddlery.diagnosis.record import gauge_of, recorded
from saddlery.diagnosis.subject import Subject, from_folder, given
from saddlery.diagnosis.trial import RECORDS, STEPS, TrialRun, trial_run
from saddlery.diagnosis.verification import Screened, Verification, verified
from saddlery.errors import InvalidType
from saddlery.game import Game
from saddlery.games import as_gan
from saddlery.method import Method
from saddlery.text.arguments import whole
from saddlery.types import Key, Memory, Players

SMALL, LONGER = 64, 64  # numbers of a game that trains in no time, and how much longer its trial run may become …
SEEN = 16  # … and becomes where what happens near the equilibrium says little of what happens elsewhere


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """A diagnosis, as `diagnose` returns it.

    - `verdict`: its `word`, an `Outcome`, `because`, the numbers, and whether it is `clear`, that nothing need change.
    - `facts`: what the verdict rests on: `trends` of a trial run, `quality` of its samples, and more; see there.
    - `record`: the record that the facts were taken from.
    - `evidence`: the spectrum and its company at the players; see there.
    - `candidates`: changes that could help; `screened`: what one short run made of each; `verifications`: what training
      made of the best from every checkpoint; both `None` when not asked for.
    - `subject`: the game, method and players; `trial`: the trial run itself.
    """

    subject: Subject
    verdict: Verdict
    facts: Facts
    record: Record
    evidence: Evidence
    candidates: list[Candidate]
    trial: TrialRun
    verifications: list[Verification] | None = None
    screened: list[Screened] | None = None

    @property
    def recommendations(self) -> list[Verification]:
        """The candidates that training confirmed, the greatest gain first."""
        confirmed = [each for each in self.verifications or () if each.confirmed]
        return sorted(confirmed, key=lambda each: -each.gain)

    def __str__(self) -> str:
        from saddlery.diagnosis.words import summary

        return summary(self)

    def _repr_html_(self) -> str:
        """The verdict, what was measured, and what would help, in notebooks."""
        from saddlery.analysis.markup import paragraph, table
        from saddlery.diagnosis.words import advice, ending, rows

        proposed = advice(self)
        return "".join(
            (
                paragraph(f"{self.verdict.word}: {self.verdict.because}"),
                *(paragraph(f"{name}: {text}") for name, text in ending(self)),
                table(("What was measured", "Value", "What it means"), rows(self)),
                *(paragraph(f"not computed: {text}") for text in self.evidence.missing),
                *(paragraph(f"note: {text}") for text in self.evidence.remarks),
                table(("", "Change", "Why, or with what outcome"), proposed) if proposed else "",
            )
        )


def diagnose(
    game: Game | Subject | str | os.PathLike,
    method: Method | str | None = None,
    players: Players | None = None,
    *,
    key: Key | int | None = None,
    state: Memory = None,
    history: xr.Dataset | None = None,
    seed: int = 0,
    steps: int = STEPS,
    verify: bool = False,
    seeds: int = 4,
    checkpoints: int = 3,
    on_progress: Callable[[str, Any], None] | None = None,
) -> Diagnosis:
    """Diagnose training: a verdict from measured trends, spectra as evidence, and what could help.

        saddlery.diagnose("runs/mine")                                   # a folder of `saddlery run`
        saddlery.diagnose(game, method, players, key=jax.random.key(0))  # players of yours

    The players train on for `steps` steps by their method, closely recorded; the verdict rests on that and on the run's
    history, by the rules of `saddlery.analysis.verdict`, and where that is undecided of a small game, on a longer trial
    run. The spectrum is that of J = v′ where the players are. With `verify`, candidates are trained, see
    `saddlery.diagnosis.verification`.

    **Arguments:**
    - `game`: a game, or a run's folder; then `method` is the text of one of its methods (by default the first), `seed`
      one of its seeds, and the rest is in the folder. A seed that diverged is looked at from its start.
    - `method`, `players`, `key`: a `Method`, the players `Pair(generator, discriminator)`, a `jax.random.key`.
    - `state`: the method's state, where training had one (`run.only.state`); without it, its start.
    - `history`: of `saddlery.train`, where there is one (`run.only.history`), for the past.
    - `steps`: of the trial run.
    - `verify`: whether to train candidates: each is screened by one run of `steps` steps, the best by `seeds` seeds of
      3 · `steps` steps from each of `checkpoints` independently trained checkpoints: a folder's other seeds, and where
      they are fewer, ones that are trained for it, as long as the run was. Of players given without a `history` there
      is one, and advice is "for this checkpoint".
    - `on_progress`: called with a candidate's name and how far it is, while candidates train.

    **Raises:** `FileNotFoundError` for a folder without an experiment or checkpoint; `ValueError` and `TypeError` for
    players of another game and arguments out of range.
    """
    whole("steps", steps, 10 * LEAST)
    whole("checkpoints", checkpoints, 1)
    if verify:
        whole("seeds", seeds, 2)
    if isinstance(game, Subject):
        subject = game
    elif isinstance(game, str | os.PathLike):
        subject = from_folder(Path(game), method, seed, checkpoints if verify else 1)  # type: ignore[arg-type]
    elif method is None or players is None or key is None:
        raise InvalidType(
            f"diagnose: got a {type(game).__name__} without method, players and key; give a run's folder, or "
            "diagnose(game, method, run.players, state=run.state, history=run.history, key=jax.random.key(0))"
        )
    else:
        subject = given(game, method, players, key, state, history)  # type: ignore[arg-type]
    trial_key, evidence_key = jax.random.split(subject.key)
    trial, records, known, word = judged(subject, trial_key, steps)
    found = evidence(subject.game, subject.method, subject.players, subject.state, evidence_key)
    proposed = candidates(word, subject, known, found)
    tried, screened = None, None
    if verify:
        subject = independent(subject, checkpoints, on_progress) if proposed else subject
        tried, screened = verified(subject, proposed, seeds, max(steps, subject.diverged_at), on_progress)
    return Diagnosis(subject, word, known, records[0], found, proposed, trial, tried, screened)


class Judged(NamedTuple):
    """A verdict with what it rests on: the trial run, its record with its facts, and the record of a second one."""

    trial: TrialRun
    records: list[Record]
    facts: Facts
    verdict: Verdict


def judged(subject: Subject, key: Key, steps: int = STEPS) -> Judged:
    """The trial run of a subject, its record and facts, and the verdict.

    Of a GAN, an all-clear is asked of a second trial run, on other batches, whose record is then the second. A game of
    few parameters without samples trains in no time: where its update is not one map everywhere, or the verdict is
    undecided, the trial run is made four times as long, up to `LONGER` times.
    """
    game, method, players = subject.game, subject.method, subject.players
    state = method.init(game, players) if subject.state is None else subject.state
    gauge = gauge_of(subject)
    if as_gan(game) is not None:
        trial = trial_run(game, method, players, state, key, steps)
        records = [recorded(subject, state, trial, gauge)]
        known = [facts(records[0])]
        if verdict(known[0]).clear:
            other = trial_run(game, method, players, state, jax.random.fold_in(key, 1), steps)
            records.append(recorded(subject, state, other, gauge))
            known.append(facts(records[1]))
        return Judged(trial, records, known[0], verdict_of(known))
    small, times = sum(leaf.size for leaf in jax.tree.leaves(players)) <= SMALL, 1
    while True:
        trial = trial_run(game, method, players, state, key, steps * times, RECORDS * min(times, 8))
        record = recorded(subject, state, trial, gauge)
        rested = facts(record)
        found = verdict(rested)
        settled = record.local is None or record.local.affine or times >= SEEN or record.lost >= 0
        if (settled and found.word is not Outcome.UNDECIDED) or not small or 4 * times > LONGER:
            return Judged(trial, [record], rested, found)
        times *= 4
