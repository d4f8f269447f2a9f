"""PyTorch as a careful user sweeps with it on CPUs: a process of one thread for each core."""

import json
import subprocess
import sys

import numpy as np
import torch

from benchmarks import peers
from benchmarks.timing import turn
from saddlery._system.allocator import keep_memory
from saddlery._system.cores import usable_cores

PEERS = {"by hand": peers.Numerics, "as most write it": peers.Plain}


class SideBySide:
    """A peer in a process for each core, all waiting until they are told to train; used as a context."""

    def __init__(self, peer: str, start, gamma: float | None):
        self.said = json.dumps([peer, gamma, [[array.shape for array in player] for player in start]])

    def __enter__(self):
        command = [sys.executable, "-m", "benchmarks.processes"]
        self.workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(usable_cores())
        ]
        self.tell(self.said)
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.stdin.close()
            worker.wait()

    def speed(self, seconds: float) -> float:
        """Run-steps per second of all together, over so many seconds."""
        return sum(map(float, self.tell(str(seconds))))

    def tell(self, line: str) -> list[str]:
        """What each worker answers."""
        for worker in self.workers:
            worker.stdin.write(line + "\n")
            worker.stdin.flush()
        return [worker.stdout.readline() for worker in self.workers]


def work() -> None:
    """A worker: told which peer, then again and again for how many seconds to train; answers its steps per second."""
    torch.set_num_threads(1)
    peer, gamma, shapes = json.loads(sys.stdin.readline())
    random = np.random.default_rng(0)
    start = [[0.3 * random.normal(size=shape).astype(np.float32) for shape in player] for player in shapes]
    trained = PEERS[peer](*start, gamma)
    for _ in range(20):
        trained.step()
    print("ready", flush=True)
    for line in sys.stdin:
        print(1 / turn(lambda n: trained.step(), 1, float(line)), flush=True)


if __name__ == "__main__":
    keep_memory()
    work()
