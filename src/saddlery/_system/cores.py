"""CPU cores and thread pools: how many cores there are, one function on each, and futures as they complete.

The system may hand a signal to any thread, while Python acts on it in the main one alone, and does not wake it. A main
thread that waits without end for others then never hears of Ctrl-C; here it looks up now and then.
"""

import contextlib
import functools
import os
import queue
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from saddlery._system import signals

P = ParamSpec("P")
T = TypeVar("T")

LOOKS = 0.2  # seconds between looks for a signal


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(function: Callable[..., Any], *inputs: Iterable) -> list:
    """A parallel `map`: `function` of each input, in order, a thread for each core, in the caller's precision.

    **Raises:** what `function` raises first, and `KeyboardInterrupt`; calls that have not begun are then dropped.
    """
    with threads() as pool:
        futures = [pool.submit(function, *given) for given in zip(*inputs, strict=True)]
        for future in Completed(futures, stoppable=True):
            future.result()
    return [future.result() for future in futures]


class Threads(ThreadPoolExecutor):
    """A thread pool whose calls compute in the precision, and on the device, of the thread that submits them.

    JAX keeps these settings for each thread.
    """

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Call a function on a thread of the pool."""
        return super().submit(functools.partial(_with, _settings(), function), *arguments, **named)


def _settings() -> dict[str, Any]:
    """This thread's settings, where JAX is in use at all."""
    if (jax := sys.modules.get("jax")) is None:
        return {}
    names = ("enable_x64", "default_device", "default_matmul_precision")
    return {name: getattr(jax.config, f"jax_{name}") for name in names}


def _with(settings: dict[str, Any], function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function with these settings."""
    with contextlib.ExitStack() as stack:
        for name, value in settings.items():
            stack.enter_context(getattr(sys.modules["jax"], name)(value))
        return function(*arguments, **named)


@contextlib.contextmanager
def threads(number: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """A thread pool, by default with one thread for each core, in the caller's precision.

    When the block raises, what has not begun is dropped; what has begun is waited for in any case.
    """
    with Threads(number or usable_cores()) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class Completed:
    """Futures in the order in which they end, as `concurrent.futures.as_completed`; more may be added on the way.

    **Arguments:** `stoppable`: stop waiting once a signal is heard (see `saddlery._system.signals`).

    **Raises:** `KeyboardInterrupt`, whichever thread the system hands the signal to; with `stoppable`,
    `Stopped`, a `KeyboardInterrupt`.
    """

    def __init__(self, futures: Iterable[Future] = (), stoppable: bool = False):
        self._stoppable = stoppable
        self._completed: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._left = 0
        for future in futures:
            self.add(future)

    def add(self, future: Future) -> Future:
        """Add one more future, which is returned."""
        self._left += 1
        future.add_done_callback(self._completed.put)
        return future

    def __iter__(self) -> Iterator[Future]:
        return self

    def __next__(self) -> Future:
        if not self._left:
            raise StopIteration
        while True:
            if self._stoppable:
                signals.check()
            with contextlib.suppress(queue.Empty):
                future = self._completed.get(timeout=LOOKS)
                self._left -= 1
                return future
