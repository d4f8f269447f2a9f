"""scikit-learn's handwritten digits: real data without a download."""

import numpy as np

from saddlery.data.images import Images
from saddlery.errors import InvalidValue
from saddlery.text.names import nearest

SPLITS = ("all", "train", "test")
SIXTH = 6  # every so many-th is of the test split


def digits(split: str = "all") -> Images:
    """1,797 handwritten digits, 8×8 pixels in [-1, 1], one channel, with their labels 0 to 9.

    Each pixel counts the inked ones of a 4×4 block, 0 to 16, so there are 17 grey levels. (Alpaydin, Kaynak, 1998:
    optical recognition of handwritten digits, the UCI repository's test set, as scikit-learn's `load_digits`.)

        >>> [len(digits(split)) for split in ("all", "train", "test")]
        [1797, 1498, 299]

    **Arguments:** `split`: `"all"` of them; `"test"`, every sixth, 299; or `"train"`, the others.

    **Raises:** `ValueError` for another split.
    """
    if split not in SPLITS:
        raise InvalidValue(nearest("split", split, SPLITS))
    from sklearn.datasets import load_digits

    inked, labels = load_digits(return_X_y=True)
    sixth = np.arange(len(labels)) % SIXTH == SIXTH - 1
    kept = {"all": np.ones_like(sixth), "train": ~sixth, "test": sixth}[split]
    images = np.asarray(inked, np.float32).reshape(-1, 8, 8, 1) / 8 - 1
    return Images(images[kept], np.asarray(labels, np.int32)[kept])
