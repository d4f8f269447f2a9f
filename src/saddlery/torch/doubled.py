"""Products with the Jacobian of two losses by double backward, where these are the same as by differences."""

import torch

from saddlery.errors import InvalidValue
from saddlery.text.arguments import first_line
from saddlery.torch import lists
from saddlery.torch.eager import eager
from saddlery.torch.field import Field, Vector, norm

AGREE = 0.1  # difference of products by both ways, as a share of one, above which double backward is refused


class Doubled(Field):
    """A `Field` whose products Jw are taken by differentiating both gradients once more.

    Jᵀu is differentiated by u along w. The graph of the gradients is kept within the context, and a product is one
    backward pass through it, counted as two evaluations. What is detached in a loss is not seen so, and attention and
    compiled code may have no second derivative: `verify` first. A product of another scale is taken by differences.

        >>> g, d = torch.nn.Parameter(torch.tensor([3.0])), torch.nn.Parameter(torch.tensor([4.0]))
        >>> from saddlery.torch.players import players
        >>> two = players(torch.optim.SGD([g], 0.1), torch.optim.SGD([d], 0.1))
        >>> with Doubled(two, lambda batch: ((g * d).sum(), (-g * d).sum()), None) as field:
        ...     field.verify()
        ...     [float(each) for each in field.product([torch.ones(1), torch.zeros(1)])]
        [-0.0, 1.0]
    """

    def __enter__(self) -> "Doubled":
        super().__enter__()
        self._graph: tuple[Vector, list[torch.Tensor | None]] | None = None
        return self

    def __exit__(self, *_: object) -> None:
        self._graph = None
        super().__exit__()

    def product(self, way: Vector, scale: float = 1.0) -> Vector:
        """The product of the Jacobian with a direction; by differences where `scale` is another than 1."""
        if scale != 1.0:
            return self.difference(way)
        self.evaluations += 2
        self.state.restore()  # the graph refers to the parameters where they are
        with eager(), torch.enable_grad():
            along, back = self._graph = self._graph or self._differentiated()
            known = [(each, w) for each, w in zip(back, way, strict=True) if each is not None and each.requires_grad]
            if known:
                outputs, ways = zip(*known, strict=True)
                ways = [way.to(each.dtype) for each, way in zip(outputs, ways, strict=True)]
                found = torch.autograd.grad(outputs, along, ways, retain_graph=True, allow_unused=True)
            else:
                found = [None] * len(along)
        pairs = zip(found, along, strict=True)
        return self.reduced([torch.zeros_like(u) if each is None else -each.detach() for each, u in pairs])

    def _differentiated(self) -> tuple[Vector, list[torch.Tensor | None]]:
        """Vectors u, and −Jᵀu with its graph; both gradients are taken with theirs."""
        along = [torch.zeros_like(each, requires_grad=True) for each in self.parameters]
        pairs = zip(self.gradients(graph=True), along, strict=True)
        known = [(each, u) for each, u in pairs if each is not None and each.requires_grad]
        if not known:
            return along, [None] * len(along)
        gradients, ways = zip(*known, strict=True)
        back = torch.autograd.grad(gradients, self.parameters, ways, create_graph=True, allow_unused=True)
        return along, list(back)

    def verify(self) -> None:
        """Compare products by both ways along a random direction in which both players move as far.

        **Raises:** `ValueError` where they differ by more than a tenth, or there is no second derivative.
        """
        random = torch.Generator().manual_seed(0)
        drawn = [torch.randn(each.shape, generator=random).to(each.device) for each in self.parameters]
        parts = [self.part(drawn, player) for player in (0, 1)]
        sizes = [norm(each) or 1.0 for each in parts]
        way = [one / sizes[0] + other / sizes[1] for one, other in zip(*parts, strict=True)]
        expected = self.difference(way)
        try:
            found = self.product(way)
        except RuntimeError as error:
            raise InvalidValue(f"method: autograd has no second derivative here: {first_line(error)}") from error
        size = norm(expected)
        lists.subtract_(found, expected)
        apart = norm(found) / size if size else 0.0
        if not apart <= AGREE:
            raise InvalidValue(
                f"method: by autograd a product with the Jacobian is {apart:.0%} off that by differences, as where "
                'samples are detached; expected "differences"'
            )
