"""The page of the study `forecast`."""

import json
from collections.abc import Callable

import numpy as np
import xarray as xr

from saddlery.analysis.alarms import CODES
from saddlery.analysis.numbers import exact, number, percent
from saddlery.analysis.signals import KINDS, SIGNALS
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.report.words import joined
from saddlery.studies.forecast.failures import MEANINGS, Failure
from saddlery.studies.forecast.figures import along, branches, by_failure, gained
from saddlery.studies.forecast.findings import share, span
from saddlery.studies.forecast.fork_scores import OTHERS, ROTATION, alone, recovered
from saddlery.studies.forecast.forks import AT, BRANCHES
from saddlery.studies.forecast.measure import SHOWN
from saddlery.studies.forecast.population import GAMES, HELD_OUT, LOSSES, METHODS, MOMENTA, RATES
from saddlery.studies.forecast.trial_scores import CLAIMED, LENGTHS, TRIALS, WORTH
from saddlery.studies.forecast.trials import sooner_of

BEST = 10  # single signals that are shown
COSTS = ", ".join(f"{name} {exact(cost)}" for name, cost in KINDS.items())


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    looks = ", ".join(percent(look) for look in dataset["tabled"].values)
    sections = [
        Section(
            "The answer",
            "What this holds for: these games, losses, methods and sizes of networks, all of them small. What it does "
            "not: large images, and failures that begin after so many steps.",
            pairs=answer(dataset),
        ),
        Section(
            "AUROC by share of the run and set of signals",
            "Sets are nested: each is measured with all before it. Models are the mean of a logistic regression and of "
            "histogram gradient boosting, fitted to half of the kinds of runs and scored on the others, once. A record "
            f"costs, in gradients of a batch: {COSTS}. Settings: both learning rates, b1, loss, method, size, game. "
            "`quality now` needs samples of known data.",
            areas(dataset),
            [along(dataset)],
        ),
        Section(
            "What each set adds",
            "Differences of AUROC on the same runs, with 95% intervals by a bootstrap over kinds of runs.",
            gains(dataset),
        ),
        Section(
            "By kind of failure",
            "Outcomes are of samples and parameters alone, never of signals. "
            + " ".join(f"{kind}: {words}." for kind, words in MEANINGS.items()),
            pictures=[by_failure(dataset)],
        ),
        Section(
            "Alarms",
            "Thresholds are fitted to half of the kinds of runs, for all alarms together to be false in at most one of "
            "20 healthy runs; shares are of the other kinds and of the held-out game. An alarm looks at the median of "
            "the last five records. It catches a run where it rings before the failure is visible in samples.",
            alarms(dataset),
            anchor="alarms",
        ),
        Section(
            "Alarms by kind of failure",
            "All alarms together, in runs of kinds to which no threshold was fitted.",
            alarms_by_failure(dataset),
        ),
        Section(
            "The ten best single signals",
            "Each alone, at one false alarm in 20 healthy runs that its threshold is fitted to, by the share of "
            "failing runs of other kinds that it catches.",
            singles(dataset),
        ),
        Section(
            "Sets of signals as alarms",
            "A model's risk at twenty looks as an alarm, its threshold as above: leads are steps between the alarm and "
            "visible failure.",
            leads(dataset),
        ),
        Section(
            "Calibration",
            f"Risks at {percent(SHOWN)} of a run, in fifths of the runs that no model saw, and the share that failed.",
            calibration(dataset),
        ),
        Section(
            "Forks",
            f"From {percent(AT)} of the run to its end, with both optimisers' states, on batches that are the same for "
            "all branches of a run; of the kinds of failure as many each as there are. Each adjustment is as long as "
            "the method's own direction, and each step as long as it would be without. Recovered: as good as a healthy "
            "run over the last quarter.",
            forks(dataset),
            [branches(dataset)],
        ),
        Section(
            "Forks by kind of failure",
            "How many of the forked runs end as good as a healthy run; of healthy ones, stay so.",
            forks_by_failure(dataset),
        ),
        Section(
            "Trials",
            f"Trials of {exact(dataset.attrs['trial_steps'])} steps from the last checkpoint, as `diagnose --verify` "
            "makes, and full training from the start, three seeds each, with the advice and without. Rank: Spearman's. "
            f"Same sign: of cases that gain or lose {exact(WORTH)} in full training. Right: of those that gain "
            f"{exact(CLAIMED)} in the trial, those that gain {exact(WORTH)} in full training. Regret: in shortfall.",
            trials(dataset),
            [gained(dataset)],
        ),
    ]
    extent = (
        f"{dataset.sizes['run']:,} runs of {exact(dataset.attrs['steps'])} steps on {', '.join(GAMES)} ({HELD_OUT} "
        f"held out: another family of networks), looked at after {looks} of the run; {dataset.sizes['fork']} forked in "
        f"{len(BRANCHES)} branches, {dataset.sizes['case']} cases of advice."
    )
    note = (
        f"Drawn at random by a seed: losses {', '.join(LOSSES)}; methods {', '.join(METHODS)}; two sizes of networks; "
        f"both learning rates log-uniform between {exact(RATES[0])} and {exact(RATES[1])}; Adam's b1 of "
        f"{', '.join(exact(each) for each in MOMENTA)}."
    )
    return Content(extent, sections, note, [("alarms", "Alarms")])


