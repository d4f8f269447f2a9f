"""Diagnosis of a run or a game: trends, then spectra as evidence, candidates, and what training makes of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import optax
import xarray as xr

from saddlery.diagnosis.candidates import Candidate, candidates
from saddlery.diagnosis.evidence import Evidence, evidence
from saddlery.diagnosis.nearness import Nearness, nearness
from saddlery.diagnosis.quality import quality
from saddlery.diagnosis.subject import Subject, from_folder, given
from saddlery.diagnosis.trends import LEAST, change, trends
from saddlery.diagnosis.trial import STEPS, TrialRun, trial_run
from saddlery.diagnosis.verdict import FALLS, Facts, Verdict, verdict
from saddlery.diagnosis.verification import Verification, verified
from saddlery.errors import InvalidType
from saddlery.game import Game
from saddlery.method import Method
from saddlery.text.arguments import whole
from saddlery.types import Key, Memory, Players


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """A diagnosis, as `diagnose` returns it.

    - `verdict`: its `word`, one of converging, cycling, diverging, stalled, collapsed, and `because`, the numbers.
    - `facts`: what the verdict rests on: `trends` of a trial run, `quality` of its samples.
    - `evidence`: the spectrum and its company at the players; see there.
    - `candidates`: changes that could help; `verifications`: what training made of each, `None` when not asked for.
    - `subject`: the game, method and players; `trial`: the trial run itself.
    """

    subject: Subject
    verdict: Verdict
    facts: Facts
    evidence: Evidence
    candidates: list[Candidate]
    trial: TrialRun
    verifications: list[Verification] | None = None

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
        from saddlery.diagnosis.words import advice, conclusion, rows

        proposed = advice(self)
        return "".join(
            (
                paragraph(f"{self.verdict.word}: {self.verdict.because}"),
                table(("What was measured", "Value", "What it means"), rows(self)),
                *(paragraph(f"not computed: {text}") for text in self.evidence.missing),
                *(paragraph(f"note: {text}") for text in self.evidence.remarks),
                table(("", "Change", "Why, or with what outcome"), proposed) if proposed else "",
                paragraph(conclusion(self)),
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
    on_progress: Callable[[str, Any], None] | None = None,
) -> Diagnosis:
    """Diagnose training: a verdict from measured trends, spectra as evidence, and what could help.

        saddlery.diagnose("runs/mine")                                   # a folder of `saddlery run`
        saddlery.diagnose(game, method, players, key=jax.random.key(0))  # players of yours

    The players train on for `steps` steps by their method, closely recorded, which is what the verdict rests on; see
    `saddlery.diagnosis.verdict` for the rules and their thresholds. The spectrum is that of J = v′ where the players
    are. With `verify`, each candidate is trained, see `saddlery.diagnosis.verification`.

    **Arguments:**
    - `game`: a game, or a run's folder; then `method` is the text of one of its methods (by default the first), `seed`
      one of its seeds, and the rest is in the folder. A seed that diverged is looked at from its start.
    - `method`, `players`, `key`: a `Method`, the players `Pair(generator, discriminator)`, a `jax.random.key`.
    - `state`: the method's state, where training had one (`run.only.state`); without it, its start.
    - `history`: of `saddlery.train`, where there is one (`run.only.history`), for the past.
    - `steps`: of the trial run. A turn that takes more than three quarters of it is not seen as one.
    - `verify`: whether to train candidates from these players, `seeds` seeds of 3 · `steps` steps each (of a run that
      diverged, at least to where it did).
    - `on_progress`: called with a candidate's name and training's `Progress` while candidates train.

    **Raises:** `FileNotFoundError` for a folder without an experiment or checkpoint; `ValueError` and `TypeError` for
    players of another game and arguments out of range.
    """
    whole("steps", steps, 10 * LEAST)
    if verify:
        whole("seeds", seeds, 2)
    if isinstance(game, Subject):
        subject = game
    elif isinstance(game, str | os.PathLike):
        subject = from_folder(game, method, seed)  # type: ignore[arg-type]
    elif method is None or players is None or key is None:
        raise InvalidType(
            f"diagnose: got a {type(game).__name__} without method, players and key; give a run's folder, or "
            "diagnose(game, method, run.players, state=run.state, history=run.history, key=jax.random.key(0))"
        )
    else:
        subject = given(game, method, players, key, state, history)  # type: ignore[arg-type]
    state = subject.method.init(subject.game, subject.players) if subject.state is None else subject.state
    trial_key, evidence_key = jax.random.split(subject.key)
    trial = trial_run(subject.game, subject.method, subject.players, state, trial_key, steps)
    facts = gathered(subject, trial)
    found = evidence(subject.game, subject.method, subject.players, subject.state, evidence_key)
    word = verdict(facts)
    proposed = candidates(word.word, subject, facts, found)
    length = max(3 * steps, subject.diverged_at)
    tried = verified(subject, proposed, seeds, length, on_progress) if verify else None
    return Diagnosis(subject, word, facts, found, proposed, trial, tried)


def gathered(subject: Subject, trial: TrialRun) -> Facts:
    """The facts that the verdict rests on."""
    past = np.zeros(0) if subject.history is None else _norms(subject.history)
    samples = quality(subject.game, trial.path)
    found = trends(trial.path, float(optax.tree.norm(subject.players)), float(past.max(initial=0.0)))
    unclear = samples is None and found.field_factor <= FALLS
    return Facts(
        found,
        samples,
        subject.diverged_at,
        trial.diverged_at,
        _faint(subject.history, trial.path),
        nearness(subject.game, subject.players, trial.players, subject.key) if unclear else Nearness(),
        change(past[len(past) // 2 :]),
    )


def _faint(history: xr.Dataset | None, path: xr.Dataset) -> float:
    """The generator's gradient norm, over the second half of the path, as a share of its largest on record."""
    generator = path["generator_norm"].values
    known = generator if history is None else np.concatenate([generator, history["generator_norm"].values])
    largest = known[np.isfinite(known)].max(initial=0.0)
    return float(np.median(generator[len(generator) // 2 :]) / largest) if largest > 0 else 0.0


def _norms(history: xr.Dataset) -> np.ndarray:
    """‖v‖ along a history, without records that were not taken."""
    norms = np.hypot(history["generator_norm"].values, history["discriminator_norm"].values)
    return norms[np.isfinite(norms)]
