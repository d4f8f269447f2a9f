"""GANs at random, and their fates by going on with the same training, measured in NumPy by samples of its own."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.cluster import KMeans

import saddlery as sd
from checks.truths import Case, subject
from saddlery.networks import MLP

ON, EVERY, SAMPLES = 1000, 25, 2000  # steps that training goes on for, between measurements, and of what they are
CELLS = 24  # of data without modes


class Moons:
    """Two half circles."""

    def draw(self, key, n):
        angle, which, noise = jax.random.split(key, 3)
        t, up = jnp.pi * jax.random.uniform(angle, (n,)), jax.random.bernoulli(which, 0.5, (n,))
        moon = jnp.stack([jnp.where(up, jnp.cos(t), 1 - jnp.cos(t)), jnp.where(up, jnp.sin(t), 0.5 - jnp.sin(t))], 1)
        return moon + 0.05 * jax.random.normal(noise, (n, 2))


class Spiral:
    """An arm of a spiral."""

    def draw(self, key, n):
        angle, noise = jax.random.split(key)
        t = 3 * jnp.pi * jnp.sqrt(jax.random.uniform(angle, (n,)))
        return 0.2 * t[:, None] * jnp.stack([jnp.cos(t), jnp.sin(t)], 1) + 0.03 * jax.random.normal(noise, (n, 2))


class Measured:
    """Samples beside real ones, in NumPy: modes or cells covered, precision, and the distance over a perfect sampler's.

    A cell is one of k-means of real data, where there are no modes; it is covered by a quarter of its fair share.
    """

    def __init__(self, game):
        real, other = (self.flat(game.data.draw(jax.random.key(i), SAMPLES)) for i in (100, 101))
        self.real, self.width = real, np.sqrt(((real - real.mean(0)) ** 2).sum(1).mean())
        self.shape = np.shape(game.data.draw(jax.random.key(0), 1))[1:]
        ways = np.random.default_rng(0).normal(size=(64, real.shape[1]))
        self.ways = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        self.perfect = self.distance(other)
        if hasattr(game.data, "centres"):
            self.centres, self.radius, self.share = np.asarray(game.data.centres, float), 3 * float(game.data.std), 0.0
        else:
            means = KMeans(CELLS, n_init=1, random_state=0).fit(real)
            self.centres, self.share = means.cluster_centers_, 0.25 / CELLS
            self.radius = np.quantile(np.linalg.norm(real - self.centres[means.labels_], axis=1), 0.95)
        self.near, self.same = self.covered(real)[1], None

    def flat(self, x):
        return np.asarray(x, float).reshape(len(x), -1)

    def distance(self, samples):
        apart = np.sort(samples @ self.ways.T, 0) - np.sort(self.real @ self.ways.T, 0)
        return np.sqrt((apart**2).mean())

    def covered(self, samples):
        distances = np.linalg.norm(samples[:, None] - self.centres, axis=-1)
        near = distances.min(1) <= self.radius
        shares = np.bincount(distances.argmin(1)[near], minlength=len(self.centres)) / len(samples)
        return (shares > self.share), near.mean()

    def __call__(self, game, players, key):
        samples = self.flat(game.sample(players.generator, key, SAMPLES))
        scores = [
            np.asarray(game.discriminator.apply(players.discriminator, np.float32(x).reshape(-1, *self.shape))).ravel()
            for x in (self.real, samples)
        ]
        around = lambda centre: np.sqrt(((samples - centre) ** 2).sum(1).mean()) / self.width  # noqa: E731
        modes, near = self.covered(samples)
        same = self.flat(game.sample(players.generator, jax.random.key(0), 200))
        moved, self.same = np.abs(same - self.same).max() if self.same is not None else np.nan, same
        return {
            "moved": moved / self.width,
            "scale": around(self.real.mean(0)), "spread": around(samples.mean(0)),
            "told": np.searchsorted(np.sort(scores[1]), scores[0]).mean() / SAMPLES,
            "covered": modes.mean(), "near": near / self.near, "ratio": self.distance(samples) / self.perfect,
            "modes": modes,
        }  # fmt: skip


def fate_of(history, begun: int, mixture: bool) -> str:
    """The fate of training from the step at which it was looked at, `begun`, by what was measured after."""
    values = {name: each.values.astype(float) for name, each in history.data_vars.items() if each.dims == ("step",)}
    later, before = (history["step"].values > begun), history["step"].values <= begun
    if int(history["diverged_at"]) >= 0:
        return "runs away"
    if np.nanmax(values["moved"][later]) < 1e-3:
        return "stuck"
    scale = values["scale"][later]
    if np.median(scale[-8:]) >= 10 and np.median(scale[-8:]) > 1.5 * np.median(scale[:8]):
        return "runs away"
    if mixture:
        lack = 1 - values["covered"] * np.minimum(values["near"], 1)
        good, bad, swings = 0.15, 0.35, 0.5
    else:
        ratio = values["ratio"]
        lack = np.log(np.maximum(ratio, 1)) / np.log(max(ratio[0], 1.5))
        good, bad, swings = (np.log(x) / np.log(max(ratio[0], 1.5)) for x in (1.35, 2.5, 4.0))
    after = lack[later]
    third = len(after) // 3
    now, end = np.median(lack[before][-3:]), np.median(after[-third:])
    if np.median(after) <= good and np.quantile(after, 0.9) <= swings:
        return "good"
    gained = max(now, np.median(after[:third])) - end
    steadily = np.quantile(after[-third:], 0.8) < np.quantile(after[:third], 0.5)
    certain = np.median(values["told"][later]) >= 0.97 and end > 0.4 and np.quantile(values["near"][later], 0.75) < 0.2
    if certain and gained < 0.03:
        return "discriminator certain"
    if np.quantile(values["covered"][later], 0.8) < 0.42:
        if not mixture and 0.03 <= gained < 0.3:
            return "improves slowly"
        near = np.quantile(values["near"][later], 0.75)
        visited = history["modes"].values[later].any(0).mean()
        roams = np.median(values["spread"][later]) < 0.3 and visited > 3 * np.median(values["covered"][later])
        if gained < 0.03 and (near >= 0.4 or roams):
            return "modes missing"
        if gained < 0.03 and (near >= 0.2 or np.median(values["spread"][later]) < 0.5):
            return "few modes now and then"
    if gained >= 0.15 and steadily:
        return "improves"
    if end <= bad and now <= 1.5 * bad:
        return "nearly good"
    if gained >= 0.03:
        return "improves slowly"
    if np.median(values["covered"][later]) < 0.6:
        return "few modes now and then"
    return "no better"


def _case(rng, name, game, method, steps, fate=None):
    """A case of a GAN trained for some steps; its fate is that of the same training gone on with."""
    key = jax.random.key(int(rng.integers(2**31)))
    run = sd.train(
        game, method, steps=steps, every=max(1, steps // 40), key=key, probes=sd.metrics.probes(game, 1000, 0)
    ).only
    if fate is None:
        probes = {"measured": Measured(game)}
        longer = sd.train(game, method, steps=steps + ON, every=EVERY, key=key, probes=probes).only
        fate = fate_of(longer.history, steps, hasattr(game.data, "centres"))
    known = {"history": run.history}
    if int(run.history["diverged_at"]) < 0:
        known["state"] = run.state
        players = run.players
    else:
        players = game.init(key)
    return Case(name, subject(game, method, players, int(rng.integers(2**31)), **known), fate)


def adam(g, d, b1=0.5):
    """Adam for each player."""
    return {"generator": f"adam(learning_rate={g!r}, b1={b1})", "discriminator": f"adam(learning_rate={d!r}, b1={b1})"}


def _rate(rng, low, high):
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


@functools.cache
def _ring(kind):
    return {
        "numerics": lambda std: sd.games.ring("numerics", modes=8, std=std, width=32, batch=128),
        "paper": lambda std: sd.games.ring("unrolled-paper", modes=6, std=2 * std, width=64, noise=16, batch=128),
        "grid": lambda std: sd.games.grid(3, preset="numerics", std=std, width=32, batch=128),
        "r1": lambda std: sd.games.ring("numerics", modes=8, std=std, width=32, batch=128, penalty="r1(weight=0.1)"),
    }[kind]


def any_ring(rng: np.random.Generator) -> Case:
    """A ring or grid at rates that are anything."""
    kind, name = str(rng.choice(["numerics", "paper", "grid", "r1"])), str(rng.choice(["simultaneous", "alternating"]))
    g, d, steps = _rate(rng, 1e-4, 1e-2), _rate(rng, 1e-4, 1e-2), int(rng.choice([500, 1500, 3000]))
    game = _ring(kind)(_rate(rng, 0.02, 0.1))
    what = f"{kind} {name} g={g:.2g} d={d:.2g} {steps}"
    return _case(rng, what, game, getattr(sd.methods, name)(**adam(g, d)), steps)


def healthy_ring(rng: np.random.Generator) -> Case:
    """A ring at rates at which it mostly goes well."""
    kind, name = str(rng.choice(["numerics", "r1", "grid"])), str(rng.choice(["alternating", "consensus"]))
    g, d, steps = _rate(rng, 5e-4, 3e-3), _rate(rng, 7e-4, 4e-3), int(rng.choice([1500, 3000, 6000]))
    method = getattr(sd.methods, name)(**adam(g, d), **({"gamma": 1.0} if name == "consensus" else {}))
    return _case(
        rng, f"healthy {kind} {name} g={g:.2g} d={d:.2g} {steps}", _ring(kind)(_rate(rng, 0.03, 0.1)), method, steps
    )


def collapsing_ring(rng: np.random.Generator) -> Case:
    """The unrolled paper's ring under plain descent, which mostly loses modes."""
    g, d, steps = _rate(rng, 5e-4, 3e-3), _rate(rng, 2e-4, 2e-3), int(rng.choice([1500, 3000]))
    game = _ring("paper")(_rate(rng, 0.02, 0.06))
    return _case(
        rng, f"paper simultaneous g={g:.2g} d={d:.2g} {steps}", game, sd.methods.simultaneous(**adam(g, d)), steps
    )


