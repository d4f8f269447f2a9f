"""The batch that a loop is at, seen where a data loader gives it out."""

from typing import Any

from torch.utils.data.dataloader import _BaseDataLoaderIter


class LastBatch:
    """The last batch that any data loader gave out, while it is open.

    >>> from torch.utils.data import DataLoader
    >>> seen = LastBatch()
    >>> for batch in DataLoader([1, 2, 3]):
    ...     pass
    >>> seen.batch
    tensor([3])
    >>> seen.close()
    """

    def __init__(self) -> None:
        self.batch: object = None
        self._before = before = _BaseDataLoaderIter.__next__

        def following(loading: Any) -> Any:
            self.batch = before(loading)
            return self.batch

        self._mine = following
        setattr(_BaseDataLoaderIter, "__next__", following)  # noqa: B010

    def close(self) -> None:
        """Look no longer; where somebody else looks since, his way of looking stays."""
        if _BaseDataLoaderIter.__next__ is self._mine:
            setattr(_BaseDataLoaderIter, "__next__", self._before)  # noqa: B010
        self.batch = None
