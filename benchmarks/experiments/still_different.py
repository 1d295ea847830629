"""Are losses still different once each has had the same tuning? loss × penalty × norm × n_critic × data."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite, log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import records
from benchmarks.experiments import variance_shares
from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from reports.verdicts import WORDS, judge

Array = NDArray[np.float64]
FACTORS = ("learning_rate", "betas", "discriminator_norm", "n_critic")
AXES = ("loss", "penalty", "norm", "n_critic", "learning rate", "beta1")
NONE = "none"
PLAIN, REGULARISED = "bce", "wgan+gp"  # whose settings that work are counted, as table 2 of arXiv:1704.00028 does
DOUBLE = log(2.0)  # above the best of its data set in log quality, up to which a training counts as a success


@dataclass(frozen=True)
class Settings:
    """The factorial.

    Attributes:
        data: sets, joined by commas.
        losses, penalties: likewise; all are crossed.
        norms: of the discriminator.
        n_critics: discriminator updates per step.
        rates: learning rates of the grid.
        betas: β1 of the grid.
        tuning_seeds: of the trials.
        seeds: of the judged cells, as in `--seeds`.
        steps: of every cell.
        further: arguments of the runs.
    """

    data: str = "digits,truth"
    losses: str = "bce,lsgan,wgan"
    penalties: str = "none,gp"
    norms: tuple[str, ...] = ("group",)
    n_critics: tuple[int, ...] = (1, 2)
    rates: tuple[float, ...] = (5e-5, 1e-4, 2e-4, 5e-4)
    betas: tuple[float, ...] = (0.0, 0.5)
    tuning_seeds: tuple[int, ...] = (1000, 1001)
    seeds: str = "0-5"
    steps: int = 300
    further: tuple[str, ...] = ()


def drawn(count: int, low: float = 2e-5, high: float = 2e-3) -> tuple[float, ...]:
    """Learning rates drawn log-uniformly, to two digits, the same at every call.

    Example:
        >>> drawn(2)
        (0.00038, 6.9e-05)
    """
    logs = np.random.default_rng(0).uniform(log(low), log(high), count)
    return tuple(float(f"{np.exp(each):.2g}") for each in logs)


SHORT_RUN = Settings("digits", "bce,wgan", norms=("group",), n_critics=(1,), rates=(1e-4, 5e-4), seeds="0-1", steps=20)
FULL_RUN = Settings()
LONG_RUN = Settings(
    losses="bce,minimax,lsgan,hinge,wgan,rpgan",
    penalties="none,gp,r1,lp",
    norms=("group", "none"),
    rates=(*Settings.rates, *drawn(12)),
    tuning_seeds=(1000, 1001, 1002),
    seeds="0-11",
    steps=5000,
    further=("--image-size", "32", "--width", "32", "--batch-size", "64"),
)


def train(settings: Settings, workplace: Workplace) -> list[Path]:
    """The runs, one for each norm and number of discriminator updates; what is there already is not trained again."""
    return [
        workplace.run(f"still-different-{norm}-{n_critic}", *arguments(settings, norm, n_critic))
        for norm, n_critic in product(settings.norms, settings.n_critics)
    ]


def arguments(settings: Settings, norm: str, n_critic: int) -> list[str]:
    """Of one of the runs."""
    every = max(1, settings.steps // 30)
    return [
        *("--recipe", "tuned", "--data", settings.data, "--losses", settings.losses, "--penalties", settings.penalties),
        *("--grid", f"learning-rate={_joined(settings.rates)}", "--grid", f"beta1={_joined(settings.betas)}"),
        *("--tuning-seeds", _joined(settings.tuning_seeds), "--seeds", settings.seeds, "--steps", str(settings.steps)),
        *("--discriminator-norm", norm, "--n-critic", str(n_critic), "--log-every", str(every)),
        *("--eval-every", str(max(1, settings.steps // 2)), "--timing-rounds", "1", "--repeats", "0"),
        *("--fakes", "400"),  # enough to tell settings apart, and a third of a short training's time otherwise
        *settings.further,
    ]


def _joined(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values)


def log_quality(record: Mapping[str, Any]) -> float | None:
    """The log of a cell's best Fréchet distance on test; None if it was not trained to its end."""
    if record["status"] not in records.SCORED:
        return None
    found = record["quality"]["best"]["metrics"]
    value = next((value for name, value in found.items() if name.startswith("fid[")), None)
    return log(value) if value is not None and isfinite(value) and value > 0 else None


