"""Analytic games at random, and their fates by matrices and simulations in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np

import saddlery as sd
from checks.truths import Case, subject

TOLERANCE = 2e-6  # of a growth rate that float32 can tell from none
LAST, MOST = 1000, 1e30


def descent(name: str, rate: float, **own: float) -> sd.Method:
    """A method under plain descent."""
    optimiser = f"sgd(learning_rate={rate!r})"
    return getattr(sd.methods, name)(generator=optimiser, discriminator=optimiser, **own)


def update(name: str, H: np.ndarray, n: int, h: float, gamma: float = 0.0) -> np.ndarray:
    """The matrix of a step on ξ = Hz, by hand."""
    one, hH = np.eye(len(H)), h * H
    if name == "simultaneous":
        return one - hH
    if name == "alternating":  # the generator, then the discriminator, which sees it
        first, then = one.copy(), one.copy()
        first[:n] -= hH[:n]
        then[n:] -= hH[n:]
        return then @ first
    if name == "extragradient":
        return one - hH @ (one - hH)
    if name == "consensus":
        return one - hH - h * gamma * H.T @ H
    raise KeyError(name)


def linear_fate(M: np.ndarray, start: np.ndarray, steps: int) -> str | None:
    """The fate of z ← Mz: by the largest eigenvalue; `None` where single precision could not tell it."""
    values = np.linalg.eigvals(M)
    leading = values[np.abs(values).argmax()]
    pace = np.log(np.abs(leading))
    z = start.copy()
    with np.errstate(all="ignore"):
        for _ in range(steps):
            z = M @ z
    if not np.linalg.norm(z) < MOST:
        return "overflows"
    turns = abs(leading.imag) > 1e-9 * abs(leading)
    if abs(pace) < 1e-12 and turns:
        return "closed orbit"
    if abs(pace) < TOLERANCE:
        return None
    return "shrinks" if pace < 0 else "spirals out" if turns else "grows"


def _of_quadratic(rng, name, A, B, C, h, gamma, what):
    """A case of a zero-sum quadratic game with these matrices; again where its fate cannot be told."""
    n = len(A)
    H = np.block([[A, B], [-B.T, C]])
    game = sd.games.quadratic(A, B, C)
    players = game.init(jax.random.key(int(rng.integers(2**31))))
    start = np.concatenate([np.asarray(each, float) for each in players])
    fate = linear_fate(update(name, H, n, h, gamma), start, LAST)
    own = {"gamma": gamma} if name == "consensus" else {}
    case = f"{what} {name} h={h:.3g}"
    return fate and Case(case, subject(game, descent(name, h, **own), players, int(rng.integers(2**31))), fate)


def _definite(rng, n):
    Q = rng.normal(size=(n, n))
    return Q @ Q.T / n + rng.uniform(0.05, 0.5) * np.eye(n)


def bilinear(rng: np.random.Generator) -> Case:
    """A bilinear game, of a few couplings, at a step from a thousandth to one."""
    dimension, name = int(rng.integers(1, 4)), rng.choice(["simultaneous", "alternating", "extragradient", "consensus"])
    h, sigma = float(np.exp(rng.uniform(*np.log([2e-3, 0.6])))), rng.uniform(0.4, 2.0, dimension)
    game = sd.games.bilinear(coupling=jnp.asarray(sigma, jnp.float32), dimension=dimension)
    players = game.init(jax.random.key(int(rng.integers(2**31))))
    B, zero = np.diag(np.asarray(game.coupling, float).reshape(-1)), np.zeros((dimension, dimension))
    gamma = float(rng.uniform(0.1, 1.0))
    M = update(name, np.block([[zero, B], [-B.T, zero]]), dimension, float(np.float32(h)), gamma)
    fate = linear_fate(M, np.concatenate([np.asarray(each, float).reshape(-1) for each in players]), LAST)
    own = {"gamma": gamma} if name == "consensus" else {}
    if fate is None:
        return bilinear(rng)
    return Case(f"bilinear {name} h={h:.3g}", subject(game, descent(name, h, **own), players, 1), fate)


def quadratic(rng: np.random.Generator) -> Case:
    """A node, a focus or a saddle, at a step that is stable or not."""
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    what = str(rng.choice(["node", "focus", "saddle"]))
    A, C, B = _definite(rng, n), _definite(rng, m), rng.normal(size=(n, m))
    B *= {"node": 0.0, "focus": 3.0, "saddle": 0.5}[what]
    if what == "saddle":
        A = A - 1.5 * np.linalg.eigvalsh(A)[-1] * np.outer(v := np.linalg.qr(rng.normal(size=(n, n)))[0][:, 0], v)
    largest = np.abs(np.linalg.eigvals(np.block([[A, B], [-B.T, C]]))).max()
    h = float(np.float32(np.exp(rng.uniform(*np.log([3e-3, 2.5]))) / largest))
    name = str(rng.choice(["simultaneous", "alternating", "extragradient"]))
    return _of_quadratic(rng, name, A, B, C, h, 0.0, what) or quadratic(rng)


def held_up(rng: np.random.Generator) -> Case:
    """A focus at a step of nothing, or next to nothing."""
    game = sd.games.quadratic(_definite(rng, 3), rng.normal(size=(3, 2)), _definite(rng, 2))
    players = game.init(jax.random.key(int(rng.integers(2**31))))
    h = float(rng.choice([0.0, 10.0 ** rng.uniform(-10, -8.5)]))
    return Case(f"stuck h={h:.2g}", subject(game, descent("simultaneous", h), players, 1), "stuck")


def _sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


SLOPES = {  # of a loss at a = ψθ: the generator's, −∂L_g/∂a, and the discriminator's, ∂L_d/∂a
    "minimax": (_sigmoid, _sigmoid),
    "nonsaturating": (lambda a: _sigmoid(-a), _sigmoid),
    "wasserstein": (lambda a: 1.0, lambda a: 1.0),
    "tv": (lambda a: 1 - np.tanh(a) ** 2,) * 2,
}
PENALTIES = {
    "none": lambda psi, w: 0.0,
    "r1": lambda psi, w: w * psi,
    "wgan_gp": lambda psi, w: 2 * w * (abs(psi) - 1) * np.sign(psi),
}


def dirac_path(loss, penalty, weight, name, h, theta, psi, steps):
    """The players' path, `(steps + 1, 2)`, by gradients written by hand."""
    mine, theirs = SLOPES[loss]
    pull = PENALTIES[penalty]
    of_theta = lambda t, p: -p * mine(p * t)  # noqa: E731
    of_psi = lambda t, p: t * theirs(p * t) + pull(p, weight)  # noqa: E731
    path = np.empty((steps + 1, 2))
    path[0] = theta, psi
    for i in range(steps):
        if name == "extragradient":
            ahead = theta - h * of_theta(theta, psi), psi - h * of_psi(theta, psi)
            theta, psi = theta - h * of_theta(*ahead), psi - h * of_psi(*ahead)
        else:
            moved = theta - h * of_theta(theta, psi)
            psi -= h * of_psi(moved if name == "alternating" else theta, psi)
            theta = moved
        path[i + 1] = theta, psi
        if not abs(theta) + abs(psi) < MOST:
            return path[: i + 2]
    return path


