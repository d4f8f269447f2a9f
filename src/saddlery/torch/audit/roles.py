"""What is wrong with how the losses respond to scores of real and of generated samples: F03 to F07."""

from collections.abc import Sequence

import numpy as np

from saddlery.torch.audit.calls import upstream
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.findings import CODES, Finding, Told
from saddlery.torch.audit.functions import Entropy
from saddlery.torch.audit.rows import Score
from saddlery.torch.audit.scores import GENERATED, REAL, D, G, Response, depends_otherwise, opposed, roots, turned

SWAPPED = "look swapped"
ROLES = {"F03": GENERATED, "F04": REAL}
OF_SCORES = ("F03", "F04", "F05", "F06", "F07", "F08")
OTHERWISE = "the generator's loss depends on the discriminator's parameters by another way than its scores"
TURNED = "the generator's loss rises against its gradient, which is turned round on its way"
OF_CLASSES = "the discriminator's scores are those of classes"
UNTOLD = {
    REAL: "some of what counts as real is wanted high and some low: it may hold samples that were generated earlier",
    GENERATED: "the discriminator is given real and generated samples together, or the generator makes both",
}


def told(
    evaluate: Evaluations,
    base: Evaluated,
    scores: Sequence[Score],
    found: Sequence[Response],
    of_classes: Sequence[bool],
) -> Told:
    """What is wrong with how the losses respond to the discriminator's scores."""
    known = [i for i, each in enumerate(found) if each.responds(D, REAL) or each.responds(D, GENERATED)]
    known = [i for i in known if not of_classes[i]] or known
    if not known:
        return Told((_ignored("F03", base, scores), _ignored("F04", base, scores)))
    telling = _Telling(evaluate, base, scores, found, known)
    findings, notes, missing = [], [], {}
    for i in known:
        if hidden := telling.hidden(i):
            return Told(tuple(findings), tuple(notes), dict.fromkeys(OF_SCORES, hidden))
        part = telling.ignored(i)
        findings += part.findings
        notes += part.notes
        missing |= part.missing
        if of_classes[i]:
            missing |= dict.fromkeys(("F06", "F07"), OF_CLASSES)
        elif not telling.lacking(i):
            findings += _wanted(base, scores[i], found[i])
    if any(each.code == "F07" for each in findings) and turned(evaluate, base):
        findings = [each for each in findings if each.code != "F07"]
        missing["F07"] = TURNED
    return Told(tuple(findings), tuple(notes), missing)


class _Telling:
    """What is known of scores that the discriminator's loss responds to, discriminator by discriminator.

    **Arguments:** `known`: the places of these scores; others are of `told`.
    """

    def __init__(
        self,
        evaluate: Evaluations,
        base: Evaluated,
        scores: Sequence[Score],
        found: Sequence[Response],
        known: Sequence[int],
    ):
        self.evaluate, self.base, self.scores, self.found = evaluate, base, scores, found
        self.group = roots(base, scores)
        self.whole = {self.group[i] for i in known if found[i].complete}  # the discriminators of which all is there
        self.felt = {self.group[i] for i, each in enumerate(found) if each.responds(G, GENERATED)}

    def lacking(self, i: int) -> list[str]:
        """The codes of the roles that the discriminator's loss does not respond to."""
        return [code for code, role in ROLES.items() if not self.found[i].responds(D, role)]

    def hidden(self, i: int) -> str:
        """Why roles cannot be told apart, if so, where a loss does not respond to one."""
        for code in [] if self._is_beside(i) else self.lacking(i):
            other = 1 - ROLES[code]
            together = code == "F04" and self.scores[i].joint and not self.found[i].there[REAL]
            if together or opposed(self.evaluate, self.base, self.scores[i], other):
                return UNTOLD[other]
        return ""

    def ignored(self, i: int) -> Told:
        """What losses ignore of the scores in a place."""
        score, response, lacking = self.scores[i], self.found[i], self.lacking(i)
        if self._is_beside(i):
            return Told(notes=tuple(_noted(code, self.base, score) for code in lacking if response.there[ROLES[code]]))
        findings = [_ignored(code, self.base, [score], response) for code in lacking]
        if self.group[i] in self.felt or not response.there[GENERATED]:
            return Told(tuple(findings))
        if depends_otherwise(self.evaluate, self.base):
            return Told(tuple(findings), missing=dict.fromkeys(("F05", "F07", "F08"), OTHERWISE))
        return Told((*findings, _ignored("F05", self.base, [score], response)))

    def _is_beside(self, i: int) -> bool:
        """Whether scores are something else beside a discriminator's: of it, or of samples of one kind alone.

        So are classes that a discriminator tells besides, and codes that are read off generated samples.
        """
        return self.group[i] in self.whole or bool(self.whole and not all(self.found[i].there))


