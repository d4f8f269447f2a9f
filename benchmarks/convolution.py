"""Convolutional networks on the CPU: gradients and consensus directions, beside PyTorch."""

import itertools
from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import numpy as np
import torch
from torch.autograd import grad
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, softplus

import saddlery as sd
from benchmarks import products
from benchmarks.table import Row, ratios
from benchmarks.timing import fastest, race
from saddlery._system.cores import usable_cores
from saddlery.data.images import Images
from saddlery.game import Pair
from saddlery.rules import Consensus, RuleInput, Simultaneous

WIDTH, SIZE, NOISE, BATCH, GAMMA = 64, 32, 256, 64, 10.0  # 690,500 parameters
PASSES, FORMATS = ("one pass", "two passes"), ("channels first", "channels last")
PLAIN = "one pass, channels first"  # as it is mostly written
MEASURES = ("simultaneous gradient", "consensus direction")
TARGET = 0.95


def rows():
    """Milliseconds, and the ratios to PyTorch as it is mostly written and as it is fastest."""
    name = "convolutions"
    apart, everything, bare = raced()
    yield Row(name, "largest relative difference to PyTorch's directions", [apart], "", 1e-3, True)
    for measure in MEASURES:
        times = {contender: seconds for (contender, of), seconds in everything.items() if of == measure}
        yield Row(name, f"{measure}: saddlery", milliseconds(times["saddlery"]), "ms")
        for peer in {PLAIN: None, fastest(times, times.keys() - {"saddlery"}): None}:
            yield Row(name, f"{measure}: PyTorch, {peer}", milliseconds(times[peer]), "ms")
            yield Row(name, f"{measure}: saddlery / that", ratios(times["saddlery"], times[peer]), "", TARGET, True)
        share = [100 * bare[measure] / seconds for seconds in times["saddlery"]]
        yield Row(name, f"{measure}: XLA's products, each alone, of saddlery's time", share, "%")


def milliseconds(times) -> list[float]:
    """Out of seconds."""
    return [1e3 * time for time in times]


def raced() -> tuple[float, dict, dict]:
    """How far apart directions are, each contender's seconds, round by round, and those of our products alone."""
    torch.set_num_threads(usable_cores())
    mine, players, batch, rules = ours()
    theirs = {
        f"{passes}, {order}": peer(players, batch, passes == "two passes", order == "channels last")
        for passes, order in itertools.product(PASSES, FORMATS)
    }
    contenders = {"saddlery": mine, **theirs}
    apart = max(distance(theirs[name][i](), as_torch(mine[i]())) for name in theirs for i in range(len(MEASURES)))
    calls = {(name, of): each for name in contenders for of, each in zip(MEASURES, contenders[name], strict=True)}
    times = race({key: repeated(call) for key, call in calls.items()}, seconds=0.6)
    return apart, times, {of: products.alone(rule, players) for of, rule in zip(MEASURES, rules, strict=True)}


def repeated(once: Callable) -> Callable:
    """A contender that takes n of the same."""
    return lambda n: [once() for _ in range(n)]


def ours():
    """Both directions as functions of nothing, the players, the batch, and the directions as functions of players."""
    images = np.random.default_rng(0).integers(0, 256, (BATCH, SIZE, SIZE, 3), dtype=np.uint8)
    networks = sd.networks.family(f"dcgan4_nobn_cf(width={WIDTH})", size=SIZE, channels=3, noise=NOISE)
    game = sd.games.Gan(*networks, Images(images), noise=NOISE, batch=BATCH)
    players, batch = game.init(jax.random.key(0)), game.draw(jax.random.key(1))
    none = Pair(None, None)

    def of_rule(rule):
        return lambda game, players, batch: rule(RuleInput(game, players, batch, none, none), ())[0]

    def direction(function):
        program = eqx.filter_jit(function)
        return lambda: jax.block_until_ready(program(game, players, batch))

    functions = [of_rule(rule) for rule in (Simultaneous(), Consensus(GAMMA))]
    return tuple(map(direction, functions)), players, batch, [partial(each, game, batch=batch) for each in functions]


def peer(players, batch, separate: bool, channels_last: bool):
    """The same two in PyTorch: real and generated samples scored in one pass or in two, in either memory format."""
    order = torch.channels_last if channels_last else torch.contiguous_format

    def tensor(array):
        found = torch.tensor(array)
        return found.contiguous(memory_format=order) if found.ndim == 4 else found

    generator, discriminator = ([tensor(a).requires_grad_() for a in arrays] for arrays in as_torch(players))
    noise, real = tensor(np.array(batch.noise)), tensor(turned(np.asarray(batch.real).transpose(0, 3, 1, 2), (2, 3)))

    def generate(z):
        weight, bias, *kernels = generator
        x = torch.addmm(bias, z, weight).reshape(len(z), WIDTH, SIZE // 16, SIZE // 16)
        for kernel, bias in pairs(kernels):
            x = conv_transpose2d(leaky_relu(x, 0.2), kernel, bias, stride=2, padding=2, output_padding=1)
        return x.tanh()

    def score(x):
        weight, bias, *kernels = discriminator
        for kernel, bias_of_map in pairs(kernels):
            x = leaky_relu(conv2d(x, kernel, bias_of_map, stride=2, padding=2), 0.2)
        return torch.addmm(bias, x.reshape(len(x), -1), weight)[:, 0]

    def gradients(create_graph):
        samples = generate(noise)
        on_real, on_generated = (
            (score(real), score(samples)) if separate else score(torch.cat([real, samples])).split(BATCH)
        )
        of_generator = softplus(-on_generated).mean()
        of_discriminator = softplus(-on_real).mean() + softplus(on_generated).mean()
        return (
            grad(of_generator, generator, retain_graph=True, create_graph=create_graph),
            grad(of_discriminator, discriminator, create_graph=create_graph),
        )

    def consensus():
        xi = gradients(create_graph=True)
        half = 0.5 * sum(g.square().sum() for player in xi for g in player)
        pulled = iter(grad(half, [*generator, *discriminator]))
        return tuple([g.detach() + GAMMA * next(pulled) for g in player] for player in xi)

    return lambda: gradients(create_graph=False), consensus


def as_torch(players) -> tuple[list, list]:
    """Parameters in PyTorch's order and layout, kernels and maps turned by half a circle.

    PyTorch pads both sides by two where we pad by one and two: turned, the two are the same function.
    """
    side = SIZE // 16

    def maps(array, axis):  # an axis of all the places of a small map
        shape = (*array.shape[:axis], WIDTH, side, side, *array.shape[axis + 1 :])
        return turned(np.asarray(array).reshape(shape), (axis + 1, axis + 2)).reshape(array.shape)

    def kernels(parameters):
        for layer in parameters["convolutions"]:
            yield turned(np.asarray(layer["kernel"]).transpose(3, 2, 0, 1), (2, 3))
            yield np.array(layer["bias"])

    ((entry,), (end,)) = (player["dense"] for player in players)
    return (
        [maps(entry["weight"], 1), maps(entry["bias"], 0), *kernels(players.generator)],
        [maps(end["weight"], 0), np.array(end["bias"]), *kernels(players.discriminator)],
    )


def turned(array, axes):
    """An array turned round along some of its axes."""
    return np.ascontiguousarray(np.flip(array, axes))


def pairs(arrays):
    """Kernels and biases, layer by layer."""
    return zip(arrays[::2], arrays[1::2], strict=True)


def distance(found, expected) -> float:
    """The relative distance of two directions, each as one vector."""
    found, expected = (np.concatenate([np.ravel(g) for player in each for g in player]) for each in (found, expected))
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