def fate_of(path: np.ndarray, wanted: int) -> str | None:
    """The fate of a path of two numbers, from its second half beside its first."""
    if len(path) <= wanted:
        return "overflows"
    moves, distance = np.linalg.norm(np.diff(path, axis=0), axis=1), np.linalg.norm(path, axis=1)
    quarter, half = len(path) // 4, len(path) // 2
    pace = moves[half:].mean() / max(moves[: len(path) // 20 + 1].mean(), 1e-300)
    if distance[-1] < 1e-4:
        return "shrinks"
    if moves[-100:].max() < 1e-9 and distance[-1] > 1e-2:
        return "rests elsewhere"
    change = np.log(np.sqrt((distance[half:] ** 2).mean() / (distance[quarter:half] ** 2).mean()))
    if change < -0.05:
        return "shrinks"
    if change > 0.05:
        return "saturates" if pace < 0.05 else "spirals out"
    if pace < 0.02:
        return "saturates"
    return "closed orbit" if abs(change) < 0.02 else None


def dirac(rng: np.random.Generator) -> Case:
    """A Dirac-GAN with each loss and penalty; its fate is that of a long simulation, and what it is in at first."""
    loss, penalty = str(rng.choice(list(SLOPES))), str(rng.choice(list(PENALTIES)))
    name, weight = str(rng.choice(["simultaneous", "alternating", "extragradient"])), float(rng.choice([0.3, 1.0, 3.0]))
    h = float(np.float32(np.exp(rng.uniform(*np.log([0.02, 0.4])))))
    game = sd.games.dirac(loss, None if penalty == "none" else f"{penalty}(weight={weight})")
    players = game.init(jax.random.key(int(rng.integers(2**31))))
    path = dirac_path(loss, penalty, weight, name, h, *map(float, players), 200_000)
    fate = fate_of(path, 200_000)
    soon = {fate_of(path[: steps + 1], min(steps, len(path) - 1)) for steps in (16_000, 64_000)} - {None, fate}
    if fate is None:
        return dirac(rng)
    what = f"dirac {loss} {penalty}({weight}) {name} h={h:.3g}"
    return Case(what, subject(game, descent(name, h), players, 1), fate, "; ".join(sorted(soon)))


FAMILIES = (bilinear, quadratic, dirac, dirac, held_up)
