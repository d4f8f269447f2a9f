"""Handwritten digits that come with scikit-learn: real data without a download."""

import numpy as np

from saddlery.data.images import Images


def digits() -> Images:
    """1,797 handwritten digits, 8×8 pixels in [-1, 1], one channel, with their labels 0 to 9.

    Each pixel counts the inked ones of a 4×4 block, 0 to 16, so there are 17 grey levels. (Alpaydin, Kaynak, 1998:
    optical recognition of handwritten digits, the UCI repository's test set, as scikit-learn's `load_digits`.)
    """
    from sklearn.datasets import load_digits

    inked, labels = load_digits(return_X_y=True)
    return Images(np.asarray(inked, np.float32).reshape(-1, 8, 8, 1) / 8 - 1, np.asarray(labels, np.int32))
