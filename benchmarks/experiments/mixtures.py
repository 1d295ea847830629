"""Which losses find all modes of a ring of 8 and of a grid of 25, under one network?"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from benchmarks.experiments.base import FULL, LONG, SHORT, Check, Experiment, Json, Result
from benchmarks.experiments.mixture_training import MIXTURES, perfect, train_on
from benchmarks.experiments.rank_agreement import kendall_w, kendall_w_interval
from benchmarks.experiments.workplace import Workplace
from gan_losses.losses import LOSSES
from gan_losses.metrics.mixture_modes import perfect_quality

PERFECT = "perfect sampler"
# The weight that a penalty on slopes of 1 has on toys, arXiv:1704.00028; with 10 dragan was seen to find 5 modes of 8.
TOYS = {"wgangp": "wgangp:0.1", "wganlp": "wganlp:0.1", "dragan": "dragan:0.1"}
EVERY = tuple(TOYS.get(name, name) for name in LOSSES)
# What has to find the ring; f-divergences and Wasserstein losses are reported.
FINDING = ("bce", "minimax", "lsgan", "lsgan-pearson", "hinge", "rpgan", "ragan", "ralsgan", TOYS["dragan"], "r3gan")
# Of these, what so short a training was seen to bring near enough to the modes.
SHARP = ("bce", "lsgan", "hinge", "rpgan", "ragan")


@dataclass(frozen=True)
class Study:
    """Losses under one network and one recipe.

    Attributes:
        losses: as `get_loss` spells them.
        deviations: of the modes, by mixture.
        networks: fields of `PointsSettings`.
        recipe: fields of `Recipe`.
        batch: points per update.
        steps: generator updates, by mixture.
        schedule: of the learning rate.
        finding: losses that are required to find all modes of the ring in the median.
        sharp: losses that are required to reach a high quality of 0.8 there.
        published: mixture -> modes found on average, and the band that ours has to lie in; of the first loss.
    """

    losses: tuple[str, ...]
    deviations: Mapping[str, float]
    networks: Mapping[str, Any]
    recipe: Mapping[str, Any]
    batch: int
    steps: Mapping[str, int]
    schedule: str = "none"
    finding: tuple[str, ...] = ()
    sharp: tuple[str, ...] = ()
    published: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """Studies by name, seeds of each, and samples that are judged."""

    studies: Mapping[str, Study]
    seeds: int
    samples: int = 2500


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Trains every loss on every mixture with every seed, and samples the mixtures themselves."""
    keys = [
        (study, mixture, loss, seed)
        for study, how in settings.studies.items()
        for mixture in how.deviations
        for seed in range(settings.seeds)
        for loss in how.losses
    ]
    found = dict(zip(keys, workplace.map(train_on, [_piece(settings, *key) for key in keys]), strict=True))
    for study, how in settings.studies.items():
        for mixture, deviation in how.deviations.items():
            for seed in range(settings.seeds):
                key = (study, mixture, PERFECT, seed)
                found[key] = perfect(mixture, deviation, seed, settings.samples)
    rows = [
        {"study": study, "mixture": mixture, "loss": loss, "seed": seed} | one["scores"]
        for (study, mixture, loss, seed), one in found.items()
    ]
    return Result(rows, _checks(settings, rows), _shown(found))


def _piece(settings: Settings, study: str, mixture: str, loss: str, seed: int) -> Json:
    how = settings.studies[study]
    return {
        "mixture": mixture,
        "deviation": how.deviations[mixture],
        "loss": loss,
        "seed": seed,
        "networks": dict(how.networks),
        "recipe": dict(how.recipe),
        "batch": how.batch,
        "steps": how.steps[mixture],
        "schedule": how.schedule,
        "samples": settings.samples,
    }


def _checks(settings: Settings, rows: list[Json]) -> list[Check]:
    found = []
    for study, how in settings.studies.items():
        for mixture in how.deviations:
            of = [row for row in rows if row["study"] == study and row["mixture"] == mixture]
            by_loss: dict[str, list[Json]] = defaultdict(list)
            for row in of:
                by_loss[row["loss"]].append(row)
            label = f"{study}, {mixture}"
            found += _sampler(label, by_loss.pop(PERFECT), settings.samples)
            if mixture in how.published:
                found.append(_published(label, how, mixture, by_loss[how.losses[0]]))
            for loss, own in by_loss.items():
                found += _found(f"{label}: {loss}", mixture, own, loss in how.finding, loss in how.sharp)
            if len(by_loss) > 1 and settings.seeds > 1:
                found += _agreement(label, by_loss)
    return found


def _sampler(label: str, own: list[Json], samples: int) -> list[Check]:
    share, expected = median(row["high quality"] for row in own), perfect_quality()
    reach = 4 * (expected * (1 - expected) / samples) ** 0.5
    what = f"{label}: high quality of a perfect sampler"
    return [
        Check(what, f"derived: {expected:.4f}", share, expected - reach, expected + reach, note="4 standard errors")
    ]


