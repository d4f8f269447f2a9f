"""Measurements that are taken now and then along a training, each on one batch."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from saddlery.errors import InvalidValue
from saddlery.torch.watching.batches import LastBatch

T = TypeVar("T")


class Looks(Generic[T]):
    """A measurement on one batch, every so many steps.

    **Arguments:** `measure`: from a batch to what is measured; `batch`: by default the last one that a data loader gave
    out; `every`: how many steps lie between two.

    **Attributes:** `found`: what was measured, by step.
    """

    def __init__(self, measure: Callable[[Any], T], batch: object, every: int):
        self.measure, self.batch, self.every = measure, batch, every
        self.found: dict[int, T] = {}
        self._seen = LastBatch() if batch is None else None
        self._last = 0

    def due(self, step: int) -> bool:
        """Whether as many steps as there must be lie behind the last look."""
        return step - self._last >= self.every

    def now(self, step: int) -> T:
        """Look now."""
        self._last = step
        self.found[step] = found = self.measure(given(self.batch if self._seen is None else self._seen.batch))
        return found

    def close(self) -> None:
        """Look at no batches any more."""
        if self._seen is not None:
            self._seen.close()


def given(batch: object) -> object:
    """A batch, which must be there.

    **Raises:** `ValueError` where there is none.
    """
    if batch is None:
        raise InvalidValue("batch: got none, and no data loader gave one out since; expected what the losses take")
    return batch