def _untrained(record: Mapping[str, Any]) -> float | None:
    quality = record.get("quality") or {}
    return (
        log_quality({"status": "done", "quality": {"best": quality["untrained"]}}) if quality.get("untrained") else None
    )


def gather(folders: Sequence[Path]) -> list[Json]:
    """Every cell as a flat row; one that failed has the worse of the untrained and the worst value of its data set."""
    rows = []
    for folder in (cell for run in folders for cell in records.find_records(run)):
        record = records.read_json(folder / records.RECORD)
        if record["status"] == "skipped":
            continue
        names, settings = record["cell"], record["settings"]
        base, _, penalty = names["loss"].partition("+")
        rows.append(
            {
                "data": names["data"],
                "trial": names["recipe"] == records.TRIAL,
                "loss": base,
                "penalty": penalty or NONE,
                "norm": settings["discriminator_norm"],
                "n_critic": settings["n_critic"],
                "learning rate": settings["learning_rate"],
                "beta1": settings["betas"][0],
                "seed": names["seed"],
                "status": record["status"],
                "log quality": log_quality(record),
                "untrained": _untrained(record),
            }
        )
    return _scored(rows)


def _scored(rows: list[Json]) -> list[Json]:
    for data in {row["data"] for row in rows}:
        own = [row for row in rows if row["data"] == data]
        known = [value for row in own for value in (row["log quality"], row["untrained"]) if value is not None]
        for row in own:
            row["scored"] = max(known) if row["log quality"] is None else row["log quality"]
    return rows


def factorial(rows: Sequence[Json], data: str) -> tuple[Array, dict[str, list[Any]]]:
    """The trials of a data set as an array (one axis for each of `AXES`, the seeds last), and the levels of the axes.

    Raises:
        ValueError: a trial is missing.
    """
    trials = [row for row in rows if row["trial"] and row["data"] == data]
    levels = {name: sorted({row[name] for row in trials}) for name in (*AXES, "seed")}
    values = np.full([len(part) for part in levels.values()], np.nan)
    for row in trials:
        values[tuple(part.index(row[name]) for name, part in levels.items())] = row["scored"]
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} trials of {data} are missing.")
    return values, levels


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Train, and ask: whose share is the variance, do rankings agree, which losses differ after equal tuning."""
    rows = gather(train(settings, workplace))
    sets = sorted({row["data"] for row in rows})
    found = [_of_data(rows, data) for data in sets]
    shown = {"data": dict(zip(sets, found, strict=True)), "cells": len(rows)}
    return Result([line for part in found for line in _lines(part)], list(_checks(rows, found)), shown)


def _of_data(rows: Sequence[Json], data: str) -> Json:
    values, levels = factorial(rows, data)
    varied = [name for name in AXES if len(levels[name]) > 1]
    several = values.reshape([len(levels[name]) for name in (*varied, "seed")])
    parts, ends = variance_shares.shares(several, varied), variance_shares.share_intervals(several, varied)
    return {
        "data": data,
        "shares": {name: {"share": part, "low": ends[name][0], "high": ends[name][1]} for name, part in parts.items()},
        "rankings": {penalty: _ranking(values, place) for place, penalty in enumerate(levels["penalty"])},
        "verdicts": {penalty: _verdicts(rows, data, penalty) for penalty in levels["penalty"]},
        "tuned": _tuned(rows, data),
        "successes": _successes(rows, data),
    }


def _ranking(values: Array, penalty: int) -> Json:
    """How alike the rankings of the losses are over all settings, and by the best setting of each."""
    table = np.moveaxis(values[:, penalty], 0, -1).reshape(-1, values.shape[0])
    low, high = variance_shares.concordance_interval(table)
    return {"concordance": variance_shares.concordance(table), "low": low, "high": high, "rankings": len(table)}


def _verdicts(rows: Sequence[Json], data: str, penalty: str) -> Json:
    """On fresh seeds, at each loss's best settings: how many pairs of losses get which verdict, and how far apart they are."""
    counts: Counter[str] = Counter(dict.fromkeys(WORDS, 0))
    ratios: list[float] = []
    for group in _families(rows, data, penalty).values():
        for verdict in judge(group):  # a failure has its score already
            counts[verdict.word] += 1
            ratios += [abs(log(verdict.ratio))] if verdict.ratio else []
    return {"words": dict(counts), "median ratio": float(np.exp(np.median(ratios))) if ratios else None}


