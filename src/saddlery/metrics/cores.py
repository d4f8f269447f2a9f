"""One compiled program on several inputs, side by side."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax


def on_all_cores(function: Callable[[Any], Any], inputs: Iterable) -> list:
    """`function` of each input, in order, a thread for each core, in the precision of the caller."""
    wide = jax.config.read("jax_enable_x64")

    def within(given):
        with jax.enable_x64(wide):  # a setting of each thread
            return function(given)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(within, inputs))
