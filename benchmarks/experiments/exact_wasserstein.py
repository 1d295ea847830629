"""Critics of the Wasserstein family against pairs whose distance and critic are known."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from benchmarks.experiments.base import FULL, LONG, SHORT, Check, Experiment, Json, Result
from benchmarks.experiments.critics import train_critic
from benchmarks.experiments.workplace import Workplace

CLIP, SPECTRAL, GP, LP = "wgan:0.04", "wgan+spectral", "wgangp", "wganlp"
# (D, funnels) -> critic -> cosine, squared error; arXiv:2206.07767, one pair each.
PUBLISHED: dict[tuple[int, int], dict[str, tuple[float, float]]] = {
    (2, 4): {CLIP: (0.07, 0.85), GP: (0.84, 0.09), LP: (0.82, 0.17), SPECTRAL: (0.21, 0.74)},
    (4, 4): {CLIP: (0.27, 1.14), GP: (0.95, 0.09), LP: (0.95, 0.09), SPECTRAL: (0.36, 0.85)},
    (16, 4): {CLIP: (0.33, 6.90), GP: (0.96, 0.09), LP: (0.96, 0.09), SPECTRAL: (0.35, 1.23)},
    (16, 64): {CLIP: (0.15, 3.42), GP: (0.78, 0.46), LP: (0.78, 0.46), SPECTRAL: (0.16, 1.32)},
    (64, 4): {CLIP: (0.39, 26.3), GP: (0.92, 0.18), LP: (0.92, 0.17), SPECTRAL: (0.43, 1.13)},
}
SOURCE = "arXiv:2206.07767, one pair of theirs"


@dataclass(frozen=True)
class Settings:
    """Pairs, critics and their training.

    Attributes:
        shapes: (D, funnels) of the pairs.
        pairs: of each shape, one seed each.
        iterations: critic as `get_loss` spells it -> updates on each of the shapes.
        batch: points of each side per update.
        learning_rate: of Adam (0, 0.9).
        schedule: of the learning rate, a name in `gan_losses.schedule.SCHEDULES`.
        points: that the figures are taken on.
        looks: how often during the training.
        judged: whether the training is long enough for the bands.
    """

    shapes: tuple[tuple[int, int], ...]
    pairs: int
    iterations: dict[str, tuple[int, ...]]
    batch: int
    learning_rate: float
    schedule: str = "none"
    points: int = 4096
    looks: int = 8
    judged: bool = True


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Trains every critic on every pair."""
    common = {"batch": settings.batch, "rate": settings.learning_rate, "schedule": settings.schedule}
    common |= {"points": settings.points, "looks": settings.looks}
    pieces = [
        {"dimensions": dimensions, "funnels": funnels, "seed": seed, "critic": critic, "iterations": each[place]}
        | common
        for place, (dimensions, funnels) in enumerate(settings.shapes)
        for seed in range(settings.pairs)
        for critic, each in settings.iterations.items()
    ]
    found = workplace.map(train_critic, pieces)
    rows = [_row(piece, one) for piece, one in zip(pieces, found, strict=True)]
    checks = [check for shape in settings.shapes for check in _checks(shape, rows, settings.judged)]
    return Result(rows, checks, _shown(pieces, found))


def _row(piece: Json, found: Json) -> Json:
    last = found["curve"][-1]
    names = ("dimensions", "funnels", "seed", "critic", "iterations")
    figures = {"cosine": last["cosine"], "squared error": last["error"]}
    return (
        {name: piece[name] for name in names}
        | figures
        | {"true W1": found["w1"], "critic's estimate": last["estimate"]}
    )


def _of(rows: list[Json], shape: tuple[int, int], critic: str) -> list[Json]:
    return [row for row in rows if (row["dimensions"], row["funnels"]) == shape and row["critic"] == critic]


def _checks(shape: tuple[int, int], rows: list[Json], judged: bool) -> list[Check]:
    label = f"D {shape[0]}, {shape[1]} funnels"
    cosines = {critic: [row["cosine"] for row in _of(rows, shape, critic)] for critic in (CLIP, SPECTRAL, GP, LP)}
    if not all(cosines.values()):
        return []
    plane = judged and shape[0] == 2
    found = [*_orders(label, shape, cosines, plane), *_reproduced(label, shape, rows, judged)]
    for critic in (GP, LP):
        ratios = [row["critic's estimate"] / row["true W1"] for row in _of(rows, shape, critic)]
        what = f"{label}: estimate of {critic} over the true W1"
        found.append(Check(what, "derived: 1", median(ratios), 0.85, 1.15, required=plane, note=_range(ratios)))
    return found


