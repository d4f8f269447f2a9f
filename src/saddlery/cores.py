"""All cores: how many there are, one function on each, and what ends, with Ctrl-C heard while waiting for it.

The system may hand a signal to any thread, while Python acts on it in the main one alone, and does not wake it. A main
thread that waits without end for others then never hears of Ctrl-C; here it looks up now and then.
"""

import contextlib
import os
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

LOOKS = 0.2  # seconds between looks for a signal


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(function: Callable[..., Any], *inputs: Iterable) -> list:
    """`function` of each input, as `map` takes them, in order, a thread for each core, in the caller's precision.

    **Raises:** what `function` raises first, and `KeyboardInterrupt`; calls that have not begun are then dropped.
    """
    import jax

    wide = jax.config.read("jax_enable_x64")

    def within(*given):
        with jax.enable_x64(wide):  # a setting of each thread
            return function(*given)

    with threads() as pool:
        futures = [pool.submit(within, *given) for given in zip(*inputs, strict=True)]
        for future in Completed(futures):
            future.result()
    return [future.result() for future in futures]


@contextlib.contextmanager
def threads(number: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads, by default one for each core.

    When the block raises, what has not begun is dropped; what has begun is waited for in any case.
    """
    with ThreadPoolExecutor(number or usable_cores()) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class Completed:
    """Futures in the order in which they end, as `concurrent.futures.as_completed`; more may be added on the way.

    **Raises:** `KeyboardInterrupt`, whichever thread the system hands the signal to.
    """

    def __init__(self, futures: Iterable[Future] = ()):
        self._completed: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._left = 0
        for future in futures:
            self.add(future)

    def add(self, future: Future) -> Future:
        """Wait for one more, which is returned."""
        self._left += 1
        future.add_done_callback(self._completed.put)
        return future

    def __iter__(self) -> Iterator[Future]:
        return self

    def __next__(self) -> Future:
        if not self._left:
            raise StopIteration
        while True:
            with contextlib.suppress(queue.Empty):
                future = self._completed.get(timeout=LOOKS)
                self._left -= 1
                return future
