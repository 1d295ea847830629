"""The verdicts examined: how often they are wrong, what they find, and whether their intervals keep their word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import records
from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from reports.statistics import coverage, wilson
from reports.verdicts import EQUIVALENT, Verdict, judge

Array = NDArray[np.float64]
RECORDED = Path(__file__).parent / "recorded" / "calibration.json"
REFERENCE, HANDICAPPED = "bce", "bce:flip=0.4"
CLONES = 3  # of one loss in a suite: a family of three pairs
METRIC = "fid[digits]"
ALARMS = 0.07  # the most that the upper end of the rate of false alarms may reach
POWER = 0.80
COVERAGE = (0.93, 0.97)  # where 95 % are claimed; six seeds have no interval of less than 96.9 %
ROOM = 0.01  # above what is claimed, where that is more
NOTICED = 0.95  # of the suites in which a handicapped loss has to be found


@dataclass(frozen=True)
class Settings:
    """What is drawn.

    Attributes:
        suites: drawn of each size.
        counts: seeds of a suite.
        train: whether the runs are trained anew; else those that are kept beside this file.
        seeds: runs of each loss.
        steps: of a run.
    """

    suites: int = 2000
    counts: tuple[int, ...] = (6, 8, 12, 20)
    train: bool = False
    seeds: int = 64
    steps: int = 600


def arguments(settings: Settings) -> list[str]:
    """Of the run that the suites are drawn from: three losses, and one whose discriminator is told the truth 3 times of 5."""
    losses = ",".join([REFERENCE, "lsgan", "wgangp", HANDICAPPED])
    return [
        *("--data", "digits", "--losses", losses, "--recipe", "controlled", "--seeds", f"0-{settings.seeds - 1}"),
        *("--steps", str(settings.steps), "--eval-every", "100", "--log-every", "60", "--timing-rounds", "2"),
    ]


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Suites of recorded runs, drawn again and again, and what the verdicts say of them."""
    if settings.train:
        pool = workplace.folder / "runs.json"
        records.write_json(pool, _pool(workplace.run("calibration", *arguments(settings)), settings))
    else:
        pool = RECORDED
    pieces = [{"pool": str(pool), "count": count, "suites": settings.suites} for count in settings.counts]
    found = workplace.map(examine, pieces[::-1])[::-1]  # the longest first
    runs = len(next(iter(_values(str(pool)).values())))
    rows = [_row(piece) for piece in found]
    luck = _luck(_values(str(pool))[REFERENCE])
    shown = {"runs": runs, "suites": settings.suites, "table": rows, "luck": luck}
    return Result(rows, list(_checks(rows, luck)), shown)


def _pool(run: Path, settings: Settings) -> Json:
    """Log quality of all runs: loss -> moment -> one value per seed."""
    values: dict[str, dict[int, dict[str, Any]]] = {}
    for folder in records.find_records(run):
        record = records.read_json(folder / records.RECORD)
        quality = record.get("quality") or {}
        moments = {moment: quality.get(moment, {}).get("metrics", {}).get(METRIC) for moment in ("best", "final")}
        values.setdefault(record["cell"]["loss"], {})[record["cell"]["seed"]] = moments
    return {
        "command": f"python -m benchmarks.run {' '.join(arguments(settings))}",
        "metric": METRIC,
        "values": {
            loss: {moment: [by_seed[seed][moment] for seed in sorted(by_seed)] for moment in ("best", "final")}
            for loss, by_seed in values.items()
        },
    }


def _values(pool: str) -> dict[str, Array]:
    """Loss -> log of the best value by seed."""
    content = records.read_json(Path(pool), "values")
    return {loss: np.log(np.array(moments["best"], dtype=float)) for loss, moments in content["values"].items()}


def examine(pool: str, count: int, suites: int) -> Json:
    """What verdicts say of `suites` suites of `count` seeds each.

    In each suite three clones of one loss (runs of its own, no two of one seed) stand against each other: whatever is
    called better or worse is a false alarm. Then one clone is made worse by exactly the ratio that the verdict said
    it could have seen, and by exactly the margin of equivalence. Intervals are asked whether they hold the truth: 1
    between clones; between two losses, paired by seed as in a real run, the mean over all their runs.

    Args:
        pool: the file of runs.
        count: seeds of a suite.
        suites: how many.
    """
    values = _values(pool)
    losses = [loss for loss in values if loss != HANDICAPPED]
    random = np.random.default_rng([count, suites])
    kept: dict[str, list[float]] = {name: [] for name in TALLIES}
    for number in range(suites):
        for name, value in _suite(values, losses[number % len(losses)], count, random):
            kept[name].append(value)
    return {
        "count": count,
        **{name: {"sum": sum(part), "of": len(part)} for name, part in kept.items()},
        **_middle(kept),
    }


TALLIES = (
    *("alarm", "alarm_pair", "equivalent", "power", "smallest", "wrongly_equivalent", "noticed"),
    *("covered_clones", "covered_clones_90", "covered_pairs", "covered_pairs_90"),
)


def _middle(kept: dict[str, list[float]]) -> Json:
    return {"smallest_median": median(kept["smallest"]) if kept["smallest"] else None}


