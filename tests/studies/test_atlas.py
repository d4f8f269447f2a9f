import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import xarray as xr

from saddlery.call import build
from saddlery.game import Pair
from saddlery.games import GAMES
from saddlery.report.atlas import Claim, claims, exponents
from saddlery.studies import atlas, dirac, second_order

TINY = atlas.Scale(8, 3, 6, 1600)
STEPS = np.geomspace(0.1, 3.0, TINY.steps)
FAMILIES = {family.name: family for family in atlas.families(TINY.values)}
CONVERGES, SLOWLY, BOUNDED, DEPENDS, DIVERGES, STALLS = range(6)


def maps(game, method):
    """The maps of a method on a game, `(value, step)`."""
    return {name: each[0] for name, each in atlas.maps_of([game], FAMILIES[method], STEPS, TINY).items()}


@pytest.mark.parametrize("method", ["alternating", "simultaneous"])
@pytest.mark.parametrize("game", ["dirac-minimax", "dirac-wasserstein", "dirac-wgan-gp"])
def test_without_a_fitting_penalty_the_dirac_gan_does_not_converge(game, method):
    found = maps(game, method)
    assert not np.isin(found["verdict"], (CONVERGES, SLOWLY)).any()
    assert (found["reach"] < 0.5).all()


@pytest.mark.parametrize("method", ["alternating", "simultaneous"])
def test_wgan_gp_throws_the_discriminator_away_from_the_equilibrium(method):
    """Why it cannot converge: however near, the penalty (|ψ| − 1)² pushes ψ by 2h, of either sign, in one step."""
    with jax.enable_x64(True):
        game, chosen = build("game", atlas.ATLAS["dirac-wgan-gp"][0], GAMES), FAMILIES[method].make(1, 0.05)
        for theta, psi in np.random.default_rng(0).standard_normal((5, 2)):
            players = Pair(jnp.asarray(1e-6 * theta), jnp.asarray(1e-6 * psi))
            after = chosen.step(game, players, chosen.init(game, players), jax.random.key(0))[0]
            assert float(after.discriminator) == pytest.approx(np.sign(psi) * 0.1, abs=1e-5)


def test_wasserstein_diverges_simultaneously_and_alternating_is_bounded_below_its_bound():
    """Alternating descent of the bilinear game stays bounded for h < 2."""
    assert (maps("dirac-wasserstein", "simultaneous")["verdict"] == DIVERGES).all()
    verdicts = maps("dirac-wasserstein", "alternating")["verdict"][0]
    assert (verdicts[STEPS < 2] == BOUNDED).all()
    assert (verdicts[STEPS > 2] == DIVERGES).all()


def test_simultaneous_minimax_leaves_from_every_start_and_stalls_where_its_loss_is_flat():
    """A step with slope s = σ(θψ) adds hs times the players, turned by 90°: ‖x‖² grows by the factor 1 + h²s².

    The distance never falls and has no bound, but s vanishes as fast as exp(−|θψ|) where the discriminator is sure.
    With large steps training soon gets there and stops; with small ones it is still spiralling outwards.
    """
    verdicts = maps("dirac-minimax", "simultaneous")["verdict"][0]
    assert verdicts[0] == DIVERGES
    assert (verdicts[STEPS > 0.5] == STALLS).all()
    assert np.isin(verdicts, (DIVERGES, STALLS)).all()
    with jax.enable_x64(True):
        game, method = build("game", "dirac", GAMES), FAMILIES["simultaneous"].make(np.nan, 0.5)
        players = Pair(jnp.asarray(0.3), jnp.asarray(-0.2))
        for _ in range(20):
            theta, psi = map(float, players)
            players, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
            slope = 1 / (1 + np.exp(-theta * psi))
            assert np.hypot(*players) ** 2 == pytest.approx((theta**2 + psi**2) * (1 + 0.25 * slope**2), rel=1e-12)


def test_non_saturating_cycles_simultaneously_and_creeps_alternating():
    simultaneous, alternating = (maps("dirac-nonsaturating", m) for m in ("simultaneous", "alternating"))
    small = (STEPS > 0.2) & (STEPS < 1)
    assert (simultaneous["verdict"][0, small] == BOUNDED).all()
    assert (simultaneous["predicted_rate"][0] > 1).all()
    assert (alternating["verdict"][0, small] == SLOWLY).all()
    np.testing.assert_allclose(alternating["predicted_rate"][0, small], 1, atol=1e-7)


def test_the_cycles_radius_is_the_root_of_twice_the_step():
    with jax.enable_x64(True):
        for h in (0.1, 0.3):
            assert dirac.cycle_radius(h) == pytest.approx(np.sqrt(2 * h), rel=0.01)


