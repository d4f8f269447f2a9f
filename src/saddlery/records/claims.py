"""Claims on folders: marked as Saddlery's own and locked, before anything is written or deleted."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from saddlery.errors import InTheWay, InvalidValue, NotAFolder
from saddlery.records import storage
from saddlery.records.growing import ROWS
from saddlery.records.locks import lock
from saddlery.records.storage import GROUP, LOCK, MARK
from saddlery.text.arguments import plain

RUN = "run.json"  # what the folder holds: the description of its runs, and their fingerprint
RESULTS, LIVE, CHECKPOINTS, GENERATORS = "results.zarr", "live", "checkpoints", "generators"
PLUGINS = "plugins"  # sources of plugins, to be read
MANIFESTS = "manifests"  # of data sets of files: their names, with digests of what they hold
LOGS = (ROWS, "tensorboard")  # of loggers
FORMER = ("experiment.json", "history.zarr", "runs")  # of folders by Saddlery 0.1
# One of these makes a folder hold something.
PARTS = (RUN, RESULTS, LIVE, CHECKPOINTS, GENERATORS, PLUGINS, MANIFESTS, *LOGS, *FORMER)


def local_folder(argument: str, path: str | os.PathLike) -> Path:
    """Check a folder on this machine, and return it without `~`.

    **Raises:** `ValueError` for an address of another file system, or the home folder of a user who does not exist.
    """
    text = os.fspath(path)
    if "://" in text.replace(":/", "://", 1) and not Path(text).exists():  # a path has lost one of its slashes
        raise InvalidValue(
            f"{argument}: got {plain(text)!r}, expected a folder of this machine; results alone can be kept at "
            "another address, as --store"
        )
    return storage.expanded(argument, text, "a folder")


@contextlib.contextmanager
def hold(folder: Path, called: str = "") -> Iterator[None]:
    """A context that holds a folder as its only writer; the folder is made where there is none.

    **Arguments:** `called`: what errors call it, by default its path.

    **Raises:** `FileExistsError` when it holds anything and is not one that Saddlery made its own;
    `NotADirectoryError` when it is a file; `saddlery.records.locks.Held` when another process is at work there;
    `OSError` when it cannot be made or written.
    """
    called = plain(called or folder)
    if os.path.lexists(folder) and not folder.is_dir():
        raise NotAFolder(f"{called} is a file, expected a folder")
    own = (folder / MARK).is_file() and (folder / LOCK).is_file()  # a list alone is of single files, as of figures
    if folder.is_dir() and not own and (there := sorted(each for each in folder.iterdir() if each.name != MARK)):
        earlier = "; an earlier version of Saddlery may have made it" if (folder / FORMER[0]).is_file() else ""
        raise InTheWay(
            f"{called} holds files that Saddlery did not write ({storage.some(there)}){earlier}; "
            "choose another folder, or an empty one"
        )
    with contextlib.ExitStack() as stack:
        try:
            storage.mark(folder)
            stack.enter_context(lock(folder / LOCK, str(folder)))
        except OSError as error:
            raise OSError(f"{called} cannot be written: {error.strerror or error}") from error
        storage.tidy(folder)
        yield


@contextlib.contextmanager
def claim(
    folder: Path, *, resume: bool = False, force: bool = False, called: str = "", described: str = ""
) -> Iterator[bool]:
    """A context that holds a folder for an experiment or a run; yields whether it holds one to be resumed.

    With `force`, all that Saddlery wrote there is deleted first, when nothing else lies among it; what lies beside it
    stays.

    **Arguments:** `called` as of `hold`; `described`: what the folder holds, for the error, where that is known.

    **Raises:** `FileExistsError` when it holds an experiment or a run and neither `resume` nor `force` is given, or
    `force` would delete what Saddlery did not write; what `hold` raises.
    """
    with hold(folder, called):
        there = [name for name in PARTS if os.path.lexists(folder / name)]
        if there and force:
            of_store = folder / RESULTS / GROUP / LOCK  # which workers may fill without holding the folder
            with lock(of_store, str(folder)) if of_store.is_file() else contextlib.nullcontext():
                _clear(folder)
        elif there and not resume:
            raise InTheWay(
                f"{plain(called or folder)} holds {described or ', '.join(there)} already; choose another folder, "
                f"replace it (--force, force=True), or go on with it (saddlery resume {plain(folder)}, resume=True)"
            )
        yield bool(there) and not force


def _clear(folder: Path) -> None:
    """Delete an experiment or a run with all its pages, when all that lies among it is Saddlery's."""
    for name in PARTS:
        storage.require_own(folder / name)
    for path in sorted(folder.iterdir()):
        storage.delete(storage.inventory(path), keep=(folder / MARK, folder / LOCK))
