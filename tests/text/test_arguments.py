"""What goes in by any door: numbers within their ranges, values quoted in errors, and every constructor's arguments."""

import inspect
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saddlery as sd
from saddlery.arrays import numbers
from saddlery.networks import (
    FAMILIES,
    MLP,
    DCGANDiscriminator,
    DCGANGenerator,
    LSTMGenerator,
    ResNetDiscriminator,
    ResNetGenerator,
    SpectralNorm,
    family,
)
from saddlery.optimisers import OPTIMISERS, RANGES, optimiser
from saddlery.text.arguments import COUNT, FINITE, number, plain, quoted, whole

endless = st.just(5000).map(lambda digits: 10**digits)  # more digits than Python writes
integers = st.integers() | st.integers(-(10**400), 10**400) | st.sampled_from([2**31, 2**63]) | endless
floats = st.floats() | st.sampled_from([1e39, -1e39, FINITE, math.nextafter(FINITE, math.inf), 5e-324])
scalars = (
    st.integers(-(2**63), 2**63 - 1).map(np.int64)
    | st.floats().map(np.float64)
    | st.floats(width=32).map(np.float32)
    | st.floats(width=16).map(np.float16)
    | st.booleans().map(np.bool_)
)


class Silent:
    """An object that cannot be written out or read as an array."""

    def __repr__(self):
        raise RuntimeError

    def __array__(self, *_, **__):
        raise RuntimeError


odd = st.text() | st.none() | st.booleans() | st.complex_numbers() | st.binary() | st.builds(Silent) | st.builds(object)
anything = integers | floats | scalars | st.fractions() | odd


def refused(function, *arguments, **limits):
    """Whether a check raises, and then nothing but a short `ValueError` that names the argument."""
    try:
        return function("gamma", *arguments, **limits) is None
    except ValueError as error:
        said = str(error)
    assert said.startswith("gamma: got ")
    assert len(said) <= 300
    return True


@settings(deadline=None)
@given(anything, st.integers(-10, 10), st.integers(-10, 2**40))
def test_whole_numbers_in_the_range_pass_and_nothing_else(value, least, most):
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool) and least <= int(value) <= most
    assert refused(whole, value, least, most) != fits
    if fits:
        assert whole("gamma", value, least, most) == value
        assert type(whole("gamma", value, least, most)) is int


def is_real(value):
    return isinstance(value, int | float | np.integer | np.floating | Fraction) and not isinstance(value, bool)


@settings(deadline=None)
@given(anything, st.floats(-10, 10), st.floats(-10, 10))
def test_finite_numbers_in_the_range_pass_and_nothing_else(value, low, high):
    exact = None
    if is_real(value) and (isinstance(value, int | Fraction) or np.isfinite(value)):
        exact = Fraction(value.item() if isinstance(value, np.generic) else value)
    finite = exact is not None and abs(exact) <= Fraction(FINITE)
    for function in (number, numbers):
        assert refused(function, value) != finite
        found = float(value) if finite else math.nan
        assert refused(function, value, least=low, most=high) != (low <= found <= high)
        assert refused(function, value, above=low, below=high) != (low < found < high)


@settings(deadline=None)
@given(st.recursive(anything, lambda inner: st.lists(inner, max_size=3), max_leaves=4) | st.dictionaries(odd, odd))
def test_arrays_of_finite_numbers_pass_and_nothing_else(value):
    if not refused(numbers, value):
        assert jnp.issubdtype(numbers("gamma", value).dtype, jnp.floating)


def test_the_range_holds_for_every_number_of_an_array():
    assert refused(numbers, [[0.0, -1.0], [0.0, 0.0]], least=0.0)
    assert refused(numbers, np.array([1, 2]), below=2.0)
    assert refused(numbers, jnp.array([0.5, math.nan]))
    assert refused(numbers, [[1.0], [1.0, 2.0]])
    np.testing.assert_array_equal(numbers("gamma", [[0, 2], [10**10, 1]], least=0.0), [[0, 2], [1e10, 1]])