def _orders(label: str, shape: tuple[int, int], cosines: dict[str, list[float]], required: bool) -> list[Check]:
    """The ordering pair by pair, as medians of differences of cosines."""
    wanted = (
        (f"{GP} and {LP} alike (difference of cosines)", GP, LP, (-0.1, 0.1)),
        (f"{GP} above spectral norm (difference of cosines)", GP, SPECTRAL, (0.1, None)),
        (f"{LP} above spectral norm (difference of cosines)", LP, SPECTRAL, (0.1, None)),
        ("spectral norm above clipping (difference of cosines)", SPECTRAL, CLIP, (0.0, None)),
    )
    published = PUBLISHED.get(shape)
    checks = []
    for what, one, other, (low, high) in wanted:
        gaps = [above - below for above, below in zip(cosines[one], cosines[other], strict=True)]
        theirs = f"{published[one][0] - published[other][0]:.2f}, {SOURCE}" if published else "none"
        note = _range(gaps)
        checks.append(Check(f"{label}: {what}", theirs, median(gaps), low, high, required, note))
    return checks


FLOORS = {(2, 4): 0.80, (16, 4): 0.93}


def _reproduced(label: str, shape: tuple[int, int], rows: list[Json], judged: bool) -> list[Check]:
    """The published table beside ours, other pairs of the same law."""
    checks = []
    for critic, (cosine, error) in PUBLISHED.get(shape, {}).items():
        cosines = [row["cosine"] for row in _of(rows, shape, critic)]
        errors = [row["squared error"] for row in _of(rows, shape, critic)]
        low = FLOORS.get(shape) if critic in (GP, LP) else None
        note = f"{_range(cosines)}; deviation {median(cosines) - cosine:+.2f}"
        what = f"{label}: cosine of {critic}"
        checks.append(
            Check(what, f"{cosine}, {SOURCE}", median(cosines), low, required=judged and low is not None, note=note)
        )
        note = f"{_range(errors)}; deviation {median(errors) - error:+.2f}"
        what = f"{label}: squared error of {critic}"
        checks.append(Check(what, f"{error}, {SOURCE}", median(errors), required=False, note=note))
    return checks


def _range(values: list[float]) -> str:
    return f"median of {len(values)} pairs, {min(values):.2f} to {max(values):.2f}"


def _shown(pieces: list[Json], found: list[Json]) -> Json:
    panels: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for piece, one in zip(pieces, found, strict=True):
        curve = {name: [look[name] for look in one["curve"]] for name in ("iteration", "cosine")}
        scaled = {"ratio": [look["estimate"] / one["w1"] for look in one["curve"]]}
        panels[f"D {piece['dimensions']}, {piece['funnels']} funnels"][piece["critic"]].append(curve | scaled)
    return {"panels": {panel: dict(critics) for panel, critics in panels.items()}}


SHAPES = ((2, 4), (4, 4), (16, 4), (16, 64), (64, 4), (128, 4))
PAPERS = {CLIP: 5_000, SPECTRAL: 10_000, GP: 60_000, LP: 60_000}

EXPERIMENT = Experiment(
    name="exact-wasserstein",
    summary="How near do critics of the Wasserstein family come to the true Wasserstein-1 critic and distance?",
    source="closed form of the pairs, derived from arXiv:2206.07767; its table for one pair each",
    reading="Above the cosine of the critic's gradient with the true one, below the critic's estimate over the true distance, "
    "against updates; a line is the median over pairs, a band their range. What a critic reports is not the distance unless "
    "its line below is at 1.",
    cost="short 15 s, full at most 8 min, long a day",
    scales={
        SHORT: Settings(
            SHAPES[:1],
            2,
            {CLIP: (100,), SPECTRAL: (100,), GP: (200,), LP: (200,)},
            128,
            1e-3,
            points=512,
            looks=4,
            judged=False,
        ),
        FULL: Settings(
            SHAPES[:3],
            5,
            {CLIP: (1000,) * 3, SPECTRAL: (1000,) * 3, GP: (4000, 2000, 1000), LP: (4000, 2000, 1000)},
            256,
            1e-3,
            "linear",
        ),
        LONG: Settings(SHAPES, 5, {critic: (count,) * len(SHAPES) for critic, count in PAPERS.items()}, 1024, 2e-4),
    },
    measure=measure,
)
