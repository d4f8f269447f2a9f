"""For loops in PyTorch: a check of their losses, and a watch over their training."""

from saddlery.torch.audit.check import check
from saddlery.torch.audit.findings import CODES, Audit, Finding
from saddlery.torch.watching.saying import TrainingAlarm
from saddlery.torch.watching.watch import Watch
from saddlery.torch.watching.watch import Watch as watch

__all__ = ["CODES", "Audit", "Finding", "TrainingAlarm", "Watch", "check", "watch"]
