"""What a watch says while training runs: once, as a warning and in a log, and never as an error."""

import contextlib
import logging
import warnings

LOG = logging.getLogger("saddlery.watch")


class TrainingAlarm(UserWarning):
    """An alarm that rang in a watched training."""


def say(text: str) -> None:
    """Say something: as a warning, and in the log; where warnings are errors, in the log alone."""
    LOG.warning(text)
    with contextlib.suppress(TrainingAlarm):
        warnings.warn(text, TrainingAlarm, stacklevel=2)
