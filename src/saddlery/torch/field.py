"""The vector field of two losses in PyTorch and products with its Jacobian, by central differences."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

import torch

from saddlery.torch import lists
from saddlery.torch.eager import eager
from saddlery.torch.players import Losses, Player
from saddlery.torch.state import kept

Vector = list[torch.Tensor]  # an array for each parameter of both players, the generator's first
STEPS = [2.0**-k for k in range(5, 20, 2)]  # of differences, over the size of the parameters
USUAL = 2.0**-14


class Field(AbstractContextManager):
    """The field v = −(∇L_G, ∇L_D) on one batch from one state of random numbers, in whose context it is evaluated.

    A product Jw is (v(θ + εw) − v(θ − εw)) / 2ε, so that no loss is differentiated twice: what is detached in the
    discriminator's loss and attention are measured all the same, and compiled modules as they are written. Parameters
    are moved in place and put back from copies; buffers and random numbers are the same before each evaluation and
    after the last.

    Gradients of networks with relu jump where a unit changes its sign. A difference sees the jumps along its way: their
    mean is part of the Jacobian of the expected loss, which double backward leaves out, and what they differ by from it
    is noise, less by 1/√(batch · ε).

        >>> g, d = torch.nn.Parameter(torch.tensor([3.0])), torch.nn.Parameter(torch.tensor([4.0]))
        >>> from saddlery.torch.players import players
        >>> two = players(torch.optim.SGD([g], 0.1), torch.optim.SGD([d], 0.1))
        >>> with Field(two, lambda batch: ((g * d).sum(), (-g * d).sum()), None) as field:
        ...     field.value(), [round(float(each), 3) for each in field.product([torch.ones(1), torch.zeros(1)])]
        ([tensor([-4.]), tensor([3.])], [0.0, 1.0])

    **Arguments:** `losses`: from a batch to both losses. `reduced`: applied to each evaluation, as to average it over
    processes.

    **Attributes:** `evaluations`: of both gradients so far; `step`: of differences, over the size of the parameters.
    """

    def __init__(
        self,
        players: Sequence[Player],
        losses: Losses,
        batch: object,
        reduced: Callable[[Vector], Vector] = lambda found: found,
        step: float = USUAL,
    ):
        self.players, self.losses, self.batch, self.reduced = players, losses, batch, reduced
        self.parameters = [each for player in players for each in player.parameters]
        self.evaluations, self.step = 0, step
        self._stack = ExitStack()

    def __enter__(self) -> "Field":
        self.state = self._stack.enter_context(kept(self.parameters, gradients=False))
        self.size = norm([each.data for each in self.parameters])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def value(self, way: Vector | None = None, step: float = 0.0) -> Vector:
        """The field where the parameters are moved by so many times a direction."""
        self.evaluations += 1
        self.state.restore()
        if way is not None:
            for parameter, each in zip(self.parameters, way, strict=True):
                parameter.data.add_(each.to(parameter.dtype), alpha=step)
        found = [
            torch.zeros_like(parameter, dtype=_wide(parameter)) if each is None else -each.detach().to(_wide(parameter))
            for parameter, each in zip(self.parameters, self.gradients(), strict=True)
        ]
        return self.reduced(found)

    def gradients(self, graph: bool = False) -> list[torch.Tensor | None]:
        """Each player's gradient of its own loss where the parameters are, with their graph if asked for."""
        generator, discriminator = (list(player.parameters) for player in self.players)
        with eager(), torch.enable_grad():  # compiled code may free what the second gradient needs
            of_g, of_d = self.losses(self.batch)
            first = torch.autograd.grad(of_g, generator, retain_graph=True, create_graph=graph, allow_unused=True)
            second = torch.autograd.grad(of_d, discriminator, create_graph=graph, allow_unused=True)
        return [*first, *second]

    def product(self, way: Vector, scale: float = 1.0) -> Vector:
        """The product of the Jacobian with a direction, here the same as `difference`."""
        return self.difference(way, scale)

    def difference(self, way: Vector, scale: float = 1.0) -> Vector:
        """The product of the Jacobian with a direction, by a difference of so many times the usual step."""
        size = norm(way)
        if not size:
            return [torch.zeros_like(each) for each in way]
        step = scale * self.step * max(self.size, 1e-3) / size
        ahead, behind = self.value(way, step), self.value(way, -step)
        lists.subtract_(ahead, behind)
        lists.scale_(ahead, 1 / (2 * step))
        return ahead

    def calibrate(self, way: Vector) -> float:
        """Choose the step of differences at which products with a direction depend on it least; how much they do.

        A long step meets the curvature of the field, a short one the noise of kinks and the rounding of gradients, and
        what lies between is not the same in every network, batch and precision. Of few units none may change its sign
        within a step that is short enough; so all are tried.

        **Returns:** the difference of the product from that by a neighbouring step, as a share of it; NaN where no step
        changes the field.
        """
        found: dict[float, float] = {}
        before = None
        for self.step in STEPS:
            product = self.difference(way)
            if before is not None and (size := norm(product)):
                between = 2 * self.step  # of this one and the one before, which is four times as long
                found[between] = norm([a - b for a, b in zip(product, before, strict=True)]) / size
            before = product
        self.step = min(found, key=found.__getitem__, default=USUAL)
        return found.get(self.step, math.nan)

    def verify(self) -> None:
        """Nothing: differences are what other ways are compared with."""

    def part(self, vector: Vector, player: int) -> Vector:
        """A vector with a player's part alone."""
        first = len(self.players[0].parameters)
        keep = range(first) if player == 0 else range(first, len(vector))
        return [each if i in keep else torch.zeros_like(each) for i, each in enumerate(vector)]


def dot(one: Vector, other: Vector) -> float:
    """The inner product of two vectors."""
    device = one[0].device
    return float(
        torch.stack([(a * b).sum(dtype=torch.float64).to(device) for a, b in zip(one, other, strict=True)]).sum()
    )


def _wide(parameter: torch.Tensor) -> torch.dtype:
    """The precision in which a parameter's field is held: its own, but at least float32."""
    return torch.promote_types(parameter.dtype, torch.float32)


def norm(vector: Vector) -> float:
    """The Euclidean norm of a vector."""
    return dot([each.float() for each in vector], [each.float() for each in vector]) ** 0.5