def test_a_whole_number_is_the_program_of_the_same_number():
    for one, other in [(10, 10.0), ([[0, 1], [1, 0]], [[0.0, 1.0], [1.0, 0.0]]), (np.int64(3), 3.0)]:
        ours, theirs = (jax.typeof(numbers("gamma", value)) for value in (one, other))
        assert ours == theirs


def test_what_is_traced_passes():
    def double(x):
        return numbers("gamma", x, least=0.0) + numbers("gamma", [[0.0, x], [x, 0.0]], most=-1.0)[0, 1]

    assert jax.grad(double)(-3.0) == 2.0
    np.testing.assert_array_equal(jax.vmap(double)(jnp.array([1, -2])), [2, -4])


@given(anything | st.lists(st.text()), st.integers(40, 100))
def test_values_are_quoted_in_one_short_line_without_control_characters(value, most):
    text = quoted(value, most)
    assert len(text) <= most
    assert text.isprintable()


@given(st.text(), st.integers(1, 50))
def test_plain_text_is_printable_and_short(text, most):
    assert plain(text).isprintable()
    assert len(plain(text)) == len(text)
    assert len(plain(text, most)) <= most
    plain(text).encode()


def test_why_ends_the_error():
    with pytest.raises(ValueError, match=r"steps: got 9, expected a whole number from 1 to 8: nothing holds more$"):
        whole("steps", 9, 1, 8, why="nothing holds more")
    with pytest.raises(ValueError, match=r"rate: got 2.0, expected a number above 0 and of at most 1: it is a share$"):
        number("rate", 2.0, above=0.0, most=1.0, why="it is a share")


def kinds(make, unsigned="", signed=""):
    """A constructor's numeric arguments, each with what none takes, and −1 where that makes no sense."""
    return [(make, name, -1) for name in unsigned.split()] + [(make, name, math.nan) for name in signed.split()]


NETWORK = MLP(2, 2, (2,))
GAN = sd.games.ring(noise=2, batch=2)


def of(text):
    """The networks of a family, made with an argument."""
    return lambda **arguments: FAMILIES[text](**({"size": 8, "channels": 1, "noise": 2, "width": 4} | arguments))


