"""How each player's loss responds to the discriminator's scores."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from saddlery.torch.audit.calls import Change, derivatives, flagged, upstream, wide
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.rows import PUSHES, Score, pushed

CLEAR = 0.5  # |Σg|/Σ|g| of a loss's gradient g by scores, from which on its sign counts
LEVELS = np.array([-10.0, -1.0, 0.0, 1.0, 10.0])  # that scores are set to
SHARES = np.array([0.01, 0.3, 0.5, 0.7, 0.99])  # where all of them are shares
ALIKE = ((0.5, 0.5), (-0.5, 0.3))  # levels at which all scores are the same; the second is for shares
FLAT = 1e-6  # of a loss's size: changes below it are rounding
STEP = 1e-2  # of the generator's parameters along its gradient
LEAST = 1e-3  # of a loss's range over all levels: so near its least it is as good as there
G, D = 0, 1  # the losses
REAL, GENERATED = 0, 1  # the roles of scores


class Slope(NamedTuple):
    """The gradient g of a loss by scores of one role: whether the graph has one, Σ|g|, and Σg / Σ|g|."""

    linked: bool = False
    size: float = 0.0
    sign: float = np.nan


class Response(NamedTuple):
    """How the losses respond to one tensor of scores.

    - `there`: by role, whether there are any. `slopes`: by loss and role, at the scores themselves, then at others.
    - `levels`: that all of a role were set to, and `losses` there, `(level of real, level of generated, loss)`; none
      where that was not needed.
    """

    there: tuple[bool, bool]
    slopes: list[dict[tuple[int, int], Slope]]
    levels: np.ndarray = np.zeros(0)
    losses: np.ndarray = np.zeros((0, 0, 2))

    def linked(self, loss: int, role: int) -> bool:
        """Whether a loss has a derivative by the scores of a role, be it zero."""
        return any(each[loss, role].linked for each in self.slopes)

    def responds(self, loss: int, role: int) -> bool:
        """Whether a loss changes with the scores of a role."""
        if any(each[loss, role].size > 0 for each in self.slopes):
            return True
        return bool(len(self.levels)) and bool(
            (np.nan_to_num(np.ptp(self.losses[..., loss], axis=role)) > self._rounding(loss)).any()
        )

    @property
    def complete(self) -> bool:
        """Whether both losses change with all that they must change with."""
        return self.responds(D, REAL) and self.responds(D, GENERATED) and self.responds(G, GENERATED)

    @property
    def right(self) -> bool:
        """Whether somewhere the signs are clear and as they must be."""
        signs = np.array(
            [[each[D, REAL].sign, each[D, GENERATED].sign, each[G, GENERATED].sign] for each in self.slopes]
        )
        of_real, of_fake, of_g = np.where(np.abs(signs) > CLEAR, np.sign(signs), 0).T
        return bool(((of_real * of_fake < 0) & (of_g * of_fake < 0)).any())

    def _rounding(self, loss: int) -> float:
        held = self.losses[..., loss]
        return FLAT * max(1.0, float(np.abs(held[np.isfinite(held)]).max(initial=0.0)))

    @property
    def best(self) -> np.ndarray:
        """The pairs of levels, real and generated, at which the discriminator's loss is least, `(pair, role)`."""
        held = self.losses[..., D]
        if not held.size or not np.isfinite(held).any() or not np.nanmax(held) - np.nanmin(held) > self._rounding(D):
            return np.zeros((0, 2))
        least = np.argwhere(held <= np.nanmin(held) + LEAST * (np.nanmax(held) - np.nanmin(held)))
        return self.levels[least]

    def misled(self, real: float, fake: float) -> bool:
        """Whether the generator's loss is less with its scores at `fake` than at `real`, which real ones are at."""
        levels = [*self.levels]
        held = self.losses[levels.index(real), :, G]
        gain = held[levels.index(real)] - held[levels.index(fake)]
        return bool(np.isfinite(held).all() and np.ptp(held) > self._rounding(G) and gain > LEAST * np.ptp(held))