def test_the_alternating_approach_falls_as_the_inverse_root_of_time():
    with jax.enable_x64(True):
        times = np.unique(np.geomspace(1e4, 1e5, 40).astype(int))
        found = dirac.distances(dirac._method("alternating", 0.5), 0.5, times)
    power = np.polyfit(np.log(times), np.log(found), 1)[0]
    assert power == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize(
    ("game", "method", "reach"),
    [
        ("dirac-r1", "simultaneous", 2),
        ("dirac-r1", "alternating", 2),
        ("dirac-minimax", "consensus", 1),
        ("dirac-nonsaturating", "consensus", 2),
    ],
)
def test_r1_and_consensus_converge_linearly_at_the_rate_predicted(game, method, reach):
    """Linear convergence is local: of most settings from starts up to `reach` away, of consensus on minimax not 2.

    The next test says why.
    """
    found = maps(game, method)
    stable = found["predicted_rate"] < 0.999
    assert stable.sum() > 5
    np.testing.assert_allclose(found["measured_rate"][stable], found["predicted_rate"][stable], rtol=0.01)
    assert np.isin(found["verdict"][stable], (CONVERGES, DEPENDS)).all()
    assert (found["reach"][stable] >= reach).mean() > 0.7


def test_consensus_leads_far_starts_of_minimax_to_where_the_loss_is_flat():
    """½‖ξ‖² = ½σ(θψ)²(θ² + ψ²), that consensus makes smaller, vanishes also as θψ → −∞, away from the equilibrium.

    On the line ψ = −θ it falls outwards from where 2θ²σ(θ²) = 1, at a distance of 1.2.
    """
    with jax.enable_x64(True):
        game, method = build("game", "dirac", GAMES), FAMILIES["consensus"].make(20.0, 0.02)
        edge = scipy.optimize.root_scalar(lambda t: 2 * t**2 / (1 + np.exp(-(t**2))) - 1, bracket=(0.1, 2)).root
        ends = []
        for share in (0.8, 1.2):
            players = Pair(jnp.asarray(share * edge), jnp.asarray(-share * edge))
            blocks = atlas.lengths(TINY.length)
            paths = np.asarray(atlas.train(game, method, players, jax.random.key(0), blocks)[0])
            ends.append(paths[-1])
        assert np.hypot(edge, edge) == pytest.approx(1.2, abs=0.05)
    assert ends[0] < 1e-12
    assert ends[1] > 2


@pytest.mark.parametrize("method", ["extragradient", "lookahead", "negative_momentum", "rmsprop", "two_time_scales"])
def test_predicted_rates_are_those_measured(method):
    """To 1%, on four quadratic games at once, stable or not; the eigenvalues of each are distinct and far from 0."""
    found = atlas.maps_of(["spiral", "repelling"], FAMILIES[method], STEPS, TINY)
    known = np.isfinite(found["measured_rate"])
    assert known.mean() > 0.8
    near = np.isclose(found["measured_rate"], found["predicted_rate"], rtol=0.01, atol=1e-3)
    assert near[known].mean() > 0.95


def test_all_methods_have_a_family_with_values_that_they_take():
    from saddlery.methods import METHODS

    assert set(FAMILIES) == set(METHODS) | {"rmsprop", "adam"}
    for family in FAMILIES.values():
        for value in family.values:
            assert family.make(value, 0.1) is not None


LENGTHS = atlas.lengths(TINY.length)


def path(*logs):
    """Distances with these logarithms from the beginning to the end, and the ways gone between them."""
    ends = np.cumsum(LENGTHS)
    logs = np.interp(np.append(0, ends), np.linspace(0, ends[-1], len(logs)), logs)
    distances = np.exp(np.minimum(logs, 700))
    return np.where(logs < 700, distances, np.inf)[1:], abs(np.diff(distances))


@pytest.mark.parametrize(
    ("verdict", "reach", "near", "paths"),
    [
        (CONVERGES, 1, (-7, -9, -11, -13, -15), [(-1, -3, -5, -7, -9), (0, -2, -4, -6, -8)]),
        (SLOWLY, 1, (-7, -7, -7, -7, -7), [(-1, -1.5, -2.2, -2.4, -2.6), (0, -1, -1.7, -1.9, -2.1)]),
        (BOUNDED, 0, (-7, -6, -5, -4, -3), [(-2, -1, -0.5, -0.2, 0), (0, 0, 0, 0, 0)]),
        (BOUNDED, 0, (-7, -7, -7, -7, -7), [(0, 0.1, 0.3, 0.1, 0.1), (1, 0.1, 0.3, 0.1, 0.1)]),  # from cycle to cycle
        (DEPENDS, 1, (-7, -27, -47, -67, -87), [(0, -20, -40, -60, -80), (1, 2, 3, 4, 5)]),
        (DIVERGES, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 3, 4), (1, 2, 3, 4, 800)]),
        (DIVERGES, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 2, 4), (1, 2, 3, 4, 5)]),  # outwards, with a rest
        (STALLS, 0, (-7, -6, -5, -4, -3), [(0, 1, 2, 3, 4), (1, 2, 4, 4, 4)]),
    ],
)
def test_verdicts(verdict, reach, near, paths):
    distances, ways = map(np.stack, zip(*(path(*logs) for logs in paths), strict=True))
    begun = np.exp([logs[0] for logs in paths])
    found = atlas.judge(distances, ways, path(*near)[0], LENGTHS, begun)
    assert (found["verdict"], found["reach"]) == (verdict, reach)