def _found(label: str, mixture: str, own: list[Json], finding: bool, sharp: bool) -> list[Check]:
    modes, shares = [row["modes"] for row in own], [row["high quality"] for row in own]
    every = len(MIXTURES[mixture]().means)
    ringed = mixture == "ring"
    low, best = 0.8 if ringed else None, f"{perfect_quality():.3f} at best"
    return [
        Check(f"{label}, modes", f"all {every}", median(modes), every, None, ringed and finding, _range(modes)),
        Check(f"{label}, high quality", best, median(shares), low, None, ringed and sharp, _range(shares)),
    ]


def _published(label: str, how: Study, mixture: str, own: list[Json]) -> Check:
    theirs, low, high = how.published[mixture]
    modes = [float(row["modes"]) for row in own]
    what = f"{label}: mean modes of {how.losses[0]}"
    return Check(what, f"{theirs}, arXiv:1712.04086 table 1", sum(modes) / len(modes), low, high, note=_range(modes))


def _agreement(label: str, by_loss: Mapping[str, list[Json]]) -> list[Check]:
    """How alike the seeds rank the losses by high quality."""
    table = np.array([[row["high quality"] for row in own] for own in by_loss.values()]).T
    low, high = kendall_w_interval(table)
    taus = [float(kendalltau(one, other).statistic) for one, other in combinations(table, 2)]
    what = f"{label}: agreement of {len(table)} seeds on the ranking by high quality"
    note = f"95 % over losses drawn anew {low:.2f} to {high:.2f}"
    return [
        Check(f"{what}, Kendall's W", "1: one order; 0: none", kendall_w(table), required=False, note=note),
        Check(f"{what}, mean τ", "1: one order; 0: none", sum(taus) / len(taus), required=False, note=_range(taus)),
    ]


def _range(values: list[float]) -> str:
    return f"{len(values)} values, {min(values):.3g} to {max(values):.3g}"


def _shown(found: Mapping[tuple[str, str, str, int], Json]) -> Json:
    panels: dict[str, dict[str, Json]] = defaultdict(dict)
    for (study, mixture, loss, seed), one in found.items():
        if seed == 0:
            panel = {"points": one["points"], "modes": one["scores"]["modes"], "quality": one["scores"]["high quality"]}
            panels[f"{study}, {mixture}"][loss] = panel
    centres = {panel: MIXTURES[panel.rpartition(", ")[2]]().means for panel in panels}
    return {
        "panels": dict(panels),
        "centres": {panel: [list(mean) for mean in means] for panel, means in centres.items()},
    }


WIDE = {"ring": 0.05, "grid": 0.1}
NARROW = {"ring": 0.01, "grid": 0.05}
SMALL = {"width": 64, "discriminator_width": 64}
PACGAN = {
    **{"width": 400, "depth": 4, "generator_norm": "batch"},
    **{"discriminator_width": 200, "discriminator_depth": 3, "discriminator_activation": "maxout5"},
}
TOY = {"width": 512, "depth": 3, "discriminator_width": 512, "discriminator_depth": 3}
FAST = {"learning_rate": 2e-3}

EXPERIMENT = Experiment(
    name="mixtures",
    summary="Which losses find all modes of a ring of 8 and of a grid of 25 under one network, and do seeds agree on the order?",
    source="a perfect sampler's high quality 1 - exp(-9/2), derived; PacGAN's table 1, arXiv:1712.04086, at scale long alone",
    reading="Samples of the first seed (dots) over the modes (circles); above each the modes found and "
    "the share of samples of high quality. One small network and a short training: a loss that fails here may do well in a "
    "setting of its own.",
    cost="short 10 s, full at most 8 min, long hours on a GPU",
    scales={
        SHORT: Settings(
            {"one network": Study(("bce", "lsgan"), {"ring": 0.05}, SMALL, FAST, 64, {"ring": 60}, "linear")}, 2, 500
        ),
        FULL: Settings(
            {
                "one network": Study(
                    EVERY, WIDE, SMALL, FAST, 128, {"ring": 2200, "grid": 1000}, "linear", FINDING, SHARP
                )
            },
            3,
        ),
        LONG: Settings(
            {
                "PacGAN's networks": Study(
                    ("bce",),
                    NARROW,
                    PACGAN,
                    {"learning_rate": 1e-4, "betas": (0.8, 0.999)},
                    100,
                    {"ring": 400_000, "grid": 400_000},
                    published={"ring": (6.3, 4.2, 8.0), "grid": (17.3, 14.0, 21.0)},
                ),
                "WGAN-GP's toy": Study(
                    (TOYS["wgangp"],),
                    NARROW,
                    TOY,
                    {"learning_rate": 1e-4, "betas": (0.5, 0.9), "n_critic": 5},
                    256,
                    {"ring": 100_000, "grid": 100_000},
                ),
            },
            5,
        ),
    },
    measure=measure,
)
