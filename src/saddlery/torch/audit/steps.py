"""Which backward passes the gradients of a step come from: F12 and F13."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from saddlery.torch.audit.evaluation import Evaluations, copied
from saddlery.torch.audit.findings import CODES, Finding
from saddlery.torch.audit.functions import Site, stack
from saddlery.torch.eager import eager
from saddlery.torch.players import held

STEPS = 2  # that are made, so that what one leaves is seen in the next
BACKWARD = (torch.Tensor.backward, torch.autograd.backward)


class Backwards(TorchFunctionMode):
    """A context in which backward passes are counted, and what they add to parameters' gradients is noted.

    **Attributes:** `stacks`: of each backward pass, the lines that it was called from; `added`: by the `id` of a
    parameter, the numbers of the passes that its gradient holds, in order; `taken`: what each step of an optimiser
    took: the player, the optimiser's `id`, and the passes.
    """

    def __init__(self, evaluate: Evaluations):
        super().__init__()
        self.players = evaluate.players
        self.stacks: list[tuple[Site, ...]] = []
        self.added: dict[int, list[int]] = {}
        self.taken: list[tuple[str, int, list[int]]] = []
        self._handles: list[Any] = []

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func in BACKWARD:
            self.stacks.append(stack())
        return func(*args, **(kwargs or {}))

    def __enter__(self) -> "Backwards":
        for player in self.players:
            for each in player.parameters:
                trainable = each.requires_grad
                each.requires_grad_(True)
                self._handles += [
                    each.register_hook(self._see(each)),
                    each.register_post_accumulate_grad_hook(self._note),
                ]
                each.requires_grad_(trainable)
            for optimiser in player.optimisers:
                self._handles.append(optimiser.register_step_pre_hook(self._take(player.name, optimiser)))
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.close()

    def close(self) -> None:
        """Remove all hooks."""
        for each in self._handles:
            each.remove()

    def _see(self, parameter: torch.Tensor) -> Callable[[torch.Tensor], None]:
        """A hook that sees whether a parameter has a gradient before another is added to it, or taken without that."""

        def see(gradient: torch.Tensor) -> None:
            grad = parameter.grad
            if grad is None or not bool(((grad.coalesce().values() if grad.is_sparse else grad) != 0).any()):
                self.added[id(parameter)] = []

        return see

    def _note(self, parameter: torch.Tensor) -> None:
        """Note the backward pass that added to a parameter's gradient."""
        self.added.setdefault(id(parameter), []).append(len(self.stacks) - 1)

    def _take(self, name: str, optimiser: Optimizer) -> Callable:
        def take(*_: object) -> None:
            numbers = (self.added.get(id(each), []) for each in held([optimiser]) if each.grad is not None)
            passes = sorted({number for of in numbers for number in of if number >= 0})
            self.taken.append((name, id(optimiser), passes))

        return take


def steps(evaluate: Evaluations, step: Callable[[Any], Any]) -> list[Finding]:
    """The findings of two steps of training from the state as it was, which is restored."""
    evaluate.state.restore()
    seen = Backwards(evaluate)
    try:
        with eager(), seen:
            for _ in range(STEPS):
                step(copied(evaluate.batch))
    finally:
        seen.close()
    evaluate.state.restore()
    owners = _owners([(name, passes) for name, _, passes in seen.taken])
    found: dict[str, Finding] = {}
    before: dict[int, set[int]] = {optimiser: set() for _, optimiser, _ in seen.taken}
    for name, optimiser, passes in seen.taken:
        own = [number for number in passes if name in owners[number]]
        for number in passes if len({seen.stacks[number] for number in passes}) > 1 else ():
            if name not in owners[number] or (len(owners[number]) > 1 and number != passes[-1]):
                found.setdefault("F12", _finding("F12", name, seen.stacks[number], seen.stacks[(own or passes)[-1]]))
        for number in passes[:-1]:
            if number in before[optimiser] and name in owners[number]:
                found.setdefault("F13", _finding("F13", name, seen.stacks[number], seen.stacks[passes[-1]]))
        before[optimiser] |= {*passes}
    return [found[code] for code in sorted(found)]


def _owners(taken: list[tuple[str, list[int]]]) -> dict[int, set[str]]:
    """Whose each backward pass is: of the player that took it alone; else of one that had no other; else of the first.

    >>> _owners([("discriminator", [0, 1]), ("generator", [1, 2])])  # as of two terms, of which one leaks
    {0: {'discriminator'}, 1: {'discriminator'}, 2: {'generator'}}
    """
    takers: dict[int, list[str]] = {}
    for name, passes in taken:
        for number in passes:
            takers.setdefault(number, []).append(name)
    alone = {number for number, names in takers.items() if len({*names}) == 1}
    found = {}
    for number, names in takers.items():
        needing = {name for name, passes in taken if number in passes and not alone & {*passes}}
        found[number] = {*names[:1]} if number in alone or not needing else needing
    return found


def _finding(code: str, name: str, left: Sequence[Site], own: Sequence[Site]) -> Finding:
    """The finding on two backward passes, by the outermost lines that differ: inner ones may be of a helper of both."""
    pairs = [*zip(reversed(left), reversed(own), strict=False)] or [(Site("", 0), Site("", 0))]
    where, at = next((each for each in pairs if each[0] != each[1]), pairs[-1])
    of = "another player's backward pass" if code == "F12" else "the backward pass of the step before"
    what = f"{CODES[code]}: the {name}'s takes what {of} left, beside its own at line {at.line}"
    return Finding(code, what, str(where), f"zero the {name}'s gradients before its own backward pass")
