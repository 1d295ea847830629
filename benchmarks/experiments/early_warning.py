"""Whether the saturation statistics of the first tenth of training tell which trainings will go wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks import records
from benchmarks.experiments import still_different
from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace

Array = NDArray[np.float64]
SHARE = 0.1  # of training that is looked at
FEWEST = 200  # cells
WORST = 0.75  # quantile of log quality within a data set from which on a cell counts as bad
DRAWS = 2000


@dataclass(frozen=True)
class Predictor:
    """A number of a log point.

    Attributes:
        path: keys into the log point.
        sign: +1 if more of it was expected to warn, -1 if less; said before anything was measured.
        baseline: whether anybody has it who looks at losses and gradients.
    """

    path: tuple[str, ...]
    sign: int
    baseline: bool = False


def _image(name: str) -> tuple[str, ...]:
    return "saturation", "image", name


PREDICTORS: dict[str, Predictor] = {
    "generator's loss": Predictor(("terms", "adversarial_image"), 1, baseline=True),
    "discriminator's loss": Predictor(("terms", "discriminator_image"), -1, baseline=True),
    "generator's gradient norm": Predictor(("saturation", "generator", "gradient_norm"), -1, baseline=True),
    "discriminator's gradient norm": Predictor(_image("gradient_norm"), 1, baseline=True),
    "active fraction of slopes": Predictor(_image("active_fraction_logit"), -1),
    "active fraction of gradients": Predictor(_image("active_fraction_image"), -1),
    "loss's slope, log": Predictor(_image("log_slope"), -1),
    "discriminator's slope, log": Predictor(_image("log_discriminator_slope"), 1),
    "gradient at the fakes, log": Predictor(_image("log_gradient"), -1),
    "signal": Predictor(_image("signal"), -1),
    "update over weights": Predictor(("saturation", "generator", "update_ratio"), -1),
    "share of stalled parameters": Predictor(("saturation", "generator", "stalled_share"), 1),
    "discriminator's accuracy": Predictor(_image("accuracy"), 1),
    "overfitting": Predictor(_image("overfitting"), 1),
    "Lipschitz estimate": Predictor(_image("lipschitz_mean"), 1),
}


@dataclass(frozen=True)
class Settings:
    """What is looked at.

    Attributes:
        run: of which all cells are taken.
        draws: of the bootstrap.
        fewest: cells below which nothing is claimed.
    """

    run: still_different.Settings
    draws: int = DRAWS
    fewest: int = FEWEST


def measure(settings: Settings, workplace: Workplace) -> Result:
    """The cells of `still-different`, all trials included: their first tenth against what became of them."""
    cells, ended = gather(still_different.train(settings.run, workplace))
    bad = outcomes(cells)
    groups = np.array([cell["group"] for cell in cells])
    values = {name: np.array([cell["early"][name] for cell in cells], dtype=float) for name in PREDICTORS}
    rates = np.array([cell["rate"] for cell in cells])
    rows = [
        _row(name, values[name], bad, groups, settings.draws) | {ALIKE: _alike(name, values[name], bad, rates)}
        for name in PREDICTORS
    ]
    rows += _combined(values, bad, groups, np.array([cell["loss"] for cell in cells]), rates, settings.draws)
    failed = sum(cell["log_quality"] is None for cell in cells)
    shown = {"rows": rows, "cells": len(cells), "bad": int(bad.sum()), "failed": failed, "ended_before": ended}
    return Result(rows, list(_checks(rows, shown, settings.fewest)), shown)


def gather(folders: Sequence[Path]) -> tuple[list[Json], int]:
    """Every cell with a log point in its first tenth; and how many had ended by then, of which nothing can be foretold."""
    cells, ended = [], 0
    for folder in (cell for run in folders for cell in records.find_records(run)):
        record = records.read_json(folder / records.RECORD)
        if record["status"] == "skipped":
            continue
        steps = record["settings"]["steps"]
        early = [row for row in records.read_curves(folder / "curves.jsonl") if 0 < row["step"] <= SHARE * steps]
        if not early or (record["status"] not in records.SCORED and record.get("step", steps) <= SHARE * steps):
            ended += 1
            continue
        names = record["cell"]
        kept = {name: value for name, value in record["settings"].items() if name in still_different.FACTORS}
        cells.append(
            {
                "loss": names["loss"],
                "data": names["data"],
                "group": records.digest({**kept, "loss": names["loss"], "data": names["data"]}),
                "rate": record["settings"]["learning_rate"],
                "log_quality": still_different.log_quality(record),
                "early": {name: _mean(early, each.path) for name, each in PREDICTORS.items()},
            }
        )
    return cells, ended


def _mean(rows: Sequence[Json], path: Sequence[str]) -> float | None:
    found = [value for row in rows if (value := _at(row, path)) is not None and isfinite(value)]
    return sum(found) / len(found) if found else None


def _at(row: Any, path: Sequence[str]) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def outcomes(cells: Sequence[Json]) -> NDArray[np.bool_]:
    """Which cells went wrong: failed, or among the worst quarter of their data set."""
    bad = np.zeros(len(cells), dtype=bool)
    for data in {cell["data"] for cell in cells}:
        own = [place for place, cell in enumerate(cells) if cell["data"] == data]
        quality = np.array([_or_worst(cells[place]["log_quality"]) for place in own])
        bad[own] = quality >= np.quantile(quality, WORST, method="higher")
    return bad


def _or_worst(value: float | None) -> float:
    return log(1e9) if value is None else value


def area(values: Array, bad: NDArray[np.bool_]) -> float:
    """The area under the ROC curve: the chance that a bad cell has a higher value than a good one, ties counted half.

    (R - b (b + 1) / 2) / (b g), R the sum of the ranks of the b bad cells among all, g the number of good ones
    (Mann and Whitney 1947). NaN where either is missing.

    Example:
        >>> area(np.array([1.0, 2.0, 3.0, 3.0]), np.array([False, False, True, False]))
        0.8333333333333334
    """
    count = int(bad.sum())
    others = len(bad) - count
    if not count or not others:
        return float("nan")
    return float((rankdata(values)[bad].sum() - count * (count + 1) / 2) / (count * others))


def area_within(values: Array, bad: NDArray[np.bool_], strata: NDArray[Any]) -> float:
    """`area` over the pairs of a good and a bad cell of one stratum only; NaN without any such pair.

    Example:
        >>> area_within(np.array([1.0, 2.0, 9.0, 8.0]), np.array([False, True, False, True]), np.array([0, 0, 1, 1]))
        0.5
    """
    parts = [(values[strata == each], bad[strata == each]) for each in np.unique(strata)]
    pairs = np.array([int(wrong.sum()) * int((~wrong).sum()) for _, wrong in parts])
    areas = np.array([area(part, wrong) for part, wrong in parts])
    return float((areas[pairs > 0] * pairs[pairs > 0]).sum() / pairs.sum()) if pairs.sum() else float("nan")


def _alike(name: str, values: Array, bad: NDArray[np.bool_], rates: NDArray[Any]) -> float:
    known = np.isfinite(values)
    return area_within(PREDICTORS[name].sign * values[known], bad[known], rates[known])


def interval(statistic: Callable[[NDArray[np.int64]], float], groups: NDArray[Any], draws: int) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic of cells, whole groups drawn with replacement.

    Args:
        statistic: of the rows that are drawn.
        groups: of each cell; the seeds of one setting are no independent evidence.
        draws: how many.
    """
    random = np.random.default_rng(0)
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    found = []
    for _ in range(draws):
        chosen = np.concatenate([members[place] for place in random.integers(len(members), size=len(members))])
        found.append(statistic(chosen))
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)