def stuck_ring(rng: np.random.Generator) -> Case:
    """A ring of which one player, or both, hardly learn."""
    slow, usual = _rate(rng, 1e-8, 1e-6), _rate(rng, 3e-4, 3e-3)
    which = str(rng.choice(["generator", "discriminator", "both"]))
    g, d = {"generator": (slow, usual), "discriminator": (usual, slow), "both": (slow, slow)}[which]
    game, steps = _ring(str(rng.choice(["numerics", "paper"])))(0.05), int(rng.choice([500, 1500]))
    method = sd.methods.simultaneous(**adam(g, d))
    fate = "one player stuck" if which == "discriminator" else "stuck"
    return _case(rng, f"stuck {which} g={g:.2g} d={d:.2g}", game, method, steps, fate)


def runaway_ring(rng: np.random.Generator) -> Case:
    """A Wasserstein GAN without a penalty, whose scores have no bound."""
    g, d, steps = _rate(rng, 1e-3, 2e-2), _rate(rng, 1e-3, 2e-2), int(rng.choice([500, 1500]))
    game = sd.games.ring("numerics", modes=8, std=0.05, width=32, batch=128, loss="wasserstein")
    return _case(rng, f"wasserstein g={g:.2g} d={d:.2g} {steps}", game, sd.methods.simultaneous(**adam(g, d)), steps)