def answer(dataset: xr.Dataset) -> list[tuple[str, str]]:
    """The answer to the reviewer's question, in three sentences, as pairs of a name and a text."""
    gain = dataset["gain"].sel(gained="jacobian over path").values
    if not np.isfinite(gain).all():
        return [("asked", ASKED), ("answer", "So few runs cannot tell.")]
    looks = [percent(look) for look, each in zip(dataset["tabled"].values, gain, strict=True) if each[1] > 0]
    more, failed = dataset["recovers_more"], dataset["failed"].sel(run=dataset["fork"].values.astype(int)).values
    if not np.isfinite(more.sel(branch=list(ROTATION)).values).all():
        return [("asked", ASKED), ("answer", "So few runs cannot tell.")]
    best = max(ROTATION, key=lambda name: float(more.sel(branch=name, bound="value")))
    gains = ", ".join(span(each) for each in gain)
    first = (
        f"Eigenvalues and rotation foretell failure beyond losses, norms, diversity and paths at {joined(looks)} of a "
        f"run (gains in AUROC of {gains})."
        if looks
        else "To foretell failure, eigenvalues and rotation add nothing to losses, norms, diversity and paths that is "
        f"more than chance allows (gains in AUROC of {gains})."
    )
    by_rotation = int(alone(dataset, ROTATION)[failed.astype(bool)].sum())
    second = (
        f"As a cause, rotation is that of some failures: {best} alone recovers {share(more.sel(branch=best).values)} "
        f"more than unchanged, and {by_rotation} of {int(failed.sum())} failing runs recover by a change of rotation "
        f"and by none of {joined(OTHERS)}."
        if float(more.sel(branch=best, bound="low")) > 0
        else "As a cause, rotation is not seen: no change of it alone recovers more failing runs than chance allows."
    )
    beyond = dataset["recovers_beyond"].sel(branch=best).values
    that = "is more" if beyond[1] > 0 else "is less" if beyond[2] < 0 else "cannot be told from that"
    third = f"Smaller steps recover {share(more.sel(branch='smaller steps').values)} more than unchanged, and what "
    third += f"{best} recovers {that} ({share(beyond)} beyond)."
    return [("asked", ASKED), ("answer", f"{first} {second} {third}")]


ASKED = "“Are zero real parts of the eigenvalues and large imaginary parts really the problem in practice?”"


def areas(dataset: xr.Dataset) -> Table:
    """The AUROC of each set at each look, and in other games."""
    looks = dataset["tabled"].values
    heads = [("Signals", "a set, nested in the next"), *((f"at {percent(look)}", "of the run") for look in looks)]
    heads += [(f"other game, {percent(look)}", "by models of other games") for look in (looks[0], looks[-1])]
    rows = []
    for name in dataset["signals"].values:
        cells = [_spanned(each) for each in dataset["area"].sel(signals=name).values]
        cells += [Cell(number(each)) for each in dataset["area_elsewhere"].sel(signals=name).values[[0, -1]]]
        rows.append(Row(str(name), cells))
    for name in dataset["control"].values:
        cells = [_spanned(each) for each in dataset["control_area"].sel(control=name).values]
        rows.append(Row(f"control: {name}", [*cells, Cell(""), Cell("")], reference=True))
    return Table(heads, rows)


