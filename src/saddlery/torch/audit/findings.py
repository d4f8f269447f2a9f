"""Findings of a check of somebody's losses: stable codes, what each means, where in the code, and what to try."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

CODES = {  # stable: none is given another meaning, one that is dropped leaves a gap
    "F01": "a loss is not finite",
    "F02": "a player's loss does not reach that player's parameters",
    "F03": "the discriminator's loss ignores generated samples",
    "F04": "the discriminator's loss ignores real samples",
    "F05": "the generator's loss ignores what the discriminator says of generated samples",
    "F06": "the discriminator is taught the same of generated and real samples",
    "F07": "the generator is taught to make its samples easier to tell from real ones",
    "F08": "what the discriminator says of generated samples does not reach the generator's parameters",
    "F09": "trainable parameters are in no optimiser",
    "F10": "parameters are in both players' optimisers",
    "F11": "parameters in an optimiser get no gradient from their player's loss",
    "F12": "a step is taken with the gradient of the other player's loss",
    "F13": "a step is taken with gradients of an earlier step",
    "F14": "generated and real samples are of different scales",
    "F15": "modules are in evaluation mode",
    "F16": "the discriminator's gradient is not that of its loss: a part is cut off",
    "F17": "a cross-entropy is given labels for logits",
    "F18": "a sigmoid is applied twice",
    "F19": "the losses are not a function of the batch and the random state",
}


class Finding(NamedTuple):
    """A finding: something that a check found wrong.

    - `code`: of `CODES`. `what`: in words, with the number that shows it. `where`: `file.py:line` and what stands
      there, or names of parameters and modules; empty where it is not known. `remedy`: what to try.
    """

    code: str
    what: str
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        """In two or three lines, the code first."""
        more = [each for each in (self.where, self.remedy and f"try: {self.remedy}") if each]
        return "\n".join([f"{self.code}  {self.what}", *(f"     {each}" for each in more)])


class Told(NamedTuple):
    """What a part of a check has to say: findings, notes, and what it could not look for, by code, and why."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    missing: Mapping[str, str] = MappingProxyType({})


class Audit(NamedTuple):
    """What a check found.

    - `findings`: what is wrong; none for a right loop. `notes`: what is worth knowing and may be meant so.
    - `made`: the codes that were looked for; `unknown`: those that could not be, by code, and why.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    made: tuple[str, ...]
    unknown: dict[str, str]

    def __str__(self) -> str:
        """How many failed, each finding, each note, and what was not looked for.

        >>> print(Audit((), (), ("F01", "F02"), {"F12": "needs step="}))
        check: 0 of 2 failed
         not looked for: F12 (needs step=)
        """
        failed = len({each.code for each in self.findings})
        lines = [f"check: {failed} of {len(self.made)} failed"]
        lines += [f" {line}" for each in self.findings for line in str(each).split("\n")]
        lines += [f" note: {each}" for each in self.notes]
        for why in dict.fromkeys(self.unknown.values()):
            codes = ", ".join(code for code in self.unknown if self.unknown[code] == why)
            lines.append(f" not looked for: {codes} ({why})")
        return "\n".join(lines)