def own_data(rng: np.random.Generator) -> Case:
    """Moons or a spiral, at rates that are anything."""
    data, name = Moons() if rng.random() < 0.5 else Spiral(), str(rng.choice(["simultaneous", "alternating"]))
    g, d, steps = _rate(rng, 1e-4, 8e-3), _rate(rng, 1e-4, 8e-3), int(rng.choice([500, 1500, 3000]))
    game = sd.games.Gan(MLP(8, 2, (64, 64)), MLP(2, 1, (64, 64)), data, noise=8, batch=128)
    what = f"{type(data).__name__} {name} g={g:.2g} d={d:.2g} {steps}"
    return _case(rng, what, game, getattr(sd.methods, name)(**adam(g, d)), steps)


def small_images(rng: np.random.Generator) -> Case:
    """Handwritten digits, small networks, few steps."""
    g, d, steps = _rate(rng, 1e-5, 3e-3), _rate(rng, 1e-5, 3e-3), int(rng.choice([200, 400]))
    return _case(
        rng,
        f"digits g={g:.2g} d={d:.2g} {steps}",
        sd.games.digits(width=8, batch=32),
        sd.methods.alternating(**adam(g, d)),
        steps,
    )


FAMILIES = (
    *(any_ring,) * 3, *(healthy_ring,) * 2, *(own_data,) * 2, collapsing_ring, stuck_ring, runaway_ring, small_images,
)  # fmt: skip
