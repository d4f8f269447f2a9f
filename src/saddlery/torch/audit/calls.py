"""Calls of the discriminator during an evaluation of the losses: what went in, what came out, and changes to it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch._C._functorch import maybe_current_level
from torch.nn import Module
from torch.nn.modules.module import (
    _global_forward_hooks_with_kwargs,
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils._pytree import tree_flatten, tree_unflatten

from saddlery.torch.audit.functions import Site, site
from saddlery.torch.state import State

Change = Callable[[int, list[torch.Tensor]], list[torch.Tensor]]  # of the outputs of a call, by its number


class Call(NamedTuple):
    """A call of a module whose parameters are the discriminator's alone, which no such module makes but one opened.

    `inputs`, `outputs`: its tensors, whatever they stand in, in order; `site`: from where it was called.
    """

    module: Module
    site: Site
    inputs: list[torch.Tensor]
    outputs: list[torch.Tensor]


class Calls:
    """Modules that are called within its context: each is kept in `state`; calls of the discriminator are recorded.

    **Arguments:**
    - `of_generator`, `of_discriminator`: the `id`s of the players' parameters. Whose a module is that is in `state`
      already counts as it is now: somebody may call it with others in the place of its parameters.
    - `change`: given the number of a call and its outputs, what it returns instead; `put_in`: likewise of what stands
      in its place in the call. `opened`: the `id`s of modules of which the calls within are recorded instead.

    **Attributes:** `calls`: of the discriminator; `outermost`: modules that no other module called, each once;
    `trained`: the `id`s of those that were called in training mode.
    """

    def __init__(
        self,
        state: State,
        of_generator: set[int],
        of_discriminator: set[int],
        change: Change | None = None,
        put_in: Change | None = None,
        opened: frozenset[int] = frozenset(),
    ):
        self.state, self.of_generator, self.of_discriminator = state, of_generator, of_discriminator
        self.change, self.put_in, self.opened = change, put_in, opened
        self.calls: list[Call] = []
        self.outermost: dict[int, Module] = {}
        self.trained: set[int] = set()
        self._stack: list[bool] = []
        self._owners: dict[int, tuple[bool, bool]] = {}
        for module in state.modules:
            self.of_player(module)

    def __enter__(self) -> "Calls":
        self._hooks = [
            register_module_forward_pre_hook(cast(Callable[..., None], self._before)),
            register_module_forward_hook(self._after, with_kwargs=True, always_call=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
            _global_forward_hooks_with_kwargs.pop(hook.id, None)  # which PyTorch forgets

    def of_player(self, module: Module) -> tuple[bool, bool]:
        """Whether a module, with those in it, has parameters of the generator, and of the discriminator."""
        if id(module) not in self._owners:
            held = {id(each) for each in module.parameters()}
            self._owners[id(module)] = bool(held & self.of_generator), bool(held & self.of_discriminator)
        return self._owners[id(module)]

    def _before(self, module: Module, args: tuple) -> tuple | None:
        if is_within():
            return None
        self.state.add_module(module)
        if module.training:
            self.trained.add(id(module))
        if not self._stack:
            self.outermost.setdefault(id(module), module)
            for each in module.modules():
                self.state.add_module(each)
        within = any(self._stack)
        opens = within or (self.of_player(module) == (False, True) and id(module) not in self.opened)
        self._stack.append(opens)
        put_in = self.put_in
        if put_in is None or within or not opens:
            return None
        return _with(args, lambda given: put_in(len(self.calls), given))

    def _after(self, module: Module, args: tuple, *rest: Any) -> Any:
        """Record a call; after an error, PyTorch leaves out the arguments by name."""
        if is_within():
            return None
        opened, output = self._stack.pop(), rest[-1]
        if output is None or not opened or any(self._stack):
            return None
        outputs = tensors(output)
        # Gradients by another tensor with the same numbers are those of what is done with them after the call alone.
        changed = [each.view_as(each) if each.is_floating_point() else each for each in outputs]
        changed = changed if self.change is None else self.change(len(self.calls), changed)
        self.calls.append(Call(module, site(), tensors((args, *rest[:-1])), changed))
        return _with(output, lambda _: changed)


def is_within() -> bool:
    """Whether a function is being transformed, as by `torch.func`, or a backward pass computes something again."""
    return maybe_current_level() is not None or torch._C._current_graph_task_id() != -1


def _with(value: Any, change: Callable[[list[torch.Tensor]], list[torch.Tensor]]) -> Any:
    """Nested lists, tuples and dicts with other tensors in the place of those that they hold."""
    leaves, shape = tree_flatten(value)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    for i, each in zip(places, change([leaves[i] for i in places]), strict=True):
        leaves[i] = each
    return tree_unflatten(leaves, shape)


def tensors(value: object) -> list[torch.Tensor]:
    """The tensors in nested lists, tuples and dicts, in order."""
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, torch.Tensor)]


def derivatives(value: torch.Tensor, by: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    """The gradient of a value by each of some tensors, `None` of those that it does not depend on by the graph."""
    asked = [each for each in by if each.requires_grad]
    if not value.requires_grad or not asked:
        return [None] * len(by)
    found = iter(torch.autograd.grad(value, asked, torch.ones_like(value), retain_graph=True, allow_unused=True))
    every = [next(found) if each.requires_grad else None for each in by]
    return [each.to_dense() if each is not None and each.is_sparse else each for each in every]


def wide(array: torch.Tensor) -> torch.Tensor:
    """An array in double precision, or in single precision on devices that have no other."""
    if array.is_complex():
        return array.to(torch.complex128)
    return array.float() if array.device.type == "mps" else array.double()


class flagged:
    """A context in which parameters count as trainable, as they did when the losses were taken."""

    def __init__(self, parameters: Sequence[torch.Tensor]):
        self.parameters = parameters

    def __enter__(self) -> None:
        self._were = [each.requires_grad for each in self.parameters]
        for each in self.parameters:
            each.requires_grad_(True)

    def __exit__(self, *_: object) -> None:
        for each, was in zip(self.parameters, self._were, strict=True):
            each.requires_grad_(was)


def upstream(output: torch.Tensor, of: Sequence[torch.Tensor]) -> list[bool]:
    """Whether each of some tensors is what another was made of, as the graph of derivatives has it."""
    wanted = [each.grad_fn for each in of]
    seen, left = set(), [output.grad_fn]
    while left:
        node = left.pop()
        if node is not None and node not in seen:
            seen.add(node)
            left += [each for each, _ in node.next_functions]
    return [node is not None and node is not output.grad_fn and node in seen for node in wanted]