def _row(name: str, values: Array, bad: NDArray[np.bool_], groups: NDArray[Any], draws: int) -> Json:
    each = PREDICTORS[name]
    known = np.isfinite(values)
    signed = each.sign * np.where(known, values, np.nan)
    signed, bad, groups = signed[known], bad[known], groups[known]
    ends = interval(lambda rows: area(signed[rows], bad[rows]), groups, draws) if len(signed) else (np.nan, np.nan)
    return {
        "statistic": name,
        "kind": "baseline" if each.baseline else "saturation",
        "expected to warn": "more of it" if each.sign > 0 else "less of it",
        "cells": int(known.sum()),
        "area under the curve": area(signed, bad),
        "low": ends[0],
        "high": ends[1],
    }


def _combined(
    values: Mapping[str, Array],
    bad: NDArray[np.bool_],
    groups: NDArray[Any],
    losses: NDArray[Any],
    rates: NDArray[Any],
    draws: int,
) -> list[Json]:
    """A logistic regression on ranks, each loss foretold by what was learned from the others."""
    sets = {
        "all baselines together": [name for name, each in PREDICTORS.items() if each.baseline],
        "all saturation statistics together": [name for name, each in PREDICTORS.items() if not each.baseline],
        "everything together": list(PREDICTORS),
    }
    scores = {name: foretold({each: values[each] for each in chosen}, bad, losses) for name, chosen in sets.items()}
    rows = [
        _together(name, part, bad, groups, draws) | {ALIKE: area_within(part, bad, rates)}
        for name, part in scores.items()
    ]
    ours, theirs = scores["all saturation statistics together"], scores["all baselines together"]
    ends = interval(lambda rows: area(ours[rows], bad[rows]) - area(theirs[rows], bad[rows]), groups, draws)
    gain = {"area under the curve": area(ours, bad) - area(theirs, bad), "low": ends[0], "high": ends[1]}
    alike = {ALIKE: area_within(ours, bad, rates) - area_within(theirs, bad, rates)}
    return [*rows, {**rows[0], "statistic": GAIN, "kind": "difference", **gain, **alike}]


