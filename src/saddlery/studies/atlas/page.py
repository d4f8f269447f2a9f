"""The page of the study `atlas`."""

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import exact, number
from saddlery.plots.atlas import maps, overview
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.atlas.claims import at_each, claims
from saddlery.studies.atlas.figures import race, reading
from saddlery.studies.atlas.verdicts import VERDICTS

KNOWN = (
    "Mescheder, Geiger, Nowozin, Which training methods for GANs do actually converge?, 2018. A setting is "
    "a step size and a value of the method's parameter. Minimax: a simultaneous step multiplies the squared distance "
    "by 1 + h²σ(θψ)², so that training leaves from every start, but where the discriminator is sure the loss is flat "
    "and training all but stops there: diverging until stalled. Consensus makes gradients small, and those of the "
    "minimax loss are small at the equilibrium and also far away: starts beyond the equilibrium's basin are led to the "
    "latter."
)
NO_DERIVATIVE = (
    " With the weight w it has rest points at ψ = 0, θ = ±2w, where the penalty's pull and the generator's cancel: "
    "training that comes there without turning, as it can for w of 1 or more, has arrived elsewhere; for smaller w it "
    "turns about them until ψ changes its sign and is thrown across. The penalty has no derivative at the equilibrium, "
    "so that nothing is predicted. A gradient whose norm is below the machine's ε counts as zero, and the penalty as "
    "constant: a method that takes ψ straight to zero, as `krylov` does, converges for that reason alone."
)
DIRECTIONS = (
    "Each direction at the step and γ (or damping) that get there first, out of a grid. Quadratic games of 6 numbers "
    "against 6. `neumann(order=n)` continues consensus with powers up to (γHᵀ)ⁿ; "
    "`krylov(order=n)` leaves the smallest residual of Newton's equation among combinations of ξ, Hᵀξ, …, "
    "(Hᵀ)ⁿξ, with `transposed=False` of ξ, Hξ, …; `newton` solves it."
)
READING = (
    "A reviewer of the Numerics paper read consensus, ξ + γHᵀξ, as the first step of a damped Newton method, "
    "(I + γH)⁻¹ξ = ξ − γHξ + …, where ξ are the players' gradients and H is their derivative. With H = S + A, "
    "symmetric and antisymmetric, consensus is ξ + γSξ − γAξ and Newton's first order is ξ − γSξ − γAξ: the same for "
    "the rotation A, the opposite for the curvature S. Shown: ‖consensus − Newton‖ / ‖gradient − Newton‖ for small γ, "
    "over random ξ, for H turned from S to A. 0 is Newton's step, 1 as far from it as the plain gradient, 2 as far in "
    "the opposite direction. On a quadratic game Newton's own first order, with γ = h, is an extragradient step, and "
    "costs as much as one of consensus."
)
MEANINGS = (
    "All fall.",
    "All fall, but from starts a thousandth away nothing does: the nearer, the slower.",
    "The rest: cycles among them, and what is too slow to be told from them.",
    "Some leave, arrive or come to rest elsewhere, and others do not.",
    "Some leave, rising beyond all that training began at or beyond numbers, and all rise: spirals out among them.",
    "The same, but some have stalled on the way out, farther than they began, at less than 2% of their fastest pace: "
    "there the loss is flat.",
    "All come to rest, and not at the equilibrium: in the second half the way gone is less than a ten-thousandth of "
    "the distance, and in the last quarter less than a tenth of that in the one before, or nothing but rounding. "
    "Farther than twice the farthest start it is not told from a flat loss, and has stalled.",
)  # of the verdicts, in their order
DISTANCE = (
    "A distance falls, or rises, when its logarithm changes by more than 0.02 in the second half of training, in the "
    "quarter before by a quarter of that in the same direction (or never fell), and also from where it began."
)


def meanings() -> list[tuple[str, str]]:
    """Each verdict and what it means of all starts."""
    return [(f"{name[0].upper()}{name[1:]}", text) for name, text in zip(VERDICTS, MEANINGS, strict=True)]


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    attrs, steps = dataset.attrs, dataset["step"].values
    games = [_game(game) for game in at_each(dataset, "game")]
    extent = (
        f"{dataset.sizes['method']} methods, {dataset.sizes['game']} games, {len(steps)} steps from {number(steps[0])} "
        f"to {number(steps[-1])}: {int(dataset['verdict'].notnull().sum()):,} settings, each trained for "
        f"{attrs['length']:,} steps from {attrs['starts']} starts."
    )
    note = (
        "Every setting is judged twice. Predicted: by the multipliers at the equilibrium, the eigenvalues of the "
        "derivative of the whole update, players, optimisers' states and memory together. Measured: by training, close "
        f"to the equilibrium for the rate, and from starts {exact(attrs['nearest'])} to {exact(attrs['farthest'])} "
        "away for what becomes of it. All methods descend by plain gradient steps of size h, but for `rmsprop` and "
        "`adam`, which are simultaneous."
    )
    evaluations = (
        "Gradient evaluations until the distance is 1e-4 of that at the start; a product with a Jacobian counts as "
        f"one; –: not within {int(dataset['evaluation'][-1]):,}."
    )
    sections = [
        Section("Known results on the Dirac-GAN", KNOWN, known(dataset)),
        Section(
            "Where each method converges",
            "Share of the steps, evenly spaced in their logarithm, at which training converges at a rate from all "
            "starts. Below the line are methods with a parameter, each at the value for which these are the most, of "
            "as many as its label says, another one for each game: that is more tries than those above the line have.",
            pictures=[overview(dataset)],
        ),
        *games,
        Section("Consensus and second-order directions", DIRECTIONS, pictures=[race(dataset)], anchor="second-order"),
        Section("Gradient evaluations needed", evaluations, costs(dataset)),
        Section("Is consensus a Newton step?", READING, pictures=[reading(dataset)]),
        Section("Criteria of the verdicts", DISTANCE, pairs=meanings()),
    ]
    links = [(section.anchor, section.heading) for section in games]
    return Content(extent, sections, note, [*links, ("second-order", "Second order")])


def _game(game: xr.Dataset) -> Section:
    """The maps of one game."""
    small = f"`{game['text'].values}`{'' if game['smooth'] else NO_DERIVATIVE}"
    drawn = maps(game)
    return Section(str(game["title"].values), small, pictures=[drawn], anchor=drawn.name)


def known(dataset: xr.Dataset) -> Table:
    """The table of known results and of what was found."""
    rows = [
        Row(
            claim.known,
            [Cell(claim.predicted), Cell(claim.found), Cell("yes") if claim.holds else Cell("no", tone="bad")],
        )
        for claim in claims(dataset)
    ]
    return Table([(head, "") for head in ("Known", "Predicted", "Measured", "Holds")], rows, kind="words")


def costs(dataset: xr.Dataset) -> Table:
    """The table of gradient evaluations needed: a row for each direction, the least of a column marked."""
    least = dataset["needed"].min("direction").values
    rows = [
        Row(
            str(direction["direction"].values),
            [
                Cell(str(int(direction["cost"]))),
                *(
                    Cell(f"{n:.0f}" if np.isfinite(n) else "–", tone="good" if n == low else "")
                    for n, low in zip(direction["needed"].values, least, strict=True)
                ),
            ],
        )
        for direction in at_each(dataset, "direction")
    ]
    titles = [str(title) for title in dataset["problem_title"].values]
    return Table([(head, "") for head in ("Direction", "Evaluations a step", *titles)], rows)
