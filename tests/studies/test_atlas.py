import jax
import numpy as np
import pytest
import xarray as xr

from saddlery.report.atlas import Claim, claims, exponents
from saddlery.studies import atlas, dirac, second_order

TINY = atlas.Scale(8, 3, 6, 1600)
STEPS = np.geomspace(0.1, 3.0, TINY.steps)
FAMILIES = {family.name: family for family in atlas.families(TINY.values)}
CONVERGES, SLOWLY, BOUNDED, DEPENDS, DIVERGES = range(5)


def maps(game, method):
    """The maps of a method on a game, `(value, step)`."""
    return {name: each[0] for name, each in atlas.maps_of([game], FAMILIES[method], STEPS, TINY).items()}


@pytest.mark.parametrize("method", ["alternating", "simultaneous"])
@pytest.mark.parametrize("game", ["dirac-minimax", "dirac-wasserstein", "dirac-wgan-gp"])
def test_without_a_fitting_penalty_the_dirac_gan_does_not_converge(game, method):
    if (game, method) == ("dirac-wgan-gp", "alternating"):
        pytest.xfail("unfinished: one cell of the map is judged to converge")
    verdicts = maps(game, method)["verdict"]
    assert not np.isin(verdicts, (CONVERGES, SLOWLY)).any()


@pytest.mark.xfail(
    strict=True, reason="unfinished: the minimax loss saturates, so that its runs are judged bounded or slow"
)
def test_wasserstein_and_minimax_diverge_simultaneously_and_alternating_wasserstein_is_bounded_below_its_bound():
    """Alternating descent of the bilinear game stays bounded for h < 2."""
    for game in ("dirac-minimax", "dirac-wasserstein"):
        assert (maps(game, "simultaneous")["verdict"] == DIVERGES).all()
    verdicts = maps("dirac-wasserstein", "alternating")["verdict"][0]
    assert (verdicts[STEPS < 2] == BOUNDED).all()
    assert (verdicts[STEPS > 2] == DIVERGES).all()


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
    ("game", "method"),
    [
        ("dirac-r1", "simultaneous"),
        ("dirac-r1", "alternating"),
        ("dirac-minimax", "consensus"),
        ("dirac-nonsaturating", "consensus"),
    ],
)
def test_r1_and_consensus_converge_linearly_at_the_rate_predicted(game, method):
    if (game, method) == ("dirac-minimax", "consensus"):
        pytest.xfail("unfinished: far starts saturate, so that convergence depends on the start")
    found = maps(game, method)
    stable = found["predicted_rate"] < 0.999
    assert stable.sum() > 5
    np.testing.assert_allclose(found["measured_rate"][stable], found["predicted_rate"][stable], rtol=0.01)
    assert np.isin(found["verdict"][stable], (CONVERGES, DEPENDS)).all()
    assert (found["verdict"][stable] == CONVERGES).mean() > 0.7


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


def blocks(*logs):
    """A path of distances with these logarithms at the times at which verdicts look, and between."""
    ends = np.cumsum(atlas.lengths(TINY.length))
    return np.exp(np.interp(ends, np.linspace(0, ends[-1], len(logs)), logs)), ends


@pytest.mark.parametrize(
    ("verdict", "paths"),
    [
        (CONVERGES, [(0, -2, -4, -6, -8), (1, -1, -3, -5, -7)]),
        (SLOWLY, [(0, -1, -1.7, -1.9, -2.1), (1, 0, -0.7, -0.9, -1.1)]),
        (BOUNDED, [(0, 0, 0, 0, 0), (-2, -1, -0.5, -0.2, 0)]),
        (BOUNDED, [(0, 0.1, 0.3, 0.1, 0.1), (1, 0.1, 0.3, 0.1, 0.1)]),  # from cycle to cycle, not to the equilibrium
        (DEPENDS, [(0, -20, -40, -60, -80), (1, 2, 3, 4, 5)]),
        (DIVERGES, [(0, 1, 2, 3, 4), (1, 2, 3, 4, 800)]),
    ],
)
def test_verdicts(verdict, paths):
    with np.errstate(over="ignore"):
        found, ends = zip(*(blocks(*logs) for logs in paths), strict=True)
    begun = np.exp([logs[0] for logs in paths])
    assert atlas.judge(np.stack(found), ends[0], begun)["verdict"] == verdict


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
    assert all(isinstance(claim, Claim) and claim.found in text.replace("&#39;", "'") for claim in found)
    assert [claim.holds for claim in found[:5]] == [True] * 5
    assert exponents(again) == pytest.approx(-0.5, abs=0.05)


def test_another_scale_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'huge'"):
        atlas.run(tmp_path, "huge")
    with pytest.raises(FileNotFoundError, match="holds no atlas"):
        atlas.open_atlas(tmp_path)