GAIN = "saturation statistics less baselines"
ALIKE = "area at equal learning rate"


def _together(name: str, scores: Array, bad: NDArray[np.bool_], groups: NDArray[Any], draws: int) -> Json:
    ends = interval(lambda rows: area(scores[rows], bad[rows]), groups, draws)
    return {
        "statistic": name,
        "kind": "together",
        "expected to warn": "fitted to the other losses",
        "cells": len(bad),
        "area under the curve": area(scores, bad),
        "low": ends[0],
        "high": ends[1],
    }


def foretold(values: Mapping[str, Array], bad: NDArray[np.bool_], losses: NDArray[Any]) -> Array:
    """A score for each cell from a model that has not seen its loss.

    Args:
        values: of each statistic, one per cell; what is missing counts as the middle.
        bad: what is foretold.
        losses: of the cells.
    """
    from sklearn.linear_model import LogisticRegression

    ranks = np.column_stack([_ranked(part) for part in values.values()])
    scores = np.zeros(len(bad))
    for loss in np.unique(losses):
        others = losses != loss
        if len(np.unique(bad[others])) < 2:
            continue  # nothing to learn from: every cell of this loss keeps the same score
        model = LogisticRegression().fit(ranks[others], bad[others])
        scores[~others] = model.decision_function(ranks[~others])
    return scores


def _ranked(values: Array) -> Array:
    """Ranks from -0.5 to 0.5."""
    known = np.isfinite(values)
    ranks = np.zeros(len(values))
    if known.sum() > 1:
        ranks[known] = (rankdata(values[known]) - 1) / (known.sum() - 1) - 0.5
    return ranks


def _checks(rows: Sequence[Json], shown: Json, fewest: int) -> Iterator[Check]:
    yield Check("cells", "science asks for at least 200", shown["cells"], low=fewest)
    by_name = {row["statistic"]: row for row in rows}
    single = [row for row in rows if row["kind"] in ("baseline", "saturation")]
    for kind in ("baseline", "saturation"):
        best = max(
            (row for row in single if row["kind"] == kind), key=lambda row: np.nan_to_num(row["area under the curve"])
        )
        note = f"{best['statistic']}, 95 % {best['low']:.2f} to {best['high']:.2f}; the best of several looks better than it is"
        note += f"; among trainings of one learning rate {best[ALIKE]:.2f}"
        yield Check(
            f"best single {kind}: area under the curve",
            "not published",
            best["area under the curve"],
            required=False,
            note=note,
        )
    gain = by_name[GAIN]
    note = f"95 % {gain['low']:.2f} to {gain['high']:.2f}: {_answer(gain)}; among trainings of one learning rate {gain[ALIKE]:+.2f}"
    yield Check(
        "saturation over baselines, on losses not seen",
        "not published",
        gain["area under the curve"],
        required=False,
        note=note,
    )


def _answer(gain: Json) -> str:
    """The honest answer."""
    if gain["low"] > 0:
        return "the saturation statistics foretell more than loss values and gradient norms do"
    if gain["high"] < 0:
        return "the saturation statistics foretell less than loss values and gradient norms do"
    return "no difference is shown between the saturation statistics and loss values with gradient norms"


EXPERIMENT = Experiment(
    name="early-warning",
    summary="Do the saturation statistics of the first tenth of training foretell failure, or the worst quarter of quality?",
    source="no published answer; asked of the trials and judged runs of still-different",
    reading="The area under the ROC curve (0.5: a coin) of each statistic, in the direction expected beforehand, with its 95 % "
    "interval over settings; an upright stroke: among trainings of one learning rate only. "
    "Below, models on all of them, each loss foretold from the others only.",
    cost="full 30 s after still-different, whose runs it reads (or trains, if they are not there)",
    scales={
        "short": Settings(still_different.SHORT_RUN, draws=100, fewest=8),
        "full": Settings(still_different.FULL_RUN),
        "long": Settings(still_different.LONG_RUN),
    },
    measure=measure,
)
