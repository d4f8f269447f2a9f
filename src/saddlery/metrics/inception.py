"""Inception features and class scores, by the network that papers use, through torch-fidelity."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from saddlery.errors import InvalidValue, NotFound
from saddlery.metrics import entry
from saddlery.text.arguments import plain
from saddlery.types import Numbers

AT_ONCE = 64  # images in memory together
NAME, LAYERS = "inception-v3-compat", ("2048", "logits_unbiased")


class Inception(NamedTuple):
    """The outputs of the Inception network for images.

    - `features`: the pool layer, for `frechet_distance`, `kernel_distance` and the rest.
    - `probabilities`: of the 1,008 classes of the released network, for `inception_score`.
    """

    features: Float[np.ndarray, "n 2048"]
    probabilities: Float[np.ndarray, "n 1008"]


def inception(weights: Path | str | None = None) -> Callable[[Any], Inception]:
    """The Inception-v3 of the published FID and inception scores, as torch-fidelity has it: a function of images.

    It takes images `(n, height, width, channels)` in [-1, 1] or uint8, of one or three channels and any size, which the
    network scales to 299×299 as the released one does, and raises `ValueError` for others.

    **Arguments:**
    - `weights`: a file of them that you trust, as torch-fidelity unpickles it; `None` to have torch-fidelity download
      and keep them (about 95 MB).

    **Raises:** `ImportError` naming the extra where torch-fidelity is not installed; `RuntimeError` when the weights
    cannot be downloaded; `FileNotFoundError` when the file is not there.
    """
    try:
        import torch  # type: ignore  # in an extra
        from torch_fidelity.utils import create_feature_extractor  # type: ignore
    except (ImportError, RuntimeError) as error:  # a torchvision made for another PyTorch raises RuntimeError
        raise ImportError(
            f"Inception's weights come with torch-fidelity, which cannot be imported ({error}): "
            "pip install 'saddlery[inception]'; the digit classifiers' features need nothing"
        ) from error
    if weights is not None and not Path(weights).is_file():
        raise NotFound(f"weights: there is no file {plain(weights)}")
    options = {} if weights is None else {"feature_extractor_weights_path": str(weights)}
    try:
        network = create_feature_extractor(NAME, list(LAYERS), cuda=torch.cuda.is_available(), verbose=False, **options)
    except OSError as error:
        raise RuntimeError(
            f"Inception's weights could not be downloaded ({error}); give the file of weights-inception-2015-12-05 "
            "as weights=…"
        ) from error

    def measure(images: Any) -> Inception:
        batches = seen(images)
        parts = [_measure(network, batches[i : i + AT_ONCE]) for i in range(0, len(batches), AT_ONCE)]
        return Inception(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    return measure


def seen(images: Numbers) -> np.ndarray:
    """The images as input of the Inception network: `(n, 3, height, width)`, uint8.

        >>> seen(np.full((1, 2, 2, 1), 255, np.uint8)).shape
        (1, 3, 2, 2)

    **Raises:** `ValueError` for what are no images in [-1, 1] or uint8, of one or three channels.
    """
    from saddlery.metrics.probes import pixels

    given = entry.images("images", images)
    if given.shape[-1] not in (1, 3):
        raise InvalidValue(f"images: got {given.shape[-1]} channels, expected one or three")
    parts = [np.asarray(pixels(given[i : i + AT_ONCE])) for i in range(0, len(given), AT_ONCE)]
    whole = np.concatenate(parts).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(np.broadcast_to(whole, (len(whole), 3, *whole.shape[2:])))


def _measure(network, batch):
    """Features and probabilities of some images."""
    import torch  # type: ignore

    batch = torch.from_numpy(batch)
    with torch.no_grad():
        features, logits = network(batch.cuda() if torch.cuda.is_available() else batch)
    return features.cpu().numpy(), torch.softmax(logits, 1).cpu().numpy()
