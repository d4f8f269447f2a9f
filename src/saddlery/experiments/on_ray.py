"""The Ray engine: tasks of a few cells each, which workers of a cluster train and write straight into the store."""

import concurrent.futures
import contextlib
import logging
import os
import re
import socket
import threading
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from saddlery.errors import InvalidValue
from saddlery.experiments.programs import programs
from saddlery.runs.cell import Cell, Progress
from saddlery.runs.loop import asked_to_stop
from saddlery.text.arguments import first_line

RETRIES = 5  # times that a task begins anew because its worker was killed
TASKS = 4  # for each place that takes one at a time, so that all places end at about the same time
MOST = 16  # cells of a task
LOOKS = 0.5  # seconds between two looks at what the workers tell
REACHED = 15.0  # seconds in which a cluster must answer; Ray itself would try for minutes
STOPPED = 20.0  # seconds that workers have to keep what they are at
STORE = 100 << 20  # bytes of Ray's object store on this machine: nothing but reports passes through it
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}  # no usage reports, no advice
NUMBERS = (  # of JAX's settings those that change numbers, and where compiled programs are kept: workers have the same
    "jax_enable_x64", "jax_default_matmul_precision", "jax_default_prng_impl", "jax_threefry_partitionable",
    "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)  # fmt: skip


def engine(address: str | None) -> Callable[[Sequence[Cell], Callable], None]:
    """The engine that trains cells on a Ray cluster, `train`. This process is connected with the cluster at once.

    **Arguments:** `address` is the cluster's: `auto` for the one that this machine is part of, `host:6379` for another,
    or `ray://host:10001` from outside. By default it is the one in the environment's `RAY_ADDRESS`, or where there is
    none `local`, a new one of this machine alone that ends with this process.

    **Raises:** `ValueError` when Ray is not installed, or no cluster answers there.
    """
    ray = _ray()
    if not ray.is_initialized():
        _connect(ray, address or os.environ.get("RAY_ADDRESS") or "local")
    return train


def train(cells: Sequence[Cell], work: Callable) -> None:
    """Train all runs of some cells on the workers of the cluster that this process is connected with.

    A task is a few cells of one program. On a cluster with GPUs it takes one of them, otherwise as many cores as leave
    none idle. One whose worker is killed begins anew elsewhere, without the cells that it had finished.

    **Arguments:** `work` is called on workers as `work(indices, cores=…, on_progress=…)`: it trains those cells and
    writes them. `on_progress(label, progress)` tells of a run, and returns whether to stop.

    When a signal asks for it, workers keep what they are at and stop.

    **Raises:** what `work` raises; `OSError` when
    a task's workers were killed again and again, or the cluster is gone.
    """
    import jax

    ray = _ray()
    of_task, gpus, places = _room(ray.nodes(), cells)
    settings = {name: getattr(jax.config, name) for name in NUMBERS}
    if not gpus:
        settings["jax_platforms"] = "cpu"
    shown = {cell.label: cell.on_progress for cell in cells}
    board = ray.remote(Board).options(num_cpus=0, max_restarts=-1, max_task_retries=-1).remote()
    task = ray.remote(_task).options(num_cpus=of_task, num_gpus=gpus, max_retries=RETRIES)
    running = [
        task.remote(work, [cell.index for cell in group], of_task, settings, board) for group in groups(cells, places)
    ]
    try:
        while running and not asked_to_stop(cells[0]):
            over, running = ray.wait(running, timeout=LOOKS)
            for label, report in ray.get(board.take.remote()):
                if progress := shown[label]:
                    progress(report)
            ray.get(over)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        said = first_line(error)
        raise OSError(f"the Ray cluster gave a task up whose workers ended {RETRIES + 1} times: {said}") from error
    finally:
        _stop(ray, board, running)


def cores() -> int:
    """The cores of the cluster that this process is connected with."""
    return max(1, sum(int(node["Resources"].get("CPU", 0)) for node in _ray().nodes() if node["Alive"]))


class Board:
    """A progress board, an actor of the cluster: workers report how far their runs are, and hear whether to stop."""

    def __init__(self):
        self.reports: dict[tuple[str, int], Progress] = {}
        self.over = False

    def tell(self, label: str, report: Progress) -> bool:
        """Record a run's latest report; returns whether to stop."""
        self.reports[label, report.seed] = report
        return self.over

    def take(self) -> list[tuple[str, Progress]]:
        """The latest report of each run that has reported since the last time, with its setting's label."""
        reports, self.reports = self.reports, {}
        return [(label, report) for (label, _), report in reports.items()]

    def stop(self) -> None:
        """Ask workers to stop."""
        self.over = True

    def stopped(self) -> bool:
        """Whether workers are asked to stop."""
        return self.over


def _task(work: Callable, indices: list[int], cores: int, settings: dict[str, Any], board: Any) -> None:
    """A task, on a worker."""
    import jax

    ray = _ray()
    for name, value in settings.items():
        jax.config.update(name, value)

    def on_progress(label, report):
        numbers = {name: value for name, value in report.latest.items() if value.ndim == 0}
        return ray.get(board.tell.remote(label, report._replace(latest=numbers)))

    if not ray.get(board.stopped.remote()):
        work(indices, cores=cores, on_progress=on_progress)


def _stop(ray: Any, board: Any, running: list[Any]) -> None:
    """End tasks: they keep what they are at, or are killed when that takes too long."""
    with contextlib.suppress(ray.exceptions.RayError):
        if running:
            ray.get(board.stop.remote())
            _, running = ray.wait(running, num_returns=len(running), timeout=STOPPED)
        for task in running:
            ray.cancel(task, force=True)
        ray.kill(board)


def _room(nodes: Sequence[dict[str, Any]], cells: Sequence[Cell]) -> tuple[int, int, int]:
    """The cores and GPUs that a task takes, and how many tasks there is room for at a time."""
    held = [node["Resources"] for node in nodes if node["Alive"]]
    if gpus := sum(int(each.get("GPU", 0)) for each in held):
        return 1, 1, gpus
    cores = [int(each.get("CPU", 0)) for each in held]
    of_task = max(1, min(sum(cores) // len(cells), len(cells[0].keys), max(cores)))
    return of_task, 0, max(1, sum(each // of_task for each in cores))


def groups(cells: Sequence[Cell], places: int) -> list[list[Cell]]:
    """The cells of each task: few enough that all places have some, all of one program."""
    size = max(1, min(MOST, len(cells) // (TASKS * places)))
    return [group[i : i + size] for group in programs(cells) for i in range(0, len(group), size)]


def _ray() -> Any:
    """The module, which nothing else of Saddlery loads."""
    try:
        return import_module("ray")
    except ImportError as error:
        raise InvalidValue('engine: ray is not installed; install it with: pip install "saddlery[ray]"') from error


def _connect(ray: Any, address: str) -> None:
    """Connect with the cluster at an address, or with a new one of this machine alone where that is `local`."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == "local":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # JAX's of forks; Ray's start a program at once
            ray.init("local", include_dashboard=False, object_store_memory=STORE, **quiet)
        return
    try:
        if place := re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address):
            socket.create_connection((place[1], int(place[2])), REACHED).close()
        _within(REACHED, lambda: ray.init(address, **quiet))
    except Exception as error:  # Ray has many names for a cluster that is not there, or is of another version
        raise InvalidValue(
            f"address: no Ray cluster can be reached at {address} ({first_line(error)}); "
            "start one there with: ray start --head"
        ) from error


def _within(seconds: float, call: Callable[[], Any]) -> None:
    """Call a function that does not come back by itself when nobody answers.

    **Raises:** what it raises; `TimeoutError` when it takes longer.
    """
    done: concurrent.futures.Future = concurrent.futures.Future()

    def answer():
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=answer, daemon=True).start()  # which the process does not wait for when it ends
    try:
        done.result(seconds)
    except concurrent.futures.TimeoutError as error:
        raise TimeoutError(f"no answer in {seconds:.0f} s") from error