CONSTRUCTORS = [
    *kinds(sd.rules.AdaptiveCompetitive, "step decay eps tolerance iterations"),
    *kinds(sd.rules.AdaptiveConsensus, "rate penalty fraction target gamma warmup smoothing batches"),
    *kinds(sd.rules.Averaged, "decay"),
    *kinds(sd.rules.Competitive, "step tolerance iterations"),
    *kinds(sd.rules.Consensus, "gamma batches"),
    *kinds(sd.rules.Delayed, "steps"),
    *kinds(sd.rules.Ensemble, "members every"),
    *kinds(sd.rules.Krylov, "order"),
    *kinds(sd.rules.Neumann, "order", "gamma"),
    *kinds(sd.rules.Newton, "tolerance iterations", "damping"),
    *kinds(sd.rules.Symplectic, "batches", "weight"),
    *kinds(sd.rules.Unrolled, "steps"),
    *kinds(sd.schedules.alternating, "discriminator_steps generator_steps"),
    *kinds(sd.schedules.lookahead, "steps weight"),
    *kinds(sd.losses.R1, "weight"),
    *kinds(sd.losses.R2, "weight"),
    *kinds(sd.losses.WGANGP, "weight"),
    *kinds(sd.losses.DRAGAN, "weight scale"),
    *kinds(lambda **a: sd.data.Mixture(**({"centres": [[0.0, 1.0]], "std": 1.0} | a)), "std", "centres"),
    *kinds(lambda **a: sd.data.ring_centres(**({"modes": 2, "radius": 1.0} | a)), "modes radius"),
    *kinds(lambda **a: sd.data.grid_centres(**({"side": 2, "spacing": 1.0} | a)), "side spacing"),
    *kinds(lambda **a: MLP(**({"inputs": 2, "outputs": 1} | a)), "inputs outputs gain", "scale"),
    *kinds(lambda **a: MLP(2, (2, a["outputs"])), "outputs"),
    *kinds(lambda **a: MLP(2, 1, (2, a["widths"])), "widths"),
    *kinds(
        lambda **a: DCGANGenerator(**({"noise": 2, "size": 8, "channels": 1, "filters": (2, 2)} | a)),
        "noise size channels taps last filters hidden",
        "slope",
    ),
    *kinds(
        lambda **a: DCGANDiscriminator(**({"size": 8, "channels": 1, "filters": (2, 2), "independent": False} | a)),
        "size channels taps filters hidden unnormalised",
        "slope",
    ),
    *kinds(lambda **a: ResNetGenerator(**({"size": 8, "channels": 1} | a)), "size channels filters noise", "branch"),
    *kinds(lambda **a: ResNetDiscriminator(**({"size": 8, "channels": 1} | a)), "size channels filters", "branch"),
    *kinds(lambda **a: LSTMGenerator(**({"noise": 2, "size": 8, "channels": 1} | a)), "noise size channels width"),
    *kinds(lambda **a: SpectralNorm(NETWORK, **a), "iterations"),
    *kinds(of("dcgan4"), "size channels noise width fraction layers hidden spectral", "slope"),
    *kinds(of("resnet"), "size channels noise width fraction spectral", "branch"),
    *kinds(of("stacked"), "size channels noise width fraction spectral"),
    *kinds(of("lstm"), "size channels noise width fraction layers spectral"),
    *kinds(of("mlp"), "size channels noise width fraction layers spectral"),
    *kinds(sd.games.bilinear, "dimension", "coupling"),
    *kinds(lambda **a: sd.games.Gan(GAN.generator, GAN.discriminator, GAN.data, **a), "noise batch"),
    *kinds(sd.games.ring, "modes radius std noise batch spectral"),
    *kinds(sd.games.grid, "side spacing std noise batch spectral"),
    *kinds(sd.games.digits, "noise batch width spectral"),
    *kinds(sd.games.images, "size noise batch"),
    *kinds(sd.games.stacked, "noise batch"),
    *kinds(sd.games.coloured, "noise batch"),
    *kinds(sd.games.two_gaussians, "", "target"),
    *kinds(lambda **a: sd.games.quadratic(**({"A": [[1.0]], "B": [[1.0]], "C": [[1.0]]} | a)), "", "A B C D a c"),
    *kinds(sd.methods.adaptive_competitive, "step decay eps iterations"),
    *kinds(sd.methods.adaptive_consensus, "rate penalty fraction target gamma warmup smoothing batches"),
    *kinds(sd.methods.alternating, "discriminator_steps generator_steps"),
    *kinds(sd.methods.averaged, "decay"),
    *kinds(sd.methods.clipped, "value"),
    *kinds(sd.methods.clipped_norm, "value"),
    *kinds(sd.methods.competitive, "step iterations"),
    *kinds(sd.methods.consensus, "gamma batches"),
    *kinds(sd.methods.consensus_discriminator, "gamma batches"),
    *kinds(sd.methods.delayed, "steps"),
    *kinds(sd.methods.ensemble, "members every"),
    *kinds(sd.methods.extra_adam, "learning_rate"),
    *kinds(sd.methods.jare, "gamma batches"),
    *kinds(sd.methods.krylov, "order"),
    *kinds(sd.methods.lookahead, "steps weight"),
    *kinds(sd.methods.negative_momentum, "momentum"),
    *kinds(sd.methods.neumann, "order", "gamma"),
    *kinds(sd.methods.newton, "iterations", "damping"),
    *kinds(sd.methods.optimistic, "", "optimism"),
    *kinds(sd.methods.sagan, "learning_rate"),
    *kinds(sd.methods.simultaneous, "learning_rate"),
    *kinds(sd.methods.smooth, "gamma batches"),
    *kinds(sd.methods.symplectic, "batches", "weight"),
    *kinds(sd.methods.two_time_scales, "ratio"),
    *kinds(sd.methods.unrolled, "steps"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1e39, 10**400, True, "x", "senseless"], ids=repr)