def _noted(code: str, base: Evaluated, score: Score) -> str:
    """The note that what a discriminator returns besides is not all that scores are."""
    return f"beside a discriminator's scores, of {_of(base, score)}: {CODES[code]}"


def _of(base: Evaluated, score: Score) -> str:
    return f"the output {score.leaf} of {type(score.module).__name__} ({base.calls[[*score.rows][-1]].site})"


def _ignored(code: str, base: Evaluated, scores: Sequence[Score], response: Response | None = None) -> Finding:
    """The finding that a loss does not change with scores of a role."""
    player, of = ("G" if code == "F05" else "D"), ("real" if code == "F04" else "fake")
    role = REAL if code == "F04" else GENERATED
    seen = [k for score in scores for k, rows in score.rows.items() if bool((rows == bool(role)).any())]
    if not seen:
        return Finding(code, f"{CODES[code]}: the discriminator is not called on any", "", _REMEDIES[code])
    what = f"{CODES[code]}: |dL_{player}/dD({of})| = 0"
    if len(scores) == 1 and len(base.calls[seen[0]].outputs) > 1:
        what += f", of the output {scores[0].leaf} of {type(scores[0].module).__name__}"
    if where := _swapped(base):
        return Finding(code, what, where, "give the logits first, the labels second")
    if response is not None and response.linked(G if code == "F05" else D, role):
        what += ", though it is made of them: is their weight 0?"
    return Finding(code, what, str(base.calls[seen[-1]].site), _REMEDIES[code])


def _wanted(base: Evaluated, score: Score, response: Response) -> list[Finding]:
    """The findings on the levels of scores at which each loss is least, where levels were tried."""
    best = response.best
    if not len(best):
        return []
    same = best[best[:, REAL] == best[:, GENERATED]]
    if len(same):
        what = f"{CODES['F06']}: its loss is least at D(real) = D(fake), as at {_at(same[:, 0])}"
        return [Finding("F06", what, _entropy(base, score), _REMEDIES["F06"])]
    real, fake = best[0]
    if response.linked(G, GENERATED) and response.misled(real, fake):
        what = (
            f"{CODES['F07']}: the discriminator's loss is least at D(real) = {real:g} and D(fake) = {fake:g}, and the "
            f"generator's is less at D(fake) = {fake:g} than at {real:g}"
        )
        return [Finding("F07", what, _entropy(base, score), _REMEDIES["F07"])]
    return []


def _at(levels: np.ndarray) -> str:
    return f"{levels[0]:g}" if len(levels) == 1 else f"{levels.min():g} to {levels.max():g}"


def _entropy(base: Evaluated, score: Score) -> str:
    """Where cross-entropies of these scores are taken, or where they are made."""
    if swapped := _swapped(base):
        return swapped
    held = [base.calls[k].outputs[score.leaf] for k, rows in score.rows.items() if bool(rows.any())]
    sites = [
        str(each.site)
        for each in base.functions.entropies
        if any(each.logits is one for one in held) or any(upstream(each.logits, held))
    ]
    return "; ".join(dict.fromkeys(sites or [str(base.calls[k].site) for k in score.rows]))


def _swapped(base: Evaluated) -> str:
    return "; ".join(f"{each.site}\n     the arguments of {each.name} {SWAPPED}" for each in swapped(base)[:1])


def swapped(base: Evaluated) -> list[Entropy]:
    """The cross-entropies whose labels come from a network, and their logits do not."""
    return [each for each in base.functions.entropies if each.labels.requires_grad and not each.logits.requires_grad]


_REMEDIES = {
    "F03": "add the discriminator's term of generated samples",
    "F04": "add the discriminator's term of real samples, or return the generator's loss first, if it is that",
    "F05": "add what the discriminator says to the generator's loss; if it starts later, check from a step after that",
    "F06": "give real and generated samples opposite labels, or terms of opposite sign",
    "F07": "turn the sign, or the labels, of the generator's adversarial term",
}
