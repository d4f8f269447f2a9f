"""Training on several devices, in processes of their own, and on one."""

import os
import subprocess
import sys

import jax
import numpy as np

import saddlery as sd

# A hundred steps on all devices, in two parts of which the second goes on from the first's checkpoint; their losses.
PROGRAM = """
import sys
import jax
import numpy as np
import saddlery as sd
from saddlery.sharding import join

method, folder, *joined = sys.argv[1:]
if joined:
    join(joined[0], 2, int(joined[1]))
game = sd.data_parallel(sd.games.ring(preset="numerics", batch=64))
method = sd.methods.METHODS[method](learning_rate=3e-3)
settings = {"every": 20, "key": jax.random.key(0), "out": folder}
sd.train(game, method, steps=40, **settings)
run = sd.train(game, method, steps=100, resume=True, **settings).only
losses = [run.history[name].values.tolist() for name in ("generator_loss", "discriminator_loss")]
print(len(jax.devices()), *losses)
"""


def alone(method):
    """The losses of one device."""
    game, method = sd.games.ring(preset="numerics", batch=64), sd.methods.METHODS[method](learning_rate=3e-3)
    history = sd.train(game, method, steps=100, every=20, key=jax.random.key(0)).only.history
    return np.stack([history["generator_loss"], history["discriminator_loss"]])


def started(*arguments, flags=""):
    """The program in a process of its own."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    """The devices and the losses that a program ends with."""
    printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    devices, losses = printed.strip().splitlines()[-1].split(" ", 1)
    return int(devices), np.array([np.fromstring(each, sep=",") for each in losses.strip("[]").split("] [")])
