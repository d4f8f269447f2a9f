"""How the kinds of features see known changes of CIFAR-10's images: `python -m checks.features`.

Each number is the Fréchet distance of changed images from real ones, over that of other real images, unchanged: 1 where
the change is not seen. 2,500 images of the test split on either side; CIFAR-10 is looked for as `saddlery run` does.
"""

from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter

from saddlery.data import cifar10
from saddlery.data.images import in_range
from saddlery.metrics import frechet_distance
from saddlery.metrics.image_features import pixel_features, trained_features

NUMBER = 2500


def changes(images: np.ndarray, labels: np.ndarray, others: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Other real images, and changed in known ways, by name; `images` are all, `others` the indices that are free."""
    random, other = np.random.default_rng(0), images[others[:NUMBER]]
    yield "other real images", other
    for std in (0.05, 0.1, 0.2):
        yield f"noise of deviation {std}", (other + std * random.normal(size=other.shape)).clip(-1, 1)
    for std in (0.7, 1.2):
        yield f"blurred by {std} pixels", gaussian_filter(other, (0, std, std, 0))
    for classes in (8, 5):
        yield f"{classes} of 10 classes", images[others[labels[others] < classes][:NUMBER]]
    yield "100 images, each 25 times", other[np.arange(NUMBER) % 100]
    top, bottom = np.split(other, 2, 1)
    yield "upper and lower half exchanged", np.concatenate([bottom, top], 1)


def main() -> None:
    """Print the table."""
    data = cifar10("test")
    images, labels = np.asarray(in_range(data.images)), np.asarray(data.labels)
    order = np.random.default_rng(1).permutation(len(images))
    real, others = images[order[:NUMBER]], order[NUMBER:]
    kinds = {"contrastive": trained_features(data).features, "pixels": pixel_features(data).features}
    table = Table("change", *kinds, title="Fréchet distance, over that of other real images")
    of_real = {name: kind(real) for name, kind in kinds.items()}
    least: dict[str, float] = {}
    for change, changed in changes(images, labels, others):
        found = {name: frechet_distance(kind(changed), of_real[name]) for name, kind in kinds.items()}
        least = least or found
        table.add_row(change, *(f"{found[name] / least[name]:.2f}" for name in kinds))
    Console().print(table)


if __name__ == "__main__":
    main()
