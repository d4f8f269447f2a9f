"""The public names and where each is at home, for type checkers and editors; `__init__.py` loads them when used."""

from saddlery import data as data
from saddlery import dynamics as dynamics
from saddlery import games as games
from saddlery import loggers as loggers
from saddlery import losses as losses
from saddlery import methods as methods
from saddlery import metrics as metrics
from saddlery import networks as networks
from saddlery import plots as plots
from saddlery import report as report
from saddlery import rules as rules
from saddlery import schedules as schedules
from saddlery.diagnosis import Diagnosis as Diagnosis
from saddlery.diagnosis import diagnose as diagnose
from saddlery.dynamics.critical_point import critical_point as critical_point
from saddlery.dynamics.spectrum import Spectrum as Spectrum
from saddlery.dynamics.spectrum import spectrum as spectrum
from saddlery.dynamics.stability import multipliers as multipliers
from saddlery.dynamics.stability import stable_step as stable_step
from saddlery.game import Game as Game
from saddlery.game import fixed as fixed
from saddlery.game import gradient_field as gradient_field
from saddlery.game import gradients as gradients
from saddlery.generators import export_generator as export_generator
from saddlery.generators import load_generator as load_generator
from saddlery.method import Method as Method
from saddlery.optimisers import optimiser as optimiser
from saddlery.plugins import load_plugin as load_plugin
from saddlery.results import Results as Results
from saddlery.results import load as load
from saddlery.sharding import data_parallel as data_parallel
from saddlery.sweeping import sweep as sweep
from saddlery.training import Run as Run
from saddlery.training import train as train
from saddlery.types import Pair as Pair

__version__: str
