"""The second-order test of a position: local Nash equilibrium, local minimax point, stable only, or not at rest."""

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy import special
from scipy.sparse import linalg

from saddlery.dynamics import second_order
from saddlery.dynamics.eigenvalues import of_matrix, of_products
from saddlery.dynamics.jacobian import Jacobian, jacobian
from saddlery.dynamics.kind import CriticalPoint, Curvature, Rest, decided
from saddlery.dynamics.symmetric import Extremes, of_symmetric, of_symmetric_products
from saddlery.errors import InvalidValue
from saddlery.game import Game, adopt
from saddlery.text.arguments import number
from saddlery.types import Key, Pair, Players

SMALL = 512  # parameters up to which there is a matrix
STEPS_OF_TOTAL = 20  # of Lanczos' iteration along the best response, each with two solves
SURE = 0.99865  # that a mean over batches lies below its upper bound: three standard errors of many
NEARBY = 0.1  # standard deviation of the numbers by which a position nearby differs
SAMPLES = 5  # random vectors of the estimate of ‖H‖ where there is no matrix


def critical_point(
    game: Game,
    players: Players,
    *,
    key: Key,
    batches: int = 1,
    tolerance: float | None = None,
    rest: float | None = None,
    products: int = 1000,
) -> CriticalPoint:
    """The kind of a critical point ξ = 0: local Nash, local minimax (Stackelberg), stable but neither, or unstable.

    With H = ξ′, its diagonal blocks each player's own Hessian,

        local Nash (sufficient):     H_gg ≻ 0 and H_dd ≻ 0
        local minimax (sufficient):  H_dd ≻ 0 and φ″ ≻ 0, φ the generator's loss along the best response r(g)

    With ⪰ each is necessary, so that a negative eigenvalue refutes. Where the game is zero-sum, H_gd = −H_dgᵀ,

        φ″ = H_gg − H_gd H_dd⁻¹ H_dg     (Jin, Netrapalli, Jordan, 2020)

    the Schur complement, is positive definite if both Hessians are: there a local Nash equilibrium is a local minimax
    point too. It is that of the f with ξ = (∇_g f, −∇_d f), also where the two losses differ by a term in one player's
    parameters alone, such as R1's. Otherwise φ(g) = L_g(g, r(g)), and φ′ need not vanish with ξ:

        φ″ = (I Rᵀ) ∇²(L_g − ⟨w, ∇_d L_d⟩) (I; R),   R = r′ = −H_dd⁻¹ H_dg,   w = H_dd⁻¹ ∇_d L_g, held
        φ′ = ∇_g L_g − H_dgᵀ w

    Then neither kind is among the other: they are differential Nash equilibria (Ratliff, Burden, Sastry, 2016) and
    differential Stackelberg equilibria with the generator as leader (Fiez, Chasnov, Ratliff, 2020). The Lagrangian form
    of φ″, and all thresholds, are Saddlery's.

        >>> import saddlery as sd
        >>> game = sd.games.quadratic(A=[[-6.0]], B=[[4.0]], C=[[2.0]])  # min over x, max over y: −3x² − y² + 4xy
        >>> point = critical_point(game, game.equilibrium(), key=jax.random.key(0))
        >>> print(point.word)  # −6 < 0, but along y = 2x the loss is x²
        local minimax (Stackelberg) point
        >>> point.total.values.round(3).tolist(), point.stable  # gradient descent leaves it: J = [[6, −4], [4, −2]]
        ([2.0], False)

    An eigenvalue has no sign within ε √n ‖·‖ of zero, ε the precision of the parameters' type, nor within the noise of
    several batches: Student's quantile, of 3 standard errors where they are many, of 9 of four. Trained networks have
    many such: then the word is "degenerate: cannot tell", and `nash` and `minimax` say what is known all the same.

    **Costs:** up to 512 parameters a matrix, n products with H, and in games that are not zero-sum, where H_dd ≻ 0, one
    with the Lagrangian's Hessian for each parameter of the generator. Beyond, up to 100 products for each player's
    Hessian (Lanczos), 5 for ‖H‖ and about `products` for stability (ARPACK); where H_dd ≻ 0, 20 with φ″, each with a
    solve by conjugate gradients of at most `products` products, or two where the game is not zero-sum. Each of several
    batches takes one gradient and up to three products more.

    **Arguments:**
    - `game`, `players`: the game and the position, `Pair(generator, discriminator)`.
    - `key`: a `jax.random.key`, of the batches.
    - `batches`: over how many ξ and H are averaged. One is held as *the* game; from two on their noise is counted.
    - `tolerance`: magnitude up to which eigenvalues have no sign, instead of the above.
    - `rest`: ‖ξ‖ up to which the point is at rest; by default √ε ‖H‖ max(1, rms θ) in the Frobenius norm, by what ξ
      changes when each parameter is moved by about √ε of its size. Within the noise of the batches it cannot be told.
    - `products`: how many Jacobian products the search for the rightmost eigenvalue, or a solve, may take.

    **Returns:** a `CriticalPoint`.

    **Raises:** `ValueError` for players of another game and numbers out of range; `FloatingPointError` when Jacobian
    products are not finite.
    """
    given = {"tolerance": tolerance, "rest": rest}
    for name, value in given.items():
        if value is not None:
            number(name, value, least=0.0)
    J = jacobian(game, players, key=key, batches=batches)
    return of_jacobian(
        J, game, players, key, batches, _flow(J, J.size <= SMALL, products), "the gradient flow",
        tolerance=tolerance, rest=rest, products=products,
    )  # fmt: skip