def responses(
    evaluate: Evaluations, base: Evaluated, scores: Sequence[Score], of_classes: Sequence[bool]
) -> list[Response]:
    """How the losses respond to each tensor of scores.

    Signs of gradients answer where they are clear and as they must be, at the scores that there are or where all are
    the same; for others the scores of each role are set to one level after another, and the losses looked at: a loss
    may be at its least, saturated, or one of differences.
    """
    found = [Response(_there(score), _slopes(base, score)) for score in scores]
    if all(each.right for each in found):
        return found
    levels = [levels_of(evaluate, base, score) for score in scores]
    for pair in ALIKE:
        alike = _all_at(evaluate, scores, levels, pair)
        if alike is not None and len(alike.calls) == len(base.calls):
            found = [
                each._replace(slopes=each.slopes + _slopes(alike, score))
                for each, score in zip(found, scores, strict=True)
            ]
    for i, (score, known) in enumerate(zip(scores, found, strict=True)):
        if (
            not known.right
            and all(known.there)
            and not of_classes[i]
            and (known.linked(D, REAL) or known.linked(D, GENERATED))
        ):
            found[i] = _on_grid(evaluate, score, known, levels[i])
    evaluate.state.restore()
    return found


def _there(score: Score) -> tuple[bool, bool]:
    of_real, of_fake = (any(bool((rows == role).any()) for rows in score.rows.values()) for role in (False, True))
    return of_real, of_fake


def _slopes(evaluated: Evaluated, score: Score) -> list[dict[tuple[int, int], Slope]]:
    """The gradients of both losses by the scores of each role, as a list of one."""
    calls = [(evaluated.calls[k].outputs[score.leaf], rows) for k, rows in score.rows.items()]
    found = {}
    for loss in (G, D):
        gradients = derivatives(evaluated.losses[loss], [output for output, _ in calls])
        for role in (REAL, GENERATED):
            held = [
                wide(each[rows == bool(role)])
                for each, (_, rows) in zip(gradients, calls, strict=True)
                if each is not None and bool((rows == bool(role)).any())
            ]
            size = float(sum(each.abs().sum() for each in held))
            sign = float(sum(each.sum() for each in held)) / size if size > 0 else np.nan
            found[loss, role] = Slope(bool(held), size, sign)
    return [found]


def levels_of(evaluate: Evaluations, base: Evaluated, score: Score) -> np.ndarray:
    """The levels that scores may be set to: of shares, where all are and the losses refuse others."""
    held = torch.cat([base.calls[k].outputs[score.leaf].detach().reshape(-1) for k in score.rows])
    if not bool(((held >= 0) & (held <= 1)).all()):
        return LEVELS
    tried = put(evaluate, [score], [(-1.0, 10.0)])
    return SHARES if tried is None or not np.isfinite(tried.values).all() else LEVELS


def _all_at(
    evaluate: Evaluations, scores: Sequence[Score], levels: Sequence[np.ndarray], pair: tuple[float, float]
) -> Evaluated | None:
    """The losses with all scores the same."""
    found = [pair[each is SHARES] for each in levels]
    return put(evaluate, scores, [(each, each) for each in found])


def put(
    evaluate: Evaluations,
    scores: Sequence[Score],
    levels: Sequence[tuple[float, float]],
    calls: Sequence[int] | None = None,
) -> Evaluated | None:
    """The losses with scores set to levels, one of real and one of generated samples; `None` where they refuse it.

    **Arguments:** `calls`: in which alone they are set.
    """

    def change(number: int, outputs: list[torch.Tensor]) -> list[torch.Tensor]:
        found = [*outputs]
        for score, (real, generated) in zip(scores, levels, strict=True):
            if number in (score.rows if calls is None else calls):
                was = found[score.leaf]
                level = torch.where(score.rows[number], generated, real).to(was)
                found[score.leaf] = was - was.detach() + level
        return found

    return _changed(evaluate, change)


def _changed(evaluate: Evaluations, change: Change) -> Evaluated | None:
    """The losses with other scores; `None` where they refuse these."""
    try:
        return evaluate(change)
    except Exception:  # whatever somebody's code has against such scores
        return None


def _on_grid(evaluate: Evaluations, score: Score, known: Response, levels: np.ndarray) -> Response:
    """The losses with all scores of either role at one level after another."""
    losses = np.full((len(levels), len(levels), 2), np.nan)
    for i, real in enumerate(levels):
        for j, generated in enumerate(levels):
            found = put(evaluate, [score], [(float(real), float(generated))])
            losses[i, j] = (np.nan, np.nan) if found is None else found.values
    return known._replace(levels=levels, losses=losses)


