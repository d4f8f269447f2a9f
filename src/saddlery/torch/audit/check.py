"""A pre-flight check of adversarial losses on one batch."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch.optim import Optimizer

from saddlery.errors import InvalidType, InvalidValue
from saddlery.text.arguments import quoted
from saddlery.torch.audit import cuts, reach, roles, rows, samples, scores, slopes, steps
from saddlery.torch.audit.calls import derivatives, flagged
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.findings import CODES, Audit, Finding, Told
from saddlery.torch.audit.rows import Score
from saddlery.torch.audit.scores import D, Response
from saddlery.torch.players import Losses, players

ALIKE = 1e-5  # of a loss's size: within it, an evaluation is the same as another from the same state
OF_SAMPLES = ("F14",)
OF_STEP = ("F12", "F13")
DEEPEST = 4  # modules within one another that are opened
LEAK = 1e-12  # of a gradient's norm
UNSOUND = "needs losses that are finite and repeatable"
UNREACHED = "needs a discriminator's loss that has a derivative by its parameters"
UNCALLED = "no module with parameters of the discriminator alone was called, or not as often each time"
TOGETHER = "one of the discriminator's scores is of real and of generated samples together"


def check(
    losses: Losses,
    batch: object,
    *,
    generator: Optimizer | Iterable[Optimizer],
    discriminator: Optimizer | Iterable[Optimizer],
    step: Callable[[Any], Any] | None = None,
    ignore: Collection[str] = (),
) -> Audit:
    """Check two players' losses on one batch, before training: does each teach its player what it is meant to?

    Each loss is looked at as a function of the discriminator's scores, of both players' parameters and of the batch: by
    derivatives, by finite differences in float64, and with scores set to other levels. Parameters, buffers, gradients,
    modes and random number generators are bit for bit as before afterwards. It takes 14 to 25 evaluations of right
    losses, and up to a hundred where something is wrong or has to be looked at closely.

        >>> G, D = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
        >>> def losses(real):
        ...     fake = G(torch.randn(len(real), 2))
        ...     entropy = torch.nn.functional.binary_cross_entropy_with_logits
        ...     ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        ...     of_d = entropy(D(real), ones) + entropy(D(fake.detach()), ones)
        ...     return entropy(D(fake), ones), of_d
        >>> opt_g, opt_d = (torch.optim.Adam(each.parameters()) for each in (G, D))
        >>> found = check(losses, torch.randn(8, 2), generator=opt_g, discriminator=opt_d)
        >>> [each.code for each in found.findings]
        ['F06']

    **Arguments:**
    - `losses`: from a batch to `(generator_loss, discriminator_loss)`, one number each, with their graphs, as the loop
      has them; no backward pass in it.
    - `batch`: what `losses` takes. `generator`, `discriminator`: each player's optimiser, or several.
    - `step`: a whole step of training on a batch, of which two are made and undone: only so can gradients that are left
      over be seen. What both functions refer to is put back as well: modules, variables around them, attributes of
      objects of classes of your own, schedulers of learning rates; not what they do to files, data loaders and others.
    - `ignore`: codes, as of `CODES`, that are meant so.

    **Raises:** `TypeError` or `ValueError` for arguments, and where `losses` does not return two numbers of PyTorch's;
    whatever `losses` raises.
    """
    if not callable(losses):
        raise InvalidType(f"losses: got {quoted(losses)}, expected a function of a batch")
    ignore = {ignore} if isinstance(ignore, str) else {*ignore}
    if unknown := sorted(ignore - {*CODES}):
        raise InvalidValue(f"ignore: got {quoted(unknown[0])}, expected codes of {', '.join(CODES)}")
    evaluate = Evaluations(losses, batch, players(generator, discriminator), step)
    try:
        with torch.enable_grad():
            found, notes, missing = _checked(evaluate, step)
    finally:
        evaluate.state.restore()
    kept = [each for each in found if each.code not in ignore]
    made = tuple(code for code in CODES if code not in missing and code not in ignore)
    return Audit(tuple(sorted(kept, key=lambda each: each.code)), tuple(notes), made, missing)


def _checked(
    evaluate: Evaluations, step: Callable[[Any], Any] | None
) -> tuple[list[Finding], list[str], dict[str, str]]:
    """What is found, what is noted, and what could not be looked for, and why."""
    missing: dict[str, str] = {} if step else dict.fromkeys(OF_STEP, "needs step=")
    first = evaluate()
    found = [*_not_finite(first), *_not_repeated(first, again := evaluate())]
    base = evaluate()
    unsound = UNSOUND if found else ""
    of_owners, notes = reach.owned(evaluate, base, again)
    found += of_owners + reach.moods(evaluate, base)
    notes += samples.normed_penalty(base) + _leak(evaluate, base)
    roles_of = rows.Roles() if unsound else _roles(evaluate, base, again)
    if not unsound and (cut_off := reach.unreached(evaluate, base, D)):
        found, unsound = [*found, cut_off], UNREACHED
    if unsound:
        missing |= dict.fromkeys((*roles.OF_SCORES, *OF_SAMPLES, "F02", "F11", "F16"), unsound)
        return found, notes, _without(missing, found)
    evaluate, base, of_scores = _opened(evaluate, base, roles_of)
    reached = reach.reached(evaluate, base, of_scores.scores, of_scores.responses)
    for told in (of_scores.told, reached):
        found += told.findings
        notes += told.notes
        missing |= told.missing
    found += _entropies(base, found)
    for judged in (cuts.cut(evaluate), slopes.slopes(evaluate, base)):
        found += judged.findings
        notes += judged.notes
        missing |= {"F16": judged.why} if judged.why else {}
    found += steps.steps(evaluate, step) if step else []
    return found, notes, _without(missing, found)


def _without(missing: Mapping[str, str], found: Sequence[Finding]) -> dict[str, str]:
    """What could not be looked for, without what was found all the same."""
    return {code: missing[code] for code in sorted(missing) if code not in {each.code for each in found}}


def _roles(evaluate: Evaluations, base: Evaluated, again: Evaluated) -> rows.Roles:
    """Which rows of what the discriminator gets are of generated samples.

    **Raises:** `ValueError` where it is the generator that is given what the discriminator makes.
    """
    found, other = rows.roles(evaluate, base, again), evaluate.swapped()
    if found.moved and not found.any and rows.roles(other, other(), other()).any:
        raise InvalidValue(
            "generator, discriminator: these look swapped: what the discriminator gets does not depend on parameters "
            "of generator=, and what the generator gets does on those of discriminator="
        )
    return found


class _OfScores(NamedTuple):
    """What scores show, the scores, and the responses to them."""

    told: Told
    scores: Sequence[Score] = ()
    responses: Sequence[Response] = ()

    @property
    def hidden(self) -> bool:
        """Whether nothing is told of them."""
        return {*roles.OF_SCORES} <= {*self.told.missing}


def _of_scores(evaluate: Evaluations, base: Evaluated, seen: rows.Roles) -> _OfScores:
    """What is found and noted of the discriminator's scores and samples."""
    if seen.moved is None:
        return _OfScores(Told(missing=dict.fromkeys((*roles.OF_SCORES, *OF_SAMPLES), UNCALLED)))
    of_samples = samples.scales(base, seen)
    notes = samples.mixed(base, seen)
    held = rows.scores_of(base, seen)
    if held is None:
        return _OfScores(Told(tuple(of_samples), tuple(notes), dict.fromkeys(roles.OF_SCORES, TOGETHER)))
    classes = [scores.of_classes(base, each) for each in held]
    found = scores.responses(evaluate, base, held, classes)
    told = roles.told(evaluate, base, held, found, classes)
    told = Told((*told.findings, *of_samples), (*told.notes, *notes), told.missing)
    return _OfScores(told, held, found)


