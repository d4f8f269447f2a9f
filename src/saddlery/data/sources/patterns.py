"""Several files by one text: `shards-{000..003}.tar`, `train-*.parquet`."""

import glob
import re
from pathlib import Path

from saddlery.data.sources.source import relative
from saddlery.errors import InvalidValue, NotFound
from saddlery.text.arguments import plain

RANGE = re.compile(r"\{(\d{1,9})\.\.(\d{1,9})\}")
MOST = 100_000  # files of a pattern
SPLITS = ("train", "training", "test", "testing", "val", "valid", "validation", "dev")


def is_pattern(text: str) -> bool:
    """Whether a text stands for several files.

    >>> is_pattern("shards-{000..003}.tar"), is_pattern("train-*.parquet"), is_pattern("a.tar")
    (True, True, False)
    """
    return bool(RANGE.search(text)) or any(each in text for each in "*?")


def matching(path: Path) -> list[Path]:
    """The files that a pattern stands for, sorted; of a range of numbers each must be there.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     (Path(place) / "a-0.tar").touch()
        ...     [each.name for each in matching(Path(place) / "a-*.tar")]
        ['a-0.tar']

    **Raises:** `FileNotFoundError` when there is none, or one of a range is missing; `ValueError` for too many.
    """
    found = []
    for text in expanded(str(path)):
        if any(each in text for each in "*?"):
            found += [Path(each) for each in glob.glob(text, recursive=True)]
        elif not (each := Path(text)).exists():
            raise NotFound(f"{plain(path)}: {plain(each.name)} is not there")
        else:
            found.append(each)
    if not found:
        raise NotFound(f"{plain(path)}: there is no such file")
    if len(found) > MOST:
        raise InvalidValue(f"{plain(path)} stands for {len(found):,} files, expected at most {MOST:,}")
    return sorted(set(found))


def expanded(text: str) -> list[str]:
    """A text with its ranges of numbers written out, leading zeros kept.

        >>> expanded("a{1..2}b{07..08}")
        ['a1b07', 'a1b08', 'a2b07', 'a2b08']

    **Raises:** `ValueError` for more than a hundred thousand.
    """
    texts = [text]
    while RANGE.search(texts[0]):
        low, high = RANGE.search(texts[0]).groups()  # type: ignore[union-attr]
        numbers = range(int(low), int(high) + 1)
        if not numbers or len(numbers) * len(texts) > MOST:
            raise InvalidValue(f"{plain(text)}: got a range of {len(numbers):,} numbers, expected 1 to {MOST:,}")
        texts = [RANGE.sub(f"{number:0{len(low)}}", each, count=1) for each in texts for number in numbers]
    return texts


def one_split(path: Path, files: list[Path]) -> list[Path]:
    """The files themselves, unless they are of several splits by their names: those are not to be mixed.

        >>> len(one_split(Path("x"), [Path("x/train-0.tar"), Path("x/train-1.tar")]))
        2

    **Raises:** `ValueError` naming the splits.
    """
    begins = re.compile(rf"({'|'.join(SPLITS)})(?![a-z])", re.IGNORECASE)
    found = [begins.match(part) for name in relative(files) for part in name.split("/")]
    splits = sorted({each[1].lower() for each in found if each})
    if len(splits) > 1:
        one = f"{splits[-1]}*{files[0].suffix}"
        raise InvalidValue(
            f"{plain(path)} holds several splits, {', '.join(splits)}: give the files of one, such as '{plain(one)}'"
        )
    return files