def of_jacobian(
    J: Jacobian,
    game: Game,
    players: Players,
    key: Key,
    batches: int,
    stable: bool | None,
    moved_by: str,
    *,
    tolerance: float | None = None,
    rest: float | None = None,
    products: int = 1000,
    dense: bool | None = None,
) -> CriticalPoint:
    """The critical point from the Jacobian of v = −ξ, and what is known of the stability of a flow or update there.

    `dense` says whether by its matrix, by default up to 512 parameters.

    >>> import saddlery as sd
    >>> game, key = sd.games.quadratic(A=[[1.0]], B=[[4.0]], C=[[2.0]]), jax.random.key(0)
    >>> J = jacobian(game, game.equilibrium(), key=key)
    >>> print(of_jacobian(J, game, game.equilibrium(), key, 1, True, "this update").word)
    local Nash equilibrium
    """
    game, players = adopt(game), Pair(*jax.tree.map(jnp.asarray, tuple(players)))
    point = _Point(J, game, players, key, batches, J.size <= SMALL if dense is None else dense, tolerance, products)
    reached = point.rest(rest)
    generator, discriminator = point.own(True), point.own(False)
    total, slope, allowed = None, float("nan"), 0.0
    if discriminator.positive and reached.reached is not False:
        total, slope, growth = point.along_best_response()
        allowed = (reached.allowed + (reached.noise if batches > 1 else 0.0)) * growth
    return decided(
        reached, generator, discriminator, total, slope, allowed, stable, moved_by, J.taken.total() + point.further
    )


