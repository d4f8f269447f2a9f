"""Downloads of published data sets: whole and checked, or not at all."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from saddlery._system import signals
from saddlery.data.places import places
from saddlery.errors import InTheWay, InvalidValue
from saddlery.records import storage
from saddlery.text.arguments import plain
from saddlery.text.names import nearest

PIECE = 1 << 18  # bytes between two reports of progress
PATIENCE = 30.0  # seconds without an answer


class Published(NamedTuple):
    """A published data set: the addresses of folders that hold its files, by preference; names and SHA-256."""

    addresses: tuple[str, ...]
    files: dict[str, str]


PUBLISHED = {
    "mnist": Published(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "cifar10": Published(
        ("https://www.cs.toronto.edu/~kriz/",),
        {"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
    ),
}


def get(
    name: str, folder: str | os.PathLike[str] | None = None, progress: Callable[[str, int, int], Any] | None = None
) -> Path:
    """Download the files of a data set that are not there yet, or are damaged in the cache folder.

    A file appears under its name when it is whole and its SHA-256 is right. A download that breaks off is continued
    where it stopped the next time. In a folder of the user's no file is replaced.

    **Arguments:**
    - `name`: a name of `PUBLISHED`.
    - `folder`: where to, by default `data/NAME` in the cache folder.
    - `progress`: called with a file's name, how many of its bytes are there, and how many there are (0: not known).

    **Returns:** the folder.

    **Raises:** `ValueError` for an unknown name, and for a file that is not what was published; `FileExistsError`
    naming a file in `folder` that is in the way, before anything is downloaded; `ModuleNotFoundError` when pooch is not
    installed; `OSError` when the network or the folder does not let it.
    """
    if name not in PUBLISHED:
        raise InvalidValue(nearest("data set", name, PUBLISHED))
    target = Path(folder).expanduser() if folder is not None else places(name)[-1]
    wanted = [file for file, digest in PUBLISHED[name].files.items() if not _is_there(target / file, digest)]
    if folder is not None and (other := [target / file for file in wanted if os.path.lexists(target / file)]):
        raise InTheWay(
            f"{plain(other[0])} is there with another SHA-256 than the published file; move it away, or choose another "
            "folder: nothing was downloaded"
        )
    for file in wanted:
        _get(file, PUBLISHED[name].files[file], PUBLISHED[name].addresses, target, progress or (lambda *_: None))
    return target


def _is_there(path: Path, digest: str) -> bool:
    """Whether a file has this SHA-256."""
    return os.path.lexists(path) and storage.sha256(path) == digest


def _get(file: str, digest: str, addresses: tuple[str, ...], target: Path, progress: Callable) -> None:
    """One file, from the first address that gives it."""
    pooch = _pooch()
    import requests

    part = target / f".{file}.part"
    failures = []
    for address in addresses:
        try:
            pooch.retrieve(
                address + file,
                f"sha256:{digest}",
                file,
                target,
                downloader=functools.partial(_continue, part=part, report=functools.partial(progress, file)),
            )
            return
        except requests.RequestException as error:
            failures.append(f"{address} ({_reason(error)})")
        except ValueError as error:
            raise InvalidValue(
                f"{address}{file}: what was downloaded has another SHA-256 than the published file, {digest[:16]}…; "
                "it was thrown away, and nothing is changed"
            ) from error
    raise OSError(
        f"{file} cannot be downloaded from {' nor from '.join(failures)}; is there a network? "
        f"If another machine has one, put the file into {plain(target)}"
    )


def _continue(url: str, output: str, _: Any, *, part: Path, report: Callable[[int, int], Any]) -> None:
    """Download to `part`, from where it ends, and move it to `output` when it is whole."""
    import requests

    if os.path.lexists(part) and (part.is_symlink() or not part.is_file()):
        raise OSError(f"{plain(part)} is not a regular file; remove it")
    held = part.stat().st_size if part.exists() else 0
    asked = {"Accept-Encoding": "identity", **({"Range": f"bytes={held}-"} if held else {})}
    with requests.get(url, headers=asked, stream=True, timeout=PATIENCE) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:  # nothing is left of it to send
            os.replace(part, output)
            return
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            held = 0
        left = int(answer.headers.get("Content-Length", 0))
        whole = held + left if left else 0
        with open(part, "ab" if held else "wb") as file:
            for piece in answer.iter_content(PIECE):
                file.write(piece)
                held += len(piece)
                report(held, whole)
                signals.check()
    if held < whole:
        raise requests.ConnectionError(f"it broke off after {held:,} of {whole:,} bytes")
    os.replace(part, output)


def _pooch() -> Any:
    try:
        import pooch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("downloads need pooch: pip install 'saddlery[images]'") from error
    pooch.get_logger().setLevel("ERROR")  # what there is to say, we say
    return pooch


def _reason(error: Exception) -> str:
    """Why a request failed, in a word or two: an answer's status, or the kind of error."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer"
    text = str(error)
    return text if text.startswith("it broke off") else "no connection"