def _suite(values: dict[str, Array], loss: str, count: int, random: np.random.Generator) -> Iterator[tuple[str, float]]:
    """One suite of clones, its two changed copies, and pairs of unlike losses."""
    runs = values[loss]
    clones = {f"clone {place}": runs[chosen] for place, chosen in enumerate(_disjoint(len(runs), count, random))}
    verdicts = judge({name: part.tolist() for name, part in clones.items()})
    yield "alarm", any(verdict.decided for verdict in verdicts)
    yield "alarm_pair", verdicts[0].decided
    yield "equivalent", verdicts[0].word == EQUIVALENT
    yield from _covered("covered_clones", verdicts[0], 1.0)
    smallest = verdicts[0].smallest
    if smallest is not None:
        yield "smallest", smallest
        yield "power", _against(clones, log(smallest)).decided
    yield "wrongly_equivalent", _against(clones, log(1 + verdicts[0].margin)).word == EQUIVALENT
    paired = random.choice(len(runs), count, replace=False)
    known = {name: values[name][paired].tolist() for name in (REFERENCE, HANDICAPPED)}
    yield "noticed", judge(known)[0].word == "better"
    yield from _pairs(values, [name for name in values if name != HANDICAPPED], count, random)


def _disjoint(runs: int, count: int, random: np.random.Generator) -> Sequence[Any]:
    if CLONES * count > runs:
        raise ValueError(f"{CLONES * count} runs are needed for suites of {count} seeds, {runs} are there.")
    shuffled: NDArray[np.int64] = random.permutation(runs)[: CLONES * count]
    return list(shuffled.reshape(CLONES, count))


def _against(clones: dict[str, Array], by: float) -> Verdict:
    """The verdict on the first two clones, after the second was made worse."""
    changed = {name: (part + by if place == 1 else part).tolist() for place, (name, part) in enumerate(clones.items())}
    return judge(changed)[0]


def _pairs(
    values: dict[str, Array], losses: list[str], count: int, random: np.random.Generator
) -> Iterator[tuple[str, float]]:
    first, second = random.choice(losses, 2, replace=False)
    differences = values[first] - values[second]
    chosen = random.integers(len(differences), size=count)  # with replacement: all runs are the population
    verdict = judge({str(first): values[first][chosen].tolist(), str(second): values[second][chosen].tolist()})[0]
    yield from _covered("covered_pairs", verdict, exp(float(differences.mean())))


def _covered(name: str, verdict: Verdict, truth: float) -> Iterator[tuple[str, float]]:
    if verdict.low is not None and verdict.high is not None:
        yield name, verdict.low <= truth <= verdict.high
    if verdict.low90 is not None and verdict.high90 is not None:
        yield f"{name}_90", verdict.low90 <= truth <= verdict.high90


def _luck(logs: Array) -> Json:
    """What tables of one seed say of clones: how often two runs of one loss differ by more than 10 and 20 %."""
    gaps = np.abs(logs[:, None] - logs[None])[np.triu_indices(len(logs), 1)]
    return {f"{percent} %": float((gaps > log(1 + percent / 100)).mean()) for percent in (5, 10, 20)}


def _row(piece: Json) -> Json:
    def rate(name: str) -> float | None:
        return piece[name]["sum"] / piece[name]["of"] if piece[name]["of"] else None

    upper = wilson(int(piece["alarm"]["sum"]), piece["alarm"]["of"])[1]
    return {
        "seeds": piece["count"],
        "suites": piece["alarm"]["of"],
        "clones told apart": rate("alarm"),
        "at most (95 %)": upper,
        "smallest ratio, median": piece["smallest_median"],
        "power there": rate("power"),
        "clones equivalent": rate("equivalent"),
        "10 % worse called equivalent": rate("wrongly_equivalent"),
        "handicapped found": rate("noticed"),
        "coverage of 95 %, clones": rate("covered_clones"),
        "coverage of 95 %, pairs": rate("covered_pairs"),
        "coverage of 90 %, clones": rate("covered_clones_90"),
        "coverage of 90 %, pairs": rate("covered_pairs_90"),
    }


def _checks(rows: list[Json], luck: Json) -> Iterator[Check]:
    for row in rows:
        at = f"n = {row['seeds']}: "
        yield Check(f"{at}clones told apart, upper end", "5 % claimed", row["at most (95 %)"], high=ALARMS)
        yield Check(f"{at}power at the printed ratio", "80 % claimed", row["power there"], low=POWER)
        for kind in ("clones", "pairs"):
            claimed = coverage(row["seeds"]) or COVERAGE[1]
            ends = COVERAGE[0], max(COVERAGE[1], claimed + ROOM)
            yield Check(f"{at}coverage, {kind}", f"{claimed:.1%} claimed", row[f"coverage of 95 %, {kind}"], *ends)
        yield Check(
            f"{at}10 % worse, called equivalent", "5 % claimed", row["10 % worse called equivalent"], high=ALARMS
        )
    found = rows[-1]["handicapped found"]
    yield Check(f"n = {rows[-1]['seeds']}: {HANDICAPPED} found worse", "worse on purpose", found, low=NOTICED)
    yield Check(
        "single runs of one loss more than 10 % apart", "what tables of one seed rest on", luck["10 %"], required=False
    )


EXPERIMENT = Experiment(
    name="calibration",
    summary="How often are the verdicts wrong, and what do they find?",
    source="the claims of the verdicts themselves: false alarms 5 % for a family, power 80 % at the printed ratio, coverage 95 %",
    reading="Left, of suites in which all losses are clones of one, the share in which any two are told apart (a false alarm) "
    "and, of suites in which one clone is worse by the ratio that the verdict said it could see, the share in which it is found. "
    "Right, the coverage of the intervals. A tool that never decides would fail on the left, one that always does, too.",
    cost="short 10 s, full 2 min on runs that are kept with the suite, long (which trains them anew) 10 min more",
    scales={"short": Settings(suites=100, counts=(6, 8)), "full": Settings(), "long": Settings(train=True)},
    measure=measure,
)
