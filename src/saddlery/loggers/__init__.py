"""Loggers: where the records of runs go while these are under way, beside the run's folder."""

from collections.abc import Callable

from saddlery.loggers.csv import CsvLogger, csv
from saddlery.loggers.logger import LoggedRun, Logger
from saddlery.loggers.tensorboard import TensorboardLogger, tensorboard
from saddlery.loggers.wandb import WandbLogger, wandb

__all__ = ["CsvLogger", "LoggedRun", "Logger", "TensorboardLogger", "WandbLogger", "csv", "tensorboard", "wandb"]

LOGGERS: dict[str, Callable[..., Logger]] = {"csv": csv, "tensorboard": tensorboard, "wandb": wandb}