def _spanned(found: np.ndarray, text: Callable[[np.ndarray], str] = span) -> Cell:
    """A number, and its interval beneath it."""
    middle, _, ends = text(found).partition(" (")
    return Cell(middle, ends.removesuffix(")"))


def gains(dataset: xr.Dataset) -> Table:
    """What each set adds to the one before, at each look."""
    heads = [("Signals", "over what"), *((f"at {percent(look)}", "of the run") for look in dataset["tabled"].values)]
    rows = []
    for name in dataset["gained"].values:
        values = dataset["gain"].sel(gained=name).values
        cells = [Cell(span(each), "", "good" if each[1] > 0 else "bad" if each[2] < 0 else "soft") for each in values]
        rows.append(Row(str(name), cells))
    return Table(heads, rows)


def alarms(dataset: xr.Dataset) -> Table:
    """The alarms with their thresholds, rates and leads, and all together."""
    held = json.loads(dataset.attrs["alarms"])
    heads = [
        ("Alarm", "its code, and what it means"), ("Signal", "dimensionless"), ("Threshold", "of the signal"),
        ("False", "healthy runs in which it rang"), ("Caught", "failing runs before their samples showed it"),
        ("Lead", "steps, median"), ("Cost", "of a record, in gradients"),
    ]  # fmt: skip
    rows = []
    for code, each in held["alarms"].items():
        of = CODES[code]
        cells = [
            Cell(SIGNALS[of.signal].words), Cell(f"{'>' if of.above else '<'} {number(each['threshold'])}"),
            *_shares(each), Cell(exact(KINDS[SIGNALS[of.signal].kind])),
        ]  # fmt: skip
        rows.append(Row(f"{code} {of.words}", cells))
    together = Row("all together", [Cell(""), Cell(""), *_shares(held), Cell("")], reference=True)
    return Table(heads, [*rows, together])


def alarms_by_failure(dataset: xr.Dataset) -> Table:
    """How many runs of each kind of failure some alarm catches."""
    held = json.loads(dataset.attrs["alarms"])["failures"]
    rows = [Row(name, [Cell(f"{caught} of {failing}")]) for name, (caught, failing) in held.items()]
    return Table([("Failure", ""), ("Caught", "before their samples showed it")], rows)


def _shares(each: dict) -> list[Cell]:
    (false, healthy), (caught, failing), lead = each["false_alarms"], each["caught"], each["lead"]
    return [
        Cell(f"{false} of {healthy}"),
        Cell(f"{caught} of {failing}"),
        _steps(lead),
    ]


def _steps(lead: float | None) -> Cell:
    """A number of steps, where it is known."""
    return Cell("–" if lead is None or np.isnan(lead) else exact(round(lead)))


def singles(dataset: xr.Dataset) -> Table:
    """The signals that alone catch most."""
    caught = np.nan_to_num(dataset["single_caught"].values, nan=-1.0)
    order = [i for i in np.argsort(-caught, kind="stable") if np.isfinite(dataset["single_threshold"].values[i])][:BEST]
    heads = [
        ("Signal", "and its direction"), ("Threshold", "of the signal"), ("Caught", "of failing runs"),
        ("False", "of healthy runs"), ("Lead", "steps, median"), ("Kind", "of signal"),
    ]  # fmt: skip
    rows = []
    for i in order:
        code = str(dataset["code"].values[i])
        of, lead = CODES[code], float(dataset["single_lead"].values[i])
        cells = [
            Cell(f"{'>' if of.above else '<'} {number(float(dataset['single_threshold'].values[i]))}"),
            *(Cell(percent(float(dataset[name].values[i]))) for name in ("single_caught", "single_false")),
            _steps(lead), Cell(SIGNALS[of.signal].kind),
        ]  # fmt: skip
        rows.append(Row(f"{code} {SIGNALS[of.signal].words}", cells))
    return Table(heads, rows)


