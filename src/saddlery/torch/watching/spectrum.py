"""Curvature and eigenvalues of a watched training, with what they cost."""

import sys
from collections.abc import Sequence

import numpy as np
import torch
from torch import distributed

from saddlery.errors import InvalidValue
from saddlery.text.names import nearest
from saddlery.torch.doubled import Doubled
from saddlery.torch.field import USUAL, Field, Vector
from saddlery.torch.players import Losses, Player
from saddlery.torch.watching.curvature import PRODUCTS, Curvature, curvature

COPIES = 10  # of the parameters, held while it is measured
AGAIN = 0.1, 2.0  # error, and times that with which it was chosen, from both of which a step is chosen anew
METHODS: dict[str, type[Field]] = {"differences": Field, "autograd": Doubled}


class Measured:
    """Measurements of the field of two losses, whose step of differences is chosen once and kept while it is good.

    **Arguments:** `method`: of products, one of `METHODS`.

    **Raises:** `ValueError` for another.
    """

    def __init__(self, players: Sequence[Player], losses: Losses, method: str = "differences"):
        if method not in METHODS:
            raise InvalidValue(nearest("method", method, METHODS))
        self.players, self.losses, self._field = players, losses, METHODS[method]
        self._step: float | None = None
        self._error = 0.0  # with which the step was chosen

    def curvature(self, batch: object) -> Curvature:
        """The curvature along the field on a batch."""
        with self._field(self.players, self.losses, batch, reduced, self._step or USUAL) as field:
            if chosen := self._step is None:
                field.calibrate(field.value())
            field.verify()
            found = curvature(field)
            self._error = found.error if chosen else self._error
            self._step = None if found.error > max(AGAIN[0], AGAIN[1] * self._error) else field.step
        return found

    def eigenvalues(self, batch: object, k: int, products: int, seconds: float) -> np.ndarray:
        """The k eigenvalues of J of the largest magnitude, by ARPACK; what it may cost is said on stderr first.

        **Arguments:** `products`: that it may take; `seconds`: of a step of training.

        **Raises:** `RuntimeError` where they are not found with so many.
        """
        from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

        said = (
            f"up to {products} products with J, {duration(2 * products * seconds)}, {memory(self.players, 2 * k + 4)}"
        )
        print(f"spectrum: {said}", file=sys.stderr)
        with Field(self.players, self.losses, batch, reduced) as field:
            v = field.value()
            field.calibrate(v)
            left = products

            def product(way: np.ndarray) -> np.ndarray:
                nonlocal left
                left -= 1
                if left < 0:
                    raise RuntimeError(f"spectrum: not found with {products} products; give more, or fewer eigenvalues")
                return flat(field.product(_shaped(way, field)))

            size = sum(each.numel() for each in field.parameters)
            operator = LinearOperator((size, size), product, dtype=np.float64)  # type: ignore[call-arg]
            try:
                found = eigs(operator, k, v0=flat(v), return_eigenvectors=False, tol=1e-3)  # type: ignore[arg-type]
            except ArpackError as error:
                raise RuntimeError(f"spectrum: {error}") from error
        return found[np.argsort(-np.abs(found))]


def reduced(found: Vector) -> Vector:
    """A vector averaged over the processes that train together, each of which must be here."""
    if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
        for each in found:
            distributed.all_reduce(each)
            each /= distributed.get_world_size()
    return found


def flat(vector: Vector) -> np.ndarray:
    """A vector in one array."""
    return torch.cat([each.reshape(-1).double().cpu() for each in vector]).numpy()


def _shaped(way: np.ndarray, field: Field) -> Vector:
    parts = torch.as_tensor(way.ravel()).split([each.numel() for each in field.parameters])
    return [
        part.float().reshape(each.shape).to(each.device) for part, each in zip(parts, field.parameters, strict=True)
    ]


def cost(players: Sequence[Player], seconds: float) -> str:
    """The cost of measuring curvature, in words."""
    return f"about {duration((2 * PRODUCTS + 1) * seconds)}, {memory(players, COPIES)}"


def duration(seconds: float) -> str:
    """A time, in words."""
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def memory(players: Sequence[Player], copies: int) -> str:
    """The memory of so many copies of all parameters, in words."""
    held = 4 * copies * sum(each.numel() for player in players for each in player.parameters)
    size, unit = (1e9, "GB") if held >= 1e8 else (1e6, "MB") if held >= 1e5 else (1e3, "kB")
    return f"+{held / size:.1f} {unit}"
