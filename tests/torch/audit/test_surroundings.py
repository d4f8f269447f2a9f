"""What functions refer to is kept: variables, objects, modules and random number generators, by way of others."""

import functools
import logging
import random

import numpy as np
import pytest
import torch
from torch import nn

from saddlery.torch.audit.surroundings import keep
from saddlery.torch.state import State

TOTAL = 0
VALUES = [1]


class Counter:
    """Counts, by several ways."""

    made = 0

    def __init__(self):
        self.count, self.values, self.last = 0, [], torch.zeros(2)

    def __call__(self, batch):
        return self.counting(batch)

    def counting(self, batch):
        self.count += 1
        self.values.append(batch)
        self.last.add_(1)
        self.new = True
        return self.count, len(self.values), float(self.last[0])

    @property
    def more(self):
        return self.counting(1)


def counted_globally(batch):
    global TOTAL
    TOTAL += 1
    VALUES.append(batch)
    return TOTAL, len(VALUES)


def within(function):
    @functools.wraps(function)
    def wrapped(batch):
        return function(batch)

    return wrapped


def nonlocally():
    count, values = 0, {"a": [torch.zeros(1)]}

    def counting(batch):
        nonlocal count
        count += 1
        values["a"][0].add_(1)
        values["b"] = batch
        return count, float(values["a"][0]), len(values)

    return counting


def of_an_object_in_a_container():
    held = {"counters": [Counter()]}
    return lambda batch: held["counters"][0](batch)


def of_generators():
    of_torch, of_numpy, of_python = torch.Generator(), np.random.default_rng(0), random.Random(0)

    def drawn(batch):
        return torch.rand(1, generator=of_torch).item(), of_numpy.random(), of_python.random()

    return drawn


def of_a_module():
    held = nn.BatchNorm1d(2)
    held.counter = Counter()

    def normed(batch):
        held(torch.randn(3, 2, generator=torch.Generator().manual_seed(0)))
        return held.running_mean.tolist(), held.counter(batch)

    return normed


def of_a_hook():
    count, held = Counter(), nn.Linear(1, 1)
    held.register_forward_hook(lambda *_: count(1) and None)

    def called(batch):
        held(torch.ones(1, 1))
        return count.count

    return called


def of_a_schedule():
    optimiser = torch.optim.SGD([nn.Parameter(torch.ones(1))], 1.0)
    rate = torch.optim.lr_scheduler.StepLR(optimiser, 1)

    def stepped(batch):
        optimiser.step()
        rate.step()
        return rate.last_epoch

    return stepped


WAYS = {
    "a call of an object": Counter,
    "a method": lambda: Counter().counting,
    "a partial function": lambda: functools.partial(Counter().counting),
    "a global variable": lambda: counted_globally,
    "a global variable of a function that another calls": lambda: lambda batch: counted_globally(batch),
    "a decorator": lambda: within(counted_globally),
    "a decorator of PyTorch's": lambda: torch.no_grad()(Counter().counting),
    "a variable around": nonlocally,
    "containers": of_an_object_in_a_container,
    "random number generators": of_generators,
    "a module": of_a_module,
    "a hook": of_a_hook,
    "a schedule": of_a_schedule,
    "a default": lambda: lambda batch, counter=Counter(): counter(batch),  # noqa: B008
}


@pytest.mark.parametrize("make", WAYS.values(), ids=WAYS)
def test_a_function_gives_the_same_again(make):
    function, state = make(), State()
    keep(state, function)
    before = function(0)
    assert function(0) != before
    state.restore()
    assert function(0) == before


def test_an_attribute_that_was_not_there_is_not_there():
    counter, state = Counter(), State()
    keep(state, counter.counting)
    counter(0)
    state.restore()
    assert not hasattr(counter, "new")


def test_objects_of_installed_classes_are_let_alone():
    logger, state = logging.getLogger("of a test"), State()

    def told(batch):
        logger.level = batch

    keep(state, told)
    told(7)
    state.restore()
    assert logger.level == 7


def test_a_function_without_anything_is_no_trouble():
    def empty(batch):
        return later

    keep(State(), empty, None, len, functools.partial(len))
    later = 1
    assert empty(0) == later