def _opened(evaluate: Evaluations, base: Evaluated, seen: rows.Roles) -> tuple[Evaluations, Evaluated, _OfScores]:
    """What scores show, also of modules within those that are given real and generated samples together."""
    first = found = evaluate, base, _of_scores(evaluate, base, seen)
    for _ in range(DEEPEST):
        if not found[2].hidden:
            return found
        inner = found[0].within(rows.together(found[1], seen))
        if inner.opened == found[0].opened:
            break
        base, again = inner(), inner()
        seen = rows.roles(inner, base, again)
        found = inner, base, _of_scores(inner, base, seen)
    return first if found[2].hidden else found


def _not_finite(evaluated: Evaluated) -> list[Finding]:
    values = dict(zip(("generator", "discriminator"), evaluated.values, strict=True))
    wrong = [f"the {name}'s is {each}" for name, each in values.items() if not abs(each) < float("inf")]
    return [Finding("F01", f"{CODES['F01']}: {' and '.join(wrong)}")] if wrong else []


def _not_repeated(one: Evaluated, other: Evaluated) -> list[Finding]:
    """The finding that two evaluations from the same state differ: F19."""
    for name, a, b in zip(("generator", "discriminator"), one.values, other.values, strict=True):
        if abs(a - b) > ALIKE * max(1.0, abs(a), abs(b)):
            what = f"{CODES['F19']}: from the same state the {name}'s is {a:.6g} and then {b:.6g}"
            remedy = "take the data from the batch, and randomness from PyTorch's, NumPy's or Python's generators"
            return [Finding("F19", what, "", remedy)]
    return []


def _entropies(base: Evaluated, told: Sequence[Finding]) -> list[Finding]:
    """The findings on what cross-entropies are given, F17 and F18, where no other one has told of it."""
    found = []
    if (wrong := roles.swapped(base)) and not any(roles.SWAPPED in each.where for each in told):
        what = f"{CODES['F17']}: the arguments of {wrong[0].name} look swapped"
        found.append(Finding("F17", what, str(wrong[0].site), f"{wrong[0].name}(logits, labels)"))
    twice = [
        each
        for each in base.functions.entropies
        if each.name.endswith("logits") and samples.activation(each.logits) == samples.BOUNDS["SigmoidBackward0"]
    ]
    if twice:
        what = f"{CODES['F18']}: before {twice[0].name} and in it"
        found.append(Finding("F18", what, str(twice[0].site), "leave out the sigmoid, or take binary_cross_entropy"))
    return found


def _leak(evaluate: Evaluations, base: Evaluated) -> list[str]:
    """The note that the discriminator's loss has a gradient by the generator's parameters."""
    parameters = evaluate.players[0].parameters
    with flagged(parameters):
        found = [each for each in derivatives(base.losses[1], parameters) if each is not None]
    norm = math.hypot(*(float(each.norm()) for each in found))
    if not norm > LEAK:
        return []
    return [
        f"the discriminator's loss has a gradient by the generator's parameters too (its norm is {norm:.3g}): a "
        "backward pass of it costs more, and what it leaves there must be zeroed before the generator's; step= shows "
        "whether it is"
    ]