def _families(rows: Sequence[Json], data: str, penalty: str) -> dict[tuple[str, int], dict[str, list[float]]]:
    families: dict[tuple[str, int], dict[str, dict[int, float]]] = {}
    for row in rows:
        if not row["trial"] and row["data"] == data and row["penalty"] == penalty:
            family = families.setdefault((row["norm"], row["n_critic"]), {})
            family.setdefault(row["loss"], {})[row["seed"]] = row["scored"]
    return {
        key: {loss: [by_seed[seed] for seed in sorted(by_seed)] for loss, by_seed in family.items()}
        for key, family in families.items()
    }


def _tuned(rows: Sequence[Json], data: str) -> list[Json]:
    """The judged cells, for the figure."""
    names = ("loss", "penalty", "norm", "n_critic", "seed", "scored", "status")
    return [{name: row[name] for name in names} for row in rows if not row["trial"] and row["data"] == data]


def _successes(rows: Sequence[Json], data: str) -> dict[str, int]:
    """Over all settings of the grid: for how many two losses work, as table 2 of arXiv:1704.00028 counts."""
    own = [row for row in rows if row["trial"] and row["data"] == data]
    best = min(row["scored"] for row in own)
    works: dict[str, dict[tuple[object, ...], bool]] = {PLAIN: {}, REGULARISED: {}}
    for row in own:
        loss = row["loss"] + ("" if row["penalty"] == NONE else f"+{row['penalty']}")
        if loss in works:
            key = tuple(row[name] for name in (*AXES[2:], "seed"))
            works[loss][key] = row["scored"] <= best + DOUBLE
    return variance_shares.successes(works[PLAIN], works[REGULARISED])


def _lines(part: Json) -> Iterator[Json]:
    for name, share in part["shares"].items():
        line = {"data": part["data"], "what": f"share of variance: {name}"}
        yield {**line, "value": share["share"], "low": share["low"], "high": share["high"]}
    for penalty, ranking in part["rankings"].items():
        line = {"data": part["data"], "what": f"agreement of rankings (Kendall's W), penalty {penalty}"}
        yield {**line, "value": ranking["concordance"], "low": ranking["low"], "high": ranking["high"]}
    for penalty, verdicts in part["verdicts"].items():
        for word, count in verdicts["words"].items():
            line = {"data": part["data"], "what": f"pairs of tuned losses, penalty {penalty}: {word}"}
            yield {**line, "value": count, "low": None, "high": None}
    for word, count in part["successes"].items():
        what = f"settings that work for {word} ({PLAIN}, {REGULARISED})"
        yield {"data": part["data"], "what": what, "value": count, "low": None, "high": None}


def _checks(rows: Sequence[Json], found: Sequence[Json]) -> Iterator[Check]:
    trials = Counter((row["data"], row["loss"], row["penalty"]) for row in rows if row["trial"])
    unequal = max(trials.values()) - min(trials.values())
    yield Check("trials of a loss more than of another", "equal tuning, arXiv:1711.10337", unequal, high=0)
    for part in found:
        yield from _told(part)


def _told(part: Json) -> Iterator[Check]:
    """The literature's answers beside ours; nothing is required of them."""
    data, shares = part["data"], part["shares"]
    rate = shares["learning rate"]
    yield Check(
        f"{data}: share of variance by loss over share by learning rate",
        "hyperparameters move results more than losses do, arXiv:1711.10337",
        shares["loss"]["share"] / rate["share"] if rate["share"] else None,
        high=1.0,
        required=False,
    )
    spread = {penalty: verdicts["median ratio"] for penalty, verdicts in part["verdicts"].items()}
    plain, others = spread.pop(NONE, None), [value for value in spread.values() if value]
    if plain and others:
        yield Check(
            f"{data}: log ratio between tuned losses with a penalty over that without",
            "with Lipschitz regularisation most losses act alike, arXiv:1811.09567",
            log(min(others)) / log(plain) if plain > 1 else None,
            high=1.0,
            required=False,
        )


EXPERIMENT = Experiment(
    name="still-different",
    summary="Are losses still different once each has had the same tuning, with and without a penalty?",
    source="with enough tuning and restarts most models tie (arXiv:1711.10337); with Lipschitz regularisation most losses act "
    "alike (arXiv:1811.09567); settings that work for two losses (arXiv:1704.00028, table 2)",
    reading="Left, what share of the variance of log quality over all trials each factor has. Right, the judged runs of each loss "
    "at its best settings, on seeds that tuning has not seen: each dot a seed.",
    cost="full 20 min, long a GPU (`--preset still-different`)",
    scales={"short": SHORT_RUN, "full": FULL_RUN, "long": LONG_RUN},
    measure=measure,
)