def leads(dataset: xr.Dataset) -> Table:
    """What each set of signals does as an alarm."""
    heads = [
        ("Signals", "a model's risk"),
        ("False", "of healthy runs"),
        ("Caught", "of failing runs"),
        ("Lead", "steps, median"),
    ]
    steps, rows = float(dataset.attrs["steps"]), []
    for name in dataset["signals"].values:
        false, caught, lead = (
            float(dataset[f"alarm_{each}"].sel(signals=name)) for each in ("false", "caught", "lead")
        )
        known = [percent(each) if np.isfinite(each) else "–" for each in (false, caught)]
        rows.append(Row(str(name), [*map(Cell, known), _steps(lead * steps)]))
    return Table(heads, rows)


def calibration(dataset: xr.Dataset) -> Table:
    """Risks and the shares that failed, in fifths."""
    bins = dataset.sizes["bin"]
    heads = [
        ("Signals", ""),
        *((f"part {i + 1}", "mean risk, and beneath it the share that failed") for i in range(bins)),
    ]
    rows = []
    for name in dataset["calibrated"].values:
        values = dataset["calibration"].sel(calibrated=name).values
        cells = [
            Cell(percent(risk), f"{percent(failed)} of {int(runs)}") if np.isfinite(risk) else Cell("–")
            for risk, failed, runs in values
        ]
        rows.append(Row(str(name), cells))
    return Table(heads, rows)


def forks(dataset: xr.Dataset) -> Table:
    """What each branch recovers and harms."""
    heads = [
        ("Branch", "what is changed"), ("Recover", "of failing runs"), ("More than unchanged", "on the same runs"),
        ("Shortfall less by", "of failing runs, mean"), ("Harmed", "of healthy runs"),
    ]  # fmt: skip
    rows = []
    for name, branch in BRANCHES.items():
        of = {each: dataset[each].sel(branch=name).values for each in ("recovers", "recovers_more", "shorter", "harms")}
        cells = [_spanned(found, span if each == "shorter" else share) for each, found in of.items()]
        plain = name == "unchanged"
        cells = [Cell("") if plain and i in (1, 2) else cell for i, cell in enumerate(cells)]
        rows.append(Row(f"{name}: {branch.words}", cells, reference=plain))
    return Table(heads, rows)


def forks_by_failure(dataset: xr.Dataset) -> Table:
    """Of each kind of failure how many runs each branch recovers."""
    forked = dataset["fork"].values.astype(int)
    kinds, well = dataset["failure"].sel(run=forked).values, recovered(dataset).values
    heads = [("Failure", "and how many runs of it were forked"), *((name, "recover") for name in BRANCHES)]
    rows = []
    for kind in (str(each) for each in Failure if (kinds == each).any()):
        cells = [Cell(str(int(well[kinds == kind, i].sum()))) for i in range(len(BRANCHES))]
        rows.append(Row(f"{kind}: {int((kinds == kind).sum())}", cells, reference=kind == Failure.HEALTHY))
    return Table(heads, rows)


def trials(dataset: xr.Dataset) -> Table:
    """What trials say of full training."""
    heads = [
        ("Trial", ""), ("Rank", "with full training"), ("Same sign", ""), ("Right", ""), ("Regret", "of following it"),
        ("Regret of nothing", ""), ("Regret of any", "advice at random"),
    ]  # fmt: skip
    steps, rows = int(dataset.attrs["trial_steps"]), []
    after = {"sooner": sooner_of(steps), "short": steps}
    for length in LENGTHS:
        for by in TRIALS:
            at = dataset.sel(length=length, by=by)
            cells = [_spanned(at["rank"].values), *(_spanned(at[name].values, share) for name in ("signs", "right"))]
            cells += [_spanned(at[name].values) for name in ("regret", "regret_of_nothing", "regret_of_any")]
            rows.append(Row(f"{by}, {exact(after[length])} steps", cells))
    for group in dataset["group"].values:
        found = _spanned(dataset["rank_of"].sel(group=group).values)
        rows.append(Row(f"one trial, {exact(steps)} steps: {group}", [found, *[Cell("")] * 5]))
    return Table(heads, rows)