def test_rates_are_read_off_powers_of_matrices():
    """Of damped rotations, whose Frobenius norm is a power; distances that leave or vanish at once have none."""
    lengths = atlas.lengths(TINY.length)
    times = np.cumsum(lengths)
    for rate in (0.5, 0.98, 0.9999, 1.0001, 1.5):
        falls, grows = (start * rate ** (times - (lengths - 1) * (rate < 1)) for start in (atlas.NEAR, atlas.NEARER))
        with np.errstate(over="ignore"):
            found = atlas.measured(np.stack([falls] * 2), np.stack([grows] * 2), lengths)
        assert found == pytest.approx(rate, rel=1e-6)
    assert np.isnan(atlas.measured(np.zeros((2, 80)), np.zeros((2, 80)), lengths))


def test_the_reading_of_consensus_as_newton_goes_from_two_to_none():
    gaps = [second_order.gap(share) for share in (0.0, 0.5, 1.0)]
    assert gaps[0] == pytest.approx(2, abs=0.01)
    assert gaps[2] == pytest.approx(0, abs=0.01)
    assert gaps[0] > gaps[1] > gaps[2]


def test_problems_of_the_comparison_are_stable_and_what_they_are_called():
    H = {name: np.asarray(game.jacobian(), float) for name, (game, _) in second_order.problems().items()}
    np.testing.assert_allclose(H["minimisation"], H["minimisation"].T, atol=1e-6)
    np.testing.assert_allclose(H["rotation"], -H["rotation"].T, atol=1e-6)
    for name in ("minimisation", "both", "general"):
        assert np.linalg.eigvals(H[name]).real.min() > 0
    off = H["general"][:6, 6:] + H["general"][6:, :6].T
    assert np.linalg.norm(off) > 0.1


@pytest.fixture
def small(monkeypatch):
    """An atlas of four games, four methods and few steps."""
    kept = ("simultaneous", "alternating", "consensus", "adam")
    games = ("repelling", "dirac-minimax", "dirac-nonsaturating", "dirac-wasserstein", "dirac-r1", "dirac-wgan-gp")
    monkeypatch.setattr(atlas, "ATLAS", {name: atlas.ATLAS[name] for name in games})
    monkeypatch.setattr(atlas, "SCALES", {"quick": atlas.Scale(5, 2, 3, 800)})
    families = atlas.families
    monkeypatch.setattr(atlas, "families", lambda values: [f for f in families(values) if f.name in kept])
    monkeypatch.setattr(second_order, "DIRECTIONS", second_order.DIRECTIONS[:3])
    return games


def test_it_runs_goes_on_with_what_it_has_and_is_reported(small, tmp_path, monkeypatch):
    from saddlery.report.atlas import write

    told = []
    dataset = atlas.run(tmp_path, "quick", lambda done, of: told.append((done, of)))
    assert told[-1] == (len(atlas._groups()) * 4,) * 2
    assert dict(dataset.sizes)["game"] == len(small)
    assert list(dataset["game"].values) == list(small)
    assert dataset["predicted_rate"].sel({"method": "adam"}).isnull().all()
    assert dataset["predicted_rate"].sel(game="dirac-wgan-gp").isnull().all()
    monkeypatch.setattr(atlas, "maps_of", None)  # nothing is computed again
    again = atlas.run(tmp_path, "quick")
    xr.testing.assert_identical(again, dataset)
    page = write(again, tmp_path)
    text = page.read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert ">nan" not in text
    names = {path.stem for path in (tmp_path / "figures").glob("*.svg")}
    assert {f"atlas-{name}" for name in (*small, "overview", "second-order", "reading")} == names
    found = claims(again)
    assert all(isinstance(claim, Claim) and claim.predicted in text and claim.found in text for claim in found)
    assert [claim.holds for claim in found if "linearly" not in claim.known] == [True] * 8
    assert exponents(again) == pytest.approx(-0.5, abs=0.05)


def test_another_scale_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'huge'"):
        atlas.run(tmp_path, "huge")
    with pytest.raises(FileNotFoundError, match="holds no atlas"):
        atlas.open_atlas(tmp_path)