class _Point:
    """A position: H in blocks, by a matrix or by products, with the noise of its batches."""

    def __init__(self, J, game, players, key, batches, dense, tolerance, products):
        self.J, self.game, self.players, self.key, self.keys = J, game, players, key, jax.random.split(key, batches)
        self.dense, self.tolerance, self.products, self.further = dense, tolerance, products, 0
        self.n = ravel_pytree(players.generator)[0].size
        self.H = -J.matrix() if dense else np.empty((0, 0))

    def rest(self, allowed):
        """‖ξ‖, its standard error, and what counts as zero."""
        z = np.asarray(ravel_pytree(self.players)[0], float)
        if allowed is None:
            allowed = np.sqrt(self.J.epsilon) * self.norm * max(1.0, float(np.sqrt(np.mean(z**2))))
        noise = self._error(self._each(second_order.fields))
        return Rest(float(np.linalg.norm(self.J.field)), float(noise), float(allowed))

    def own(self, of_generator):
        """The curvature of a player's loss in its own parameters."""
        rows = slice(None, self.n) if of_generator else slice(self.n, None)
        size = len(self.J.field[rows])
        if self.dense:
            found = of_symmetric(self.H[rows, rows])
        else:
            found = of_symmetric_products(lambda u: self._rows(self.J.product, u, of_generator)[rows], size)
        along = np.zeros(self.J.size)
        along[rows] = found.vector
        quotients = lambda: self._each(second_order.quotients, along, along)  # noqa: E731
        return self._curvature(found, self._length(found, size), size, quotients)

    def along_best_response(self):
        """The curvature φ″ of the generator's loss along the best response, ‖φ′‖, and 1 + ‖R‖.

        There is none where a solve does not converge, or a third derivative is not finite.
        """
        try:
            return self._of_zero_sum() if self._zero_sum() else self._of_general_sum()
        except _Unsolved:
            return None, float("nan"), 1.0

    def _zero_sum(self):
        """Whether H_gd = −H_dgᵀ to within √ε, by products with random signs at a position nearby.

        At this one it may hold by chance.
        """
        random, (z, unravel) = np.random.default_rng(2), ravel_pytree(self.players)
        beside = unravel(z + jnp.asarray(NEARBY * random.standard_normal(z.size), z.dtype))
        signs = random.choice([-1.0, 1.0], (2, self.J.size - self.n))
        try:
            J = jacobian(self.game, beside, key=self.key, batches=len(self.keys))
            across, back = (
                np.stack([self._rows(of, u, False)[: self.n] for u in signs]) for of in (J.product, J.transposed)
            )
        except (FloatingPointError, InvalidValue):  # not differentiable there
            return False
        self.further += J.taken.total()
        return bool(np.linalg.norm(across + back) <= np.sqrt(self.J.epsilon) * np.linalg.norm(across))

    def _of_zero_sum(self):
        """The Schur complement of H_dd, of symmetric matrices both; φ′ = ξ_g + Rᵀ∇_d f vanishes with ξ."""
        grown = []

        def product(u):
            response = self._response(u, grown)
            return self._own_generator(u) + self._to_generator(response)

        if self.dense:
            response = self._response(np.eye(self.n), grown)
            found = of_symmetric(self.H[: self.n, : self.n] + self.H[: self.n, self.n :] @ response)
        else:
            found = of_symmetric_products(product, self.n, STEPS_OF_TOTAL)
        along = np.concatenate([found.vector, self._response(found.vector, grown)])
        growth, flip = 1.0 + max(grown), np.concatenate([np.ones(self.n), -np.ones(self.J.size - self.n)])
        # uᵀφ″u = (u, Ru)ᵀ ∇²f (u, Ru), and ∇²f is H with the discriminator's rows turned round
        quotients = lambda: self._each(second_order.quotients, flip * along, along)  # noqa: E731
        return self._curvature(found, growth**2 * self.norm, self.J.size, quotients, self._precision()), 0.0, growth

    def _of_general_sum(self):
        """(I Rᵀ) ∇²(L_g − ⟨w, ∇_d L_d⟩) (I; R)."""
        n, grown = self.n, []
        leader = self._each(second_order.leader_gradient)
        weights = self._solved(leader[n:])
        slope = float(np.linalg.norm(leader[:n] - self._across_transposed(weights)))

        def product(u):
            pushed = self._lagrangian(weights, np.concatenate([u, self._response(u, grown)])[None])[0]
            return pushed[:n] - self._across_transposed(self._solved(pushed[n:]))

        if self.dense:
            response = self._response(np.eye(n), grown)
            pushed = self._lagrangian(weights, np.hstack([np.eye(n), response.T]))
            found = of_symmetric(pushed[:, :n] + pushed[:, n:] @ response)
        else:
            found = of_symmetric_products(product, n, STEPS_OF_TOTAL)
        along = np.concatenate([found.vector, self._response(found.vector, grown)])
        quotients = lambda: self._each(second_order.lagrangian_quotients, weights, along)  # noqa: E731
        growth = 1.0 + max(grown)
        norm = max(self.norm, self._length(found, n))
        return self._curvature(found, growth**2 * norm, self.J.size, quotients, self._precision()), slope, growth

    def _response(self, u, grown):
        """Ru, by how the discriminator answers a move of the generator; ‖Ru‖/‖u‖ is noted."""
        response = -self._solved(self._across(u))
        grown.append(np.linalg.norm(response, 2) / np.linalg.norm(u, 2))
        return response

    def _curvature(self, found: Extremes, norm, size, quotients, solves=0.0):
        """Eigenvalues with the error of the least: of rounding in terms of a norm, solves, the search, the batches."""
        if self.tolerance is not None:
            return Curvature(found.values, self.tolerance)
        error = (self.J.epsilon * np.sqrt(size) + solves) * norm + found.residual
        noise = self._error(quotients()[:, None]) if len(self.keys) > 1 else 0.0
        return Curvature(found.values, float(max(error, noise)))

    def _length(self, found, size):
        """The Frobenius norm of a symmetric matrix, or a bound of it by its extreme eigenvalues."""
        return np.linalg.norm(found.values) if self.dense else np.sqrt(size) * np.abs(found.values).max()

    @functools.cached_property
    def norm(self):
        """‖H‖ in the Frobenius norm, exact or estimated from ‖Hz‖² over random signs z."""
        if self.dense:
            return np.linalg.norm(self.H)
        random = np.random.default_rng(1)
        squares = [np.sum(self.J.product(random.choice([-1.0, 1.0], self.J.size)) ** 2) for _ in range(SAMPLES)]
        return np.sqrt(np.mean(squares))

    def _error(self, of_each):
        """How far a mean over batches may be off: Student's quantile times its standard error; NaN of a single one."""
        batches = len(of_each)
        if batches == 1:
            return float("nan")
        return special.stdtrit(batches - 1, SURE) * np.sqrt(of_each.var(0, ddof=1).sum() / batches)

    def _precision(self):
        """The relative residual of solves by conjugate gradients, 0 where they are by a matrix."""
        return 0.0 if self.dense else 100 * self.J.epsilon

    def _solved(self, target):
        """H_dd⁻¹ of a vector or of columns, by conjugate gradients where there is no matrix."""
        if self.dense:
            return np.linalg.solve(self.H[self.n :, self.n :], target)
        own = lambda u: self._rows(self.J.product, u.ravel(), False)[self.n :]  # noqa: E731
        operator = linalg.LinearOperator((len(target), len(target)), matvec=own)  # type: ignore[call-arg]
        found, failed = linalg.cg(operator, target, rtol=self._precision(), maxiter=self.products)
        if failed:
            raise _Unsolved
        return found

    def _own_generator(self, u):
        """H_gg u."""
        return self._rows(self.J.product, u, True)[: self.n]

    def _across(self, u):
        """H_dg u, of a vector or of columns."""
        return self.H[self.n :, : self.n] @ u if self.dense else self._rows(self.J.product, u, True)[self.n :]

    def _to_generator(self, u):
        """H_gd u."""
        return self._rows(self.J.product, u, False)[: self.n]

    def _across_transposed(self, u):
        """H_dgᵀ u."""
        return self._rows(self.J.transposed, u, False)[: self.n]

    def _rows(self, product, u, of_generator):
        """H or Hᵀ times what is u for one player and zero for the other."""
        parts = (u, np.zeros(self.J.size - self.n)) if of_generator else (np.zeros(self.n), u)
        return -product(np.concatenate(parts))

    def _each(self, of, *arrays):
        """A function of the game, the players, the keys and arrays."""
        return np.asarray(of(self.game, self.players, self.keys, *map(jnp.asarray, arrays)), float)

    def _lagrangian(self, weights, directions):
        self.further += len(directions)
        pushed = self._each(second_order.lagrangian_products, weights, directions)
        if not np.isfinite(pushed).all():
            raise _Unsolved
        return pushed


class _Unsolved(Exception):
    """A solve that did not converge, or a third derivative that is not finite."""


def _flow(J, dense, products):
    """Whether the gradient flow comes back: the sign of the largest real part, `None` where it cannot be told."""
    if dense:
        values, norm = of_matrix(J.matrix()).values, np.linalg.norm(J.matrix())
        return stability(np.real(values), J.epsilon * np.sqrt(J.size) * norm, complete=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a search that found fewer: that is what `None` says
            values = of_products(J.product, J.size, 1, "largest_real", products).values
    except RuntimeError:
        return None
    return stability(np.real(values), J.epsilon * np.sqrt(J.size) * np.abs(values).max(), complete=True)


def stability(real_parts: np.ndarray, tolerance: float, complete: bool) -> bool | None:
    """Whether all eigenvalues have a negative real part; `None` where that cannot be told, or not all are known.

    >>> stability(np.array([-1.0, -2.0]), 1e-6, True), stability(np.array([-1.0, 0.0]), 1e-6, True)
    (True, None)
    >>> stability(np.array([-1.0, 0.5]), 1e-6, False)  # one that grows is enough
    False
    """
    if (real_parts > tolerance).any():
        return False
    return True if complete and (real_parts < -tolerance).all() else None
