"""What a watch says while training runs: once, as a warning and in a log, and never as an error."""

import contextlib
import logging
import os
import sys
import warnings
from pathlib import Path

import torch

import saddlery

LOG = logging.getLogger("saddlery.watch")
LOG.addHandler(logging.NullHandler())  # without a log of somebody's the warning is enough
OURS = tuple(f"{Path(each.__file__ or '').parent}{os.sep}" for each in (saddlery, torch))


class TrainingAlarm(UserWarning):
    """An alarm that rang in a watched training."""


def say(text: str) -> None:
    """Say something: as a warning at the line of the loop, and in the log; where warnings are errors, in that alone."""
    LOG.warning(text)
    with contextlib.suppress(TrainingAlarm):
        warnings.warn(text, TrainingAlarm, stacklevel=_outside())


def _outside() -> int:
    """How many calls up the first is that is neither ours nor PyTorch's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OURS):
        frame, level = frame.f_back, level + 1
    return level
