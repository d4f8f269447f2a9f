"""The steps at which a run is recorded: a row of its history each."""

from saddlery.errors import InvalidValue

MOST = 10_000_000  # records of a run


def rows(steps: int, every: int) -> list[int]:
    """The steps at which probes are taken: 0, every `every`-th, and the last.

    **Raises:** `ValueError` when they are more than ten million.
    """
    require_few(steps, every)
    return [*range(0, steps, every), steps]


def require_few(steps: int, every: int) -> None:
    """Refuse records that are too many to be kept as rows, before any list of them is made."""
    if steps // every > MOST:
        raise InvalidValue(f"every: got {every}, expected at least {-(-steps // MOST)}, for at most {MOST:,} records")
