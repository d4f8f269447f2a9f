"""Schedules: the order in which players move, and from whose position. Called as functions, with options."""

from saddlery.schedules.alternating import Alternating as alternating
from saddlery.schedules.best_response import BestResponse as best_response
from saddlery.schedules.extragradient import Extragradient as extragradient
from saddlery.schedules.extragradient import ExtrapolationFromPast as extrapolation_from_past
from saddlery.schedules.lookahead import Lookahead as lookahead
from saddlery.schedules.schedule import Schedule, State
from saddlery.schedules.simultaneous import Simultaneous as simultaneous

__all__ = [
    "Schedule",
    "State",
    "alternating",
    "best_response",
    "extragradient",
    "extrapolation_from_past",
    "lookahead",
    "simultaneous",
]
