"""The recorded steps of a run: one for each row of its history."""

from saddlery.errors import InvalidValue

MOST = 10_000_000  # records of a run


def rows(steps: int, every: int) -> list[int]:
    """The steps at which probes record: 0, every `every`-th, and the last.

    **Raises:** `ValueError` when they are more than ten million.
    """
    require_few(steps, every)
    return [*range(0, steps, every), steps]


def require_few(steps: int, every: int) -> None:
    """Refuse more records than can be kept as rows, before any list of them is made."""
    if steps // every > MOST:
        raise InvalidValue(f"every: got {every}, expected at least {-(-steps // MOST)}, for at most {MOST:,} records")
