"""Each benchmark in a process of its own, so that none meets another's threads, memory or compiled programs."""

import json
import subprocess
import sys
from importlib import import_module

from benchmarks.table import Row
from saddlery._system.allocator import keep_memory


def rows_of(name: str) -> list[Row]:
    """What the benchmark measures, with the threads that a user has who sets nothing."""
    command = [sys.executable, "-m", "benchmarks.process", name]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Row(**row) for row in json.loads(ended.stdout.splitlines()[-1])]


if __name__ == "__main__":
    keep_memory()  # for PyTorch as for JAX: the whole process
    found = import_module(f"benchmarks.{sys.argv[1]}").rows()
    print(json.dumps([row._replace(values=[float(value) for value in row.values])._asdict() for row in found]))