def test_every_number_of_every_constructor_is_checked(wrong):
    for make, argument, senseless in CONSTRUCTORS:
        value = senseless if wrong == "senseless" else wrong
        with pytest.raises(ValueError, match=f"^{argument}\\b.*: got .*expected") as caught:
            make(**{argument: value})
        assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_number_of_every_optimiser_is_checked(name):
    for argument in {*inspect.signature(getattr(optax, name)).parameters, "clip", "clip_norm", "optimism"} & {*RANGES}:
        for wrong in (math.nan, math.inf, 1e39, 10**400, True, "x", *([-1, -1.0] if argument != "optimism" else [])):
            with pytest.raises(ValueError, match=f"^{argument}: got .*, expected a number"):
                optimiser(name, **({"learning_rate": 0.1} | {argument: wrong}))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sd.games.images(network="mlp(layers=100000)"), "layers: got 100000, expected .* to 100: each layer"),
        (lambda: family("dcgan4(layers=300)"), "layers: got 300, expected .* to 16: each halves the image"),
        (lambda: family("dcgan4(width=16384)"), "width: got 16384, expected .* to 8192: layers have up to 65536"),
        (lambda: MLP(2, 1, [2] * 101), "widths: how many: got 101, expected .* to 100: each layer is compiled"),
        (lambda: MLP(2, (2**16, 2**16)), "outputs: all together: got 4294967296"),
        (lambda: MLP(2, 1, 3), "widths: got 3, expected a width for each layer"),
        (lambda: sd.methods.neumann(order=10**9), "order: got 1000000000, expected .* to 100: each power is compiled"),
        (lambda: sd.methods.krylov(order=10**9), "order: got 1000000000, expected .* to 20: compiling takes"),
        (lambda: sd.methods.unrolled(steps=10**12), "steps: got 1000000000000, .* to 10000: a step of training is not"),
        (lambda: sd.schedules.alternating(discriminator_steps=10**9), "discriminator_steps: got 10+, .*: a step"),
        (lambda: sd.games.ring(modes=10**9), "modes: got 1000000000, expected .* to 100000: measures compare"),
        (lambda: sd.games.grid(side=10**9), "side: got 1000000000, expected .* to 316: measures compare"),
        (lambda: sd.games.bilinear(dimension=2**62), f"dimension: got {2**62}, expected .* from 1 to {COUNT}"),
        (lambda: sd.games.stacked(batch=2**31), f"batch: got {2**31}, expected .* to {2**30}: real and generated"),
        (lambda: sd.games.images(size=10**6), "size: the images resized would take .* GB of memory"),
        (lambda: sd.games.bilinear([1.0, 2.0], dimension=3), r"coupling: got shape \(2,\), expected one number or 3"),
        (lambda: sd.data.Mixture([1.0, 2.0], 0.1), r"centres: got shape \(2,\), expected \(modes, dimension\)"),
        (lambda: optimiser("adam", learning_rate=0.1, nesterov=1), "nesterov: got 1, expected True or False"),
        (lambda: optimiser("adam", learning_rate=None), "learning_rate: got None, expected a number"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused_before_it_is_made(make, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        make()


def test_the_largest_counts_pass():
    assert sd.games.bilinear(dimension=COUNT).dimension == COUNT
    assert sd.games.ring(batch=2**30).batch == 2**30
    assert len(MLP(2, 1, [2] * 100).widths) == 100