def opposed(evaluate: Evaluations, base: Evaluated, score: Score, role: int) -> bool:
    """Whether the discriminator's loss wants scores of one role high in one call and low in another."""
    levels, wanted = levels_of(evaluate, base, score), []
    for k, rows in score.rows.items():
        [by] = derivatives(base.losses[D], [base.calls[k].outputs[score.leaf]])
        if by is None or not bool((rows == bool(role)).any()):
            continue
        tried = [put(evaluate, [score], [(float(each), float(each))], [k]) for each in levels]
        losses = np.array([np.nan if each is None else each.values[D] for each in tried])
        if np.isfinite(losses).all() and np.ptp(losses) > FLAT * max(1.0, np.abs(losses).max()):
            wanted.append({*levels[losses <= losses.min() + LEAST * np.ptp(losses)]})
    return any(not one & other for one in wanted for other in wanted)


def depends_otherwise(evaluate: Evaluations, base: Evaluated) -> bool:
    """Whether the generator's loss depends on the discriminator's parameters while its outputs stay as they were."""

    def change(number: int, outputs: list[torch.Tensor]) -> list[torch.Tensor]:
        return base.calls[number].outputs if number < len(base.calls) else outputs

    alone = [each for each in evaluate.players[D].parameters if id(each) not in evaluate.generator]
    moved, value = pushed(evaluate, alone, PUSHES[0], change), base.values[G]
    return moved is None or abs(moved.values[G] - value) > FLAT * max(1.0, abs(value))


def turned(evaluate: Evaluations, base: Evaluated) -> bool:
    """Whether the generator's loss rises against its gradient, as where this is turned round on its way."""
    parameters = evaluate.players[G].parameters
    with flagged(parameters):
        gradient = derivatives(base.losses[G], parameters)
    size = float(sum(float(wide(each).square().sum()) for each in gradient if each is not None)) ** 0.5
    if not size:
        return False

    def against(step: float) -> float:
        def prepare() -> None:
            for parameter, each in zip(parameters, gradient, strict=True):
                if each is not None:
                    parameter.data.sub_(step / size * each)

        return evaluate(prepare=prepare).values[G]

    return against(STEP) > against(-STEP)


def weighs(evaluate: Evaluations, base: Evaluated) -> bool:
    """Whether the generator's gradient depends on scores, be they constants in its loss, as with policy gradients.

    So it may where losses refuse other scores.
    """
    parameters, other = evaluate.players[G].parameters, _with_other_scores(evaluate)
    if other is None:
        return True
    with flagged(parameters):
        gradients = [derivatives(each.losses[G], parameters) for each in (base, other)]
    return any(
        a is not None and b is not None and bool((a - b).norm() > FLAT * a.norm())
        for a, b in zip(*gradients, strict=True)
    )


def _with_other_scores(evaluate: Evaluations) -> Evaluated | None:
    """The losses with all that the discriminator returns moved: by 1, or as far as shares may be; `None` if refused."""
    for moved in (lambda each: each + 1, lambda each: 0.9 * each):

        def change(number: int, outputs: list[torch.Tensor], moved: Callable = moved) -> list[torch.Tensor]:
            return [moved(each) if each.is_floating_point() else each for each in outputs]

        if (found := _changed(evaluate, change)) is not None:
            return found
    return None


def of_classes(base: Evaluated, score: Score) -> bool:
    """Whether scores tell classes, not real from generated samples."""
    held = [base.calls[k].outputs[score.leaf] for k in score.rows]
    return any(any(each is one for one in held) or any(upstream(each, held)) for each in base.functions.classes)


def roots(base: Evaluated, scores: Sequence[Score]) -> Mapping[int, int]:
    """By the place of scores, the place of the first that are of the same discriminator.

    So are those that modules return which have a parameter in common, and those that are made of what these return.
    """
    parameters = [_made_by(base, score) for score in scores]
    return {i: next(j for j in range(i + 1) if parameters[i] & parameters[j]) for i in range(len(scores))}


def _made_by(base: Evaluated, score: Score) -> set[int]:
    """The `id`s of the parameters that scores are made by."""
    modules = {id(score.module): score.module}
    for k in score.rows:
        here = base.calls[k].outputs[score.leaf]
        for number, call in enumerate(base.calls):
            if number != k and any(upstream(here, call.outputs)):
                modules[id(call.module)] = call.module
    return {id(each) for module in modules.values() for each in module.parameters()}
