"""Which rows of what the discriminator gets are of generated samples, and the tensors of its scores."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from saddlery.torch.audit.calls import Call, Change, derivatives, upstream, wide
from saddlery.torch.audit.evaluation import Evaluated, Evaluations

NOISE = 8.0  # of what differs by rounding, above which a difference is one
LESS = 0.7  # share of the change of generated samples' scores that those of real ones may change by, beside them
PUSHES = (0.05, 0.3, 1.0)  # by which share of its size each parameter is moved, and by a fifth of all's besides


class Score(NamedTuple):
    """A tensor of scores: the `leaf`-th that a module of the discriminator returns, in all of its calls.

    - `rows`: by the number of a call in which it was returned, which of its entries are of generated samples.
    - `joint`: whether some calls with generated samples are given other numbers as well, that stay the same.
    """

    module: torch.nn.Module
    leaf: int
    rows: dict[int, torch.Tensor]
    joint: bool = False


class Roles(NamedTuple):
    """What changes of what the discriminator gets, where the generator's parameters are moved.

    - `moved`: an evaluation with them moved a little; `None` where the discriminator is not called, or not as often.
    - `changed`: of each call and each tensor that it got, which numbers change; `generated`: of each call, which rows
      do: those of the first tensor that changes, or else of the first.
    """

    moved: Evaluated | None = None
    changed: Sequence[Sequence[torch.Tensor]] = ()
    generated: Sequence[torch.Tensor] = ()

    @property
    def any(self) -> bool:
        """Whether there are any generated samples."""
        return any(bool(each.any()) for each in self.generated)


def roles(evaluate: Evaluations, base: Evaluated, again: Evaluated) -> Roles:
    """Which rows of what the discriminator gets are of generated samples.

    The generator is moved further where that leaves doubt: what it makes may be rounded, as words are.

    **Arguments:** two evaluations of the same state: what differs between them by rounding counts for no change.
    """
    found = Roles()
    for push in PUSHES:
        moved = pushed(evaluate, evaluate.players[0].parameters, push)
        if moved is None or not base.calls or not len(base.calls) == len(again.calls) == len(moved.calls):
            return found
        changed = [
            [_differ(*three) for three in zip(*(each.inputs for each in calls), strict=False)]
            for calls in zip(base.calls, again.calls, moved.calls, strict=True)
        ]
        if found.moved is not None:
            changed = [
                [a | b for a, b in zip(before, now, strict=True)]
                for before, now in zip(found.changed, changed, strict=True)
            ]
        found = Roles(found.moved or moved, changed, [_rows(inputs) for inputs in changed])
        if found.any and all(bool(rows.all()) or not bool(rows.any()) for rows in found.generated):
            break
    return found


def pushed(
    evaluate: Evaluations, parameters: Sequence[torch.Tensor], by: float, change: Change | None = None
) -> Evaluated | None:
    """The losses with parameters moved by a share of their size; `None` where they refuse it."""
    try:
        return evaluate(change, prepare=lambda: _push(parameters, by))
    except Exception:  # whatever somebody's code has against such parameters
        return None
    finally:
        evaluate.state.restore()


@torch.no_grad()
def _push(parameters: Sequence[torch.Tensor], by: float) -> None:
    """Move all numbers of some parameters, those that are 0 too."""
    random = torch.Generator().manual_seed(0)
    for each in parameters:
        sign = torch.randint(0, 2, each.shape, generator=random).to(each) * 2 - 1
        each.data.add_(by * sign * (each.abs() + 0.2 * (each.abs().mean() + 0.1)))


def _differ(one: torch.Tensor, again: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    """Which numbers differ: all, where shapes do."""
    one, again, moved = one.detach(), again.detach(), moved.detach()
    if one.shape != moved.shape:
        return torch.ones(one.shape, dtype=torch.bool, device=one.device)
    if not one.is_floating_point() or not one.numel() or one.shape != again.shape:
        return one != moved
    return ~((one - moved).abs() <= NOISE * (one - again).abs().max())


def _rows(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Which rows of a call's inputs changed."""
    arrays = [each for each in inputs if each.ndim]
    first = next((each for each in arrays if bool(each.any())), arrays[0] if arrays else torch.zeros(1).bool())
    rows = torch.zeros(len(first), dtype=torch.bool)
    for each in arrays:
        if len(each) == len(rows):
            rows |= each.reshape(len(rows), -1).any(1).cpu()
    return rows


def scores_of(base: Evaluated, seen: Roles) -> list[Score] | None:
    """All tensors that the discriminator returns and does not go on with, and in which calls.

    `None` where one that the discriminator's loss depends on is of real and generated samples together.
    """
    outputs = [(k, j, each) for k, call in enumerate(base.calls) for j, each in enumerate(call.outputs)]
    used: set[int] = set()
    for k, _, each in outputs:
        before = [(i, other) for i, (at, _, other) in enumerate(outputs) if at != k]
        used |= {
            i for (i, _), above in zip(before, upstream(each, [other for _, other in before]), strict=True) if above
        }
    found: dict[tuple[int, int], Score] = {}
    joint = {id(each) for each in together(base, seen)}
    for i, (k, j, each) in enumerate(outputs):
        if i in used or not each.is_floating_point():
            continue
        module, rows = base.calls[k].module, _of_scores(each, seen.generated[k])
        if rows is not None and _follow(each, seen.moved.calls[k].outputs[j] if seen.moved else each, rows):
            found.setdefault((id(module), j), Score(module, j, {}, id(module) in joint)).rows[k] = rows
        elif derivatives(base.losses[1], [each])[0] is not None:
            return None
    return [*found.values()]


def together(base: Evaluated, seen: Roles) -> list[torch.nn.Module]:
    """The modules that are given other numbers beside generated samples in some call."""
    return [call.module for k, call in enumerate(base.calls) if _is_joint(call, seen, k)]


def _is_joint(call: Call, seen: Roles, number: int) -> bool:
    """Whether a call with generated samples is given other numbers besides: as real samples, or what they belong to."""
    changed, rows = seen.changed[number], seen.generated[number]
    return bool(rows.any()) and any(
        not bool(differs[rows].all() if len(differs) == len(rows) else differs.all())
        for each, differs in zip(call.inputs, changed, strict=False)
        if each.is_floating_point() and each.ndim
    )


def _of_scores(scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor | None:
    """Which entries of scores are of generated samples, in the scores' shape; `None` where some are of both."""
    number = len(scores) if scores.ndim else 1
    if bool(rows.all()) or not bool(rows.any()):
        mask = rows.any()
    elif number % len(rows) == 0:  # one for each sample, or several
        mask = rows.repeat_interleave(number // len(rows))
    elif number > 1 and len(rows) % number == 0:  # one for some samples in a row
        together = rows.reshape(number, -1)
        if bool((together.any(1) != together.all(1)).any()):
            return None
        mask = together.any(1)
    else:
        return None
    shape = (-1, *[1] * (scores.ndim - 1)) if scores.ndim else ()
    return mask.reshape(shape).expand(scores.shape).to(scores.device)


def _follow(scores: torch.Tensor, moved: torch.Tensor, rows: torch.Tensor) -> bool:
    """Whether scores of real samples change less than those of generated ones, where the generator is moved a little.

    Otherwise the shape of scores does not tell what they are of; by batch norm all change, but real ones' little.
    """
    if bool(rows.all()) or not bool(rows.any()) or scores.shape != moved.shape:
        return True
    change = wide((moved - scores).detach()).square()
    of_real, of_fake = change[~rows].mean(), change[rows].mean()
    return bool(of_real <= LESS**2 * of_fake)
