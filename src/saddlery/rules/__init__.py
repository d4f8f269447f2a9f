"""Rules: the direction that each player descends. One file per rule, with its formula and its paper."""

from saddlery.rules.adaptive_competitive import AdaptiveCompetitive
from saddlery.rules.adaptive_consensus import AdaptiveConsensus
from saddlery.rules.averaged import Averaged, Delayed, Ensemble
from saddlery.rules.competitive import Competitive
from saddlery.rules.consensus import Consensus
from saddlery.rules.krylov import Krylov
from saddlery.rules.neumann import Neumann
from saddlery.rules.newton import Newton
from saddlery.rules.rule import Rule, RuleInput
from saddlery.rules.simultaneous import Simultaneous
from saddlery.rules.symplectic import Symplectic
from saddlery.rules.unrolled import Unrolled

__all__ = [
    "AdaptiveCompetitive",
    "AdaptiveConsensus",
    "Averaged",
    "Competitive",
    "Consensus",
    "Delayed",
    "Ensemble",
    "Krylov",
    "Neumann",
    "Newton",
    "Rule",
    "RuleInput",
    "Simultaneous",
    "Symplectic",
    "Unrolled",
]
