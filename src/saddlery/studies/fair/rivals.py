"""The rivals of the fair comparisons: the methods compared, each with the values of its parameter."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from saddlery.methods import METHODS
from saddlery.text.call import Call, parse


class Rival(NamedTuple):
    """A rival, a method to compare: a row of the comparison.

    - `name`: what it is called; `parameter`, `values`: what is tried beside the learning rate, where there is any.
    - `method`: the text of its method, with `{}` for the parameter; optimisers in it stand for the task's, at the
      learning rates of all rivals.
    - `loss`, `penalties`: its changes to the game, with `{}` for the parameter; `spectral`: iterations of the
      discriminator's spectral normalisation.
    """

    name: str
    method: str
    parameter: str = ""
    values: tuple[float, ...] = (np.nan,)
    loss: str | None = None
    penalties: tuple[str, ...] = ()
    spectral: int = 0

    @property
    def plain(self) -> bool:
        """Whether it leaves the game as it is.

        >>> Rival("R1", "alternating", penalties=("r1(weight={})",)).plain
        False
        """
        return self.loss is None and not self.penalties and not self.spectral

    def texts(self, game: Call, value: float) -> tuple[Call, str]:
        """Its game, made from the task's, and its method, at a value of its parameter.

        >>> game, method = Rival("a", "jare(gamma={})", penalties=("r1(weight={})",)).texts(parse("ring"), 10.0)
        >>> str(game), method
        ("ring(penalty=('r1(weight=10.0)',))", 'jare(gamma=10.0)')
        """
        changes: dict[str, Any] = {} if self.loss is None else {"loss": self.loss}
        if self.penalties:
            changes["penalty"] = tuple(text.format(value) for text in self.penalties)
        if self.spectral:
            changes["spectral"] = self.spectral
        return game._replace(arguments=game.arguments | changes), self.method.format(value)


def under(optimiser: str) -> str:
    """The keywords of a method's text by which both players have an optimiser of their own.

    >>> under("sgd(learning_rate=0.1)")
    "generator='sgd(learning_rate=0.1)', discriminator='sgd(learning_rate=0.1)'"
    """
    return f"generator={optimiser!r}, discriminator={optimiser!r}"


TENS = (0.1, 1.0, 10.0)
SGD = under("sgd(learning_rate=1e-3)")  # at whose place the learning rates tried are put
ADAM = under("adam(learning_rate=1e-3, b1={0})")
RIVALS = (
    Rival("simultaneous", "simultaneous"),
    Rival("alternating", "alternating"),
    Rival("two time scales", "two_time_scales(ratio={})", "ratio", (0.25, 4.0)),
    Rival("SAGAN's rates", "sagan"),
    Rival("ℓ∞ clipping", "clipped(value={})", "bound", (0.001, 0.01)),
    Rival("ℓ∞ clipping under SGD", f"clipped(value={{0}}, relative=True, {SGD})", "bound", (0.001, 0.01)),
    Rival("norm clipping", "clipped_norm(value={})", "bound", (0.1, 1.0)),
    Rival("momentum", f"simultaneous({ADAM})", "b1", (0.0, 0.9)),
    Rival("negative momentum", "negative_momentum(momentum={})", "b1", (-0.5, -0.3, -0.1)),
    Rival("optimistic", "optimistic"),
    Rival("extragradient", "extragradient"),
    Rival("ExtraAdam", "extra_adam"),
    Rival("lookahead", "lookahead(steps={})", "k", (5, 20)),
    Rival("symplectic", "symplectic(weight={})", "λ", (0.1, 1.0)),
    Rival("competitive", "competitive(step={}, iterations=1)", "η", TENS),
    Rival("adaptive competitive", f"adaptive_competitive(iterations=1, {SGD})"),
    Rival("JARE", "jare(gamma={})", "γ", TENS),
    Rival("consensus", "consensus(gamma={})", "γ", TENS),
    Rival("consensus of two batches", "consensus(gamma={}, batches=2)", "γ", TENS),
    Rival("adaptive consensus", "adaptive_consensus(fraction={})", "fraction", (0.1, 0.5)),
    Rival("adaptive consensus with penalty", "adaptive_consensus(fraction={}, penalty=0.1)", "fraction", (0.1, 0.5)),
    Rival("discriminator-only consensus", "consensus_discriminator(gamma={})", "γ", TENS),
    Rival("generator-only consensus", "consensus(gamma=[[{0}, {0}], [0.0, 0.0]])", "γ", TENS),
    Rival("Neumann", "neumann(order=2, gamma={})", "γ", TENS),
    Rival("Krylov", "krylov(order={})", "order", (1, 3)),
    Rival("Newton", "newton(damping={}, iterations=1)", "damping", TENS),
    Rival("unrolled (1 step)", "unrolled(steps=1)"),
    Rival("unrolled (5 steps)", "unrolled(steps=5)"),
    Rival("unrolled (5 steps) without its second term", "unrolled(steps=5, second_order=False)"),
    Rival("unrolled (10 steps)", "unrolled(steps=10)"),
    Rival(
        "WGAN-GP", "alternating(discriminator_steps=5)", "weight", TENS, "wasserstein", ("wgan_gp(weight={})",)
    ),
    Rival("DRAGAN", "alternating", "weight", TENS, None, ("dragan(weight={})",)),
    Rival("R1", "alternating", "weight", TENS, None, ("r1(weight={})",)),
    Rival("relativistic R1+R2", "alternating", "weight", TENS, "relativistic", ("r1(weight={})", "r2(weight={})")),
    Rival("spectral norm", "alternating", spectral=5),
)  # fmt: skip
FEW = ("simultaneous", "consensus", "unrolled (1 step)", "R1", "spectral norm")  # of a trial


def conditions(names: Iterable[str], rivals: Sequence[Rival] = RIVALS) -> str:
    """What the rivals named have in common, and which of them differ in what: sentences derived from their texts.

    >>> conditions(["simultaneous", "spectral norm"])
    'All have the same seeds, networks, optimiser and batches, but for: another discriminator network: spectral norm.'
    """
    named = set(names)
    differ = {"another loss or penalty": _regularised, "another discriminator network": _spectral,
              "an optimiser of their own": _optimised, "two batches for each direction": _doubled}  # fmt: skip
    found = {what: [each.name for each in rivals if each.name in named and does(each)] for what, does in differ.items()}
    told = "; ".join(f"{what}: {', '.join(which)}" for what, which in found.items() if which)
    return f"All have the same seeds, networks, optimiser and batches{f', but for: {told}' if told else ''}."


def _regularised(rival: Rival) -> bool:
    return rival.loss is not None or bool(rival.penalties)


def _spectral(rival: Rival) -> bool:
    return bool(rival.spectral)


def _optimised(rival: Rival) -> bool:
    return "generator" in _call(rival).arguments


def _doubled(rival: Rival) -> bool:
    call = _call(rival)
    return getattr(METHODS[call.name](**call.arguments).rule, "batches", 1) > 1


def _call(rival: Rival) -> Call:
    return parse(rival.method.format(rival.values[0]))
