"""What a loop may tell of its losses, scores and samples, and the numbers that signals are made of."""

from typing import Any, NamedTuple

import numpy as np
import torch

from saddlery.analysis.signals import SIGNALS
from saddlery.errors import InvalidValue
from saddlery.text.arguments import quoted

COMPARED = 256  # samples among which nearest neighbours are looked for
FOLLOWED = 32  # samples of the same noise, whose motion is seen
NEEDS = {  # by what is recorded: what must be told for it
    "generator_loss": ("generator_loss",),
    "discriminator_loss": ("discriminator_loss",),
    "separation": ("real_logits", "generated_logits"),
    "gap": ("real_logits", "generated_logits"),
    "spread": ("samples", "real"),
    "nearest": ("samples", "real"),
    "width": ("real",),
    "followed": ("followed",),
}


class Told(NamedTuple):
    """What a loop tells, each optional: see `saddlery.torch.watching.watch.Watch.note`."""

    generator_loss: Any = None
    discriminator_loss: Any = None
    real_logits: Any = None
    generated_logits: Any = None
    samples: Any = None
    real: Any = None
    followed: Any = None

    def with_(self, **more: object) -> "Told":
        """With more, of which what is not told leaves what was."""
        if unknown := sorted({*more} - {*self._fields}):
            raise InvalidValue(f"note: got {quoted(unknown[0])}, expected some of {', '.join(self._fields)}")
        return self._replace(**{name: _held(each) for name, each in more.items() if each is not None})


def _held(value: Any) -> Any:
    """A tensor without its graph, by reference; lists of tensors, as of several scales, put together."""
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, list | tuple) and value and all(isinstance(each, torch.Tensor) for each in value):
        return torch.cat([each.detach().reshape(-1) for each in value])
    return value


@torch.no_grad()
def numbers(told: Told) -> dict[str, Any]:
    """The recorded numbers that can be made of what was told: those of `NEEDS`.

    >>> found = numbers(Told(real_logits=torch.tensor([1.0, 3.0]), generated_logits=torch.tensor([0.0, 1.0])))
    >>> found["separation"], round(found["gap"], 3)  # of four pairs three, and a tie
    (0.875, 1.376)
    """
    given = {name: each for name, each in told._asdict().items() if each is not None}
    found: dict[str, Any] = {}
    for name in ("generator_loss", "discriminator_loss"):
        if name in given:
            found[name] = float(torch.as_tensor(given[name]).float().mean())
    if {"real_logits", "generated_logits"} <= {*given}:
        real, fake = (torch.as_tensor(given[f"{of}_logits"]).float().reshape(-1) for of in ("real", "generated"))
        found |= {"separation": separation(real, fake), "gap": gap(real, fake)}
    if "real" in given:
        real = torch.as_tensor(given["real"]).float()
        found["width"] = width(real)
        if "samples" in given:
            fake = torch.as_tensor(given["samples"]).float()
            found |= {"spread": _ratio(width(fake), width(real)), "nearest": _ratio(nearest(fake), nearest(real))}
    if "followed" in given:
        found["followed"] = _projected(torch.as_tensor(given["followed"])[:FOLLOWED].float())
    return found


def separation(real: torch.Tensor, fake: torch.Tensor) -> float:
    """The share of pairs in which the real sample has the higher score, ties counting half: the area under the ROC."""
    if not bool(torch.isfinite(real).all() and torch.isfinite(fake).all()):
        return np.nan
    order = torch.sort(fake).values
    below, at_most = (torch.searchsorted(order, real, right=right) for right in (False, True))
    return float((below + at_most).double().mean() / (2 * len(fake)))


def gap(real: torch.Tensor, fake: torch.Tensor) -> float:
    """The mean real score less the mean generated one, over the standard deviation of all."""
    deviation = torch.cat([real, fake]).std(correction=0)
    return float((real.mean() - fake.mean()) / deviation.clamp_min(torch.finfo(deviation.dtype).tiny))


def width(samples: torch.Tensor) -> float:
    """The root mean square distance of samples from their mean."""
    flat = samples.reshape(len(samples), -1)
    return float((flat - flat.mean(0)).square().sum(1).mean().sqrt())


def nearest(samples: torch.Tensor) -> float:
    """The mean distance of a sample to the nearest other one, among the first 256."""
    flat = samples[:COMPARED].reshape(min(COMPARED, len(samples)), -1)
    if len(flat) < 2:
        return np.nan
    return float(torch.cdist(flat, flat).fill_diagonal_(torch.inf).amin(1).mean())


def _ratio(one: float, other: float) -> float:
    return one / other if other > 0 else np.nan


def _projected(samples: torch.Tensor) -> np.ndarray:
    """Samples of the same noise in at most 256 numbers that keep their distances."""
    from saddlery.torch.watching.sketch import sketch

    return sketch([samples], [])


def needed(signal: str) -> str:
    """What must be told for a signal, in words."""
    told = dict.fromkeys(need for recorded in SIGNALS[signal].needs for need in NEEDS.get(recorded, ()))
    return f"note({', '.join(f'{each}=' for each in told)})" if told else "a record more"
