"""Where gradients of a watched training first were not finite."""

from typing import NamedTuple

import numpy as np

from saddlery.torch.watching.norms import Window


class Place(NamedTuple):
    """A player's first step with gradients that are not finite, and the blocks in which they were."""

    name: str
    step: int
    blocks: str

    def __str__(self) -> str:
        """In a line.

        >>> print(Place("generator", 1200, "conv2"))
        gradients of the generator are not finite since step 1,200: conv2
        """
        return f"gradients of the {self.name} are not finite since step {self.step:,}: {self.blocks}"


def first(name: str, window: Window, blocks: tuple[str, ...], step: int) -> Place | None:
    """The first of a window's steps whose gradients are not finite.

    **Arguments:** `name`: of the player; `step`: of the window's last.
    """
    wrong = ~np.isfinite(window.gradient)
    if not wrong.any():
        return None
    at = int(np.flatnonzero(wrong.any(1))[0])
    where = ", ".join(blocks[i] for i in np.flatnonzero(wrong[at]))
    return Place(name, step - len(window.gradient) + 1 + at, where)
