"""Measurements that are taken now and then along a training, each on one batch."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from saddlery.errors import InvalidValue
from saddlery.text.arguments import first_line
from saddlery.torch.watching.batches import LastBatch
from saddlery.torch.watching.saying import say

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


class Measurements:
    """The measurements that are taken along a training, by name, each until it fails.

    **Attributes:** `failed`: by name, why something is not measured, or no longer.
    """

    def __init__(self) -> None:
        self._looks: dict[str, Looks] = {}
        self.failed: dict[str, str] = {}

    def begin(self, name: str, looks: Looks, refused: str = "") -> None:
        """Take a measurement from now on, in the place of one of its name, unless it is refused for a reason."""
        if refused:
            looks.close()
            self._fail(name, f"{name} is not measured: {refused}")
            return
        if name in self._looks:
            self._looks[name].close()
        self._looks[name] = looks
        self.failed.pop(name, None)

    def found(self, name: str) -> dict[int, Any]:
        """What was measured by that name, by step."""
        return self._looks[name].found if name in self._looks else {}

    def now(self, step: int) -> dict[str, float]:
        """The numbers of what is due to be measured."""
        numbers: dict[str, float] = {}
        for name, looks in self._looks.items():
            if name in self.failed or not looks.due(step):
                continue
            try:
                numbers |= looks.now(step).recorded()
            except Exception as error:  # of somebody's losses
                why = f"{type(error).__name__}: {first_line(error)}"
                self._fail(name, f"{name} is not measured from step {step:,} on: {why}")
        return numbers

    def close(self) -> None:
        """Look at no batches any more."""
        for each in self._looks.values():
            each.close()

    def _fail(self, name: str, why: str) -> None:
        self.failed[name] = why
        say(why)


def given(batch: object) -> object:
    """A batch, which must be there.

    **Raises:** `ValueError` where there is none.
    """
    if batch is None:
        raise InvalidValue("batch: got none, and no data loader gave one out since; expected what the losses take")
    return batch
