"""Each benchmark in a process of its own, so that none meets another's threads, memory or compiled programs."""

import json
import os
import subprocess
import sys
from importlib import import_module

from benchmarks.table import Row
from saddlery._system.allocator import keep_memory

THREADS = "PJRT_NPROC"  # the variable that says how many XLA has
SINGLE = ("unroll", "ring", "memory", "first_order", "spectrum", "inversion")  # one run, on one core: fastest there


def rows_of(name: str) -> list[Row]:
    """What the benchmark measures."""
    environment = {THREADS: "1"} | os.environ
    if name not in SINGLE:  # XLA has all the cores
        del environment[THREADS]
    command = [sys.executable, "-m", "benchmarks.process", name]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [Row(**row) for row in json.loads(ended.stdout.splitlines()[-1])]


if __name__ == "__main__":
    keep_memory()  # for PyTorch as for JAX: the whole process
    found = import_module(f"benchmarks.{sys.argv[1]}").rows()
    print(json.dumps([row._replace(values=[float(value) for value in row.values])._asdict() for row in found]))
