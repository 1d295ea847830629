"""Stacked digits, the Stacked MNIST protocol with the digits at hand: is the count of modes right, and who meets how many?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import torch
from torch import Tensor

from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from gan_losses.data.base import Batches, Request, to_float, to_uint8
from gan_losses.data.digits import load_digits
from gan_losses.data.stacked import MODES, load_stacked
from gan_losses.losses import Recipe, get_loss
from gan_losses.metrics.modes import kl_by_chance, kl_to_uniform, seen, seen_by_chance
from gan_losses.metrics.stacked import StackedExtractor
from gan_losses.random import keyed_generator
from gan_losses.sampling import evaluation_mode
from gan_losses.tasks import DCGAN, DCGANSettings
from gan_losses.training import Placement, Training

SIZE, LATENTS, BATCH = 16, 64, 64
CHUNK = 500
ALONG = 10  # of the fakes at the end one in so many is made along the way
FIGURES = (10, 5, 2, 1)  # how many of the ten figures the red channel shows in the sets of which the answer is known
ROUNDING = 0.0034  # four standard deviations of the KL of 26,000 perfect fakes; less than the floor by more is a bug
ENOUGH = 5  # seeds, from which on the order of losses is required
# What was published with MNIST, other networks and far longer training: loss -> in words.
PUBLISHED = {
    "bce": "DCGAN, 28 pixels: 99 modes, 3.4 (arXiv:1705.07761), 78.9 ± 6.5 modes, 4.50 (arXiv:1712.04086)",
    "bce+r1:1+r2:1": "R3GAN's network without its loss: 693 modes, 0.927 (arXiv:2501.05441)",
    "rpgan+r1:1+r2:1": "R3GAN: 1000 modes, 0.078 (arXiv:2501.05441)",
}
PAIR = ("rpgan+r1:1+r2:1", "bce+r1:1+r2:1")  # the first is the better one in R3GAN's table


@dataclass(frozen=True)
class Settings:
    """What is measured and trained.

    Attributes:
        fakes: that modes are counted on, 26,000 in the papers.
        draws: sets of real stacks.
        losses: each trained with the same network and optimiser.
        seeds: of weights, latents and batches.
        steps: of each training.
        width: of the networks.
        train: training stacks.
    """

    fakes: int = 26_000
    draws: int = 8
    losses: tuple[str, ...] = ("bce", "bce+r1:1+r2:1", "rpgan+r1:1+r2:1")
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 1500
    width: int = 16
    train: int = 10_000


def measure(settings: Settings, workplace: Workplace) -> Result:
    """The metric on stacks of which the answer is known, and on fakes of each loss."""
    pieces = [{"figures": FIGURES[0], "draw": draw, "count": settings.fakes} for draw in range(settings.draws)]
    pieces += [{"figures": figures, "draw": 0, "count": settings.fakes} for figures in FIGURES[1:]]
    real = workplace.map(real_stacks, pieces)
    whole, fewer = real[: settings.draws], real[settings.draws :]
    cells: list[Json] = [{"loss": loss, "seed": seed} for loss in settings.losses for seed in settings.seeds]
    how = {name: getattr(settings, name) for name in ("steps", "width", "train", "fakes")}
    trained = workplace.map(train, [{**cell, **how} for cell in cells])
    rows: list[Json] = [
        {"what": f"real, {figures} figures in red", "seed": draw, **each}
        for (figures, draw), each in zip([(piece["figures"], piece["draw"]) for piece in pieces], real, strict=True)
    ]
    rows += [
        {"what": cell["loss"], "seed": cell["seed"], **each["end"]} for cell, each in zip(cells, trained, strict=True)
    ]
    few = settings.fakes // ALONG
    shown = {
        "losses": {
            loss: [each["curve"] for cell, each in zip(cells, trained, strict=True) if cell["loss"] == loss]
            for loss in settings.losses
        },
        "perfect": {"kl": kl_by_chance(few, MODES), "modes": seen_by_chance(few, MODES)},
        "fakes": few,
    }
    ends = {loss: [row for row in rows if row["what"] == loss] for loss in settings.losses}
    return Result(rows, [*_of_metric(whole, fewer, settings.fakes), *_of_losses(ends)], shown)


def real_stacks(figures: int, draw: int, count: int) -> Json:
    """Modes, KL and accuracy on stacks of test digits whose red channel shows only the lowest of the ten figures.

    Each of the 400 digits is read once, by the channel that it would be read by in a stack.
    """
    digits = load_digits(Request("", SIZE, SIZE)).test
    assert digits.labels is not None
    reader = StackedExtractor()
    pictures = digits.images["image"].expand(-1, 3, -1, -1)
    read = reader.modes(reader(to_float(pictures))) % 10
    random = keyed_generator(draw, "stacked-digits/real", figures)
    allowed = (digits.labels < figures).nonzero().flatten()
    rows = torch.randint(len(digits), (count, 3), generator=random)
    rows[:, 0] = allowed[torch.randint(len(allowed), (count,), generator=random)]
    modes = read[rows] @ torch.tensor([100, 10, 1])
    right = float((read == digits.labels).double().mean())
    return {"modes": seen(modes), "kl": kl_to_uniform(modes, MODES), "accuracy": right, "n": count}


def train(loss: str, seed: int, steps: int, width: int, train: int, fakes: int) -> Json:
    """One GAN: modes and KL of its fakes at the end, and of a tenth as many along the way."""
    data = load_stacked(Request(str(train), SIZE, SIZE))
    task = DCGAN(DCGANSettings(SIZE, 3, width, LATENTS, discriminator_norm=DCGAN.controlled_norm), seed)
    training = Training(
        task, get_loss(loss), Recipe(), Batches(data.train, BATCH, seed), Placement(torch.device("cpu")), seed
    )
    looks = sorted({round(steps * share) for share in (0.1, 0.2, 0.4, 0.7)})
    curve = []
    for step in range(steps):
        training.step(step)
        if step + 1 in looks:
            curve.append({"step": step + 1, **counted(task, seed, fakes // ALONG)})
    end = counted(task, seed, fakes)
    return {
        "curve": [*curve, {"step": steps, **counted(task, seed, fakes // ALONG)}],
        "end": {**end, "accuracy": None, "n": fakes},
    }


@torch.no_grad()
def counted(task: DCGAN, seed: int, count: int) -> Json:
    """Modes and KL of `count` fakes of the current generator, rounded to 8 bits."""
    reader, generator = StackedExtractor(), task.generators["image"]
    parts: list[Tensor] = []
    with evaluation_mode([generator]):
        for start in range(0, count, CHUNK):
            latents = task.draw(min(CHUNK, count - start), keyed_generator(seed, "stacked-digits/evaluation", start))
            parts.append(reader.modes(reader(to_float(to_uint8(generator(latents))))))
    modes = torch.cat(parts)
    return {"modes": seen(modes), "kl": kl_to_uniform(modes, MODES)}


def _of_metric(whole: Sequence[Json], fewer: Sequence[Json], count: int) -> list[Check]:
    """What is derived of real stacks, whole and with a red channel that shows fewer figures."""
    floor = kl_by_chance(count, MODES)
    kls = [each["kl"] for each in whole]
    modes = min(each["modes"] for each in whole)
    note = f"sampling alone has {floor:.4f}"
    return [
        Check("accuracy of the classifier on test digits", "0.98 or more", whole[0]["accuracy"], low=0.98),
        Check("real stacks: fewest modes", "1,000, derived", modes, low=0.99 * seen_by_chance(count, MODES)),
        Check("real stacks: mean KL over its floor", "1, derived", fmean(kls) / floor, 0.85, 1.15, note=note),
        Check("real stacks: lowest KL less its floor", "0, derived", min(kls) - floor, low=-ROUNDING * 26_000 / count),
        *(_of_fewer(figures, each, count) for figures, each in zip(FIGURES[1:], fewer, strict=True)),
    ]


def _of_fewer(figures: int, found: Json, count: int) -> Check:
    known = math.log(FIGURES[0] / figures) + kl_by_chance(count, MODES * figures // FIGURES[0])
    return Check(
        f"red shows {figures} of 10 figures: error of the KL",
        f"0: it is ln(10 / {figures}) and its floor, derived",
        found["kl"] - known,
        -0.06,
        0.06,
        note="misread digits lower it, unequal numbers of figures raise it",
    )


def _of_losses(ends: dict[str, list[Json]]) -> list[Check]:
    """What was trained here beside what was published with other networks, and the order of R3GAN's table."""
    found = [
        Check(f"{loss}: {name} (median)", PUBLISHED.get(loss, ""), median(row[key] for row in rows), required=False)
        for loss, rows in ends.items()
        for key, name in (("modes", "modes"), ("kl", "KL"))
    ]
    if not set(PAIR) <= set(ends):
        return found
    better, worse = ([row["kl"] for row in ends[loss]] for loss in PAIR)
    apart = fmean(first - second for first, second in zip(better, worse, strict=True))
    note = f"{len(better)} seeds, a small network"
    what = "KL with relativistic loss less that without, both with R1 + R2"
    table = "below 0, arXiv:2501.05441 table 1"
    return [*found, Check(what, table, apart, high=0.0, required=len(better) >= ENOUGH, note=note)]


EXPERIMENT = Experiment(
    name="stacked-digits",
    summary="Does the count of modes count right, and how many of 1,000 modes do losses meet?",
    source="protocol of arXiv:1611.02163; figures of arXiv:1712.04086, arXiv:1705.07761 and arXiv:2501.05441 with MNIST; "
    "the floor (K - 1) / 2n is derived",
    reading="Modes met and KL to equal shares against the generator's steps, a line per seed; dashed what perfect fakes "
    "have at that number of fakes. Small networks and short training: the published figures are of larger ones.",
    cost="short 10 s, full 4 min, long a night",
    scales={
        "short": Settings(fakes=2000, draws=5, seeds=(0,), steps=4, width=8, train=500, losses=("bce",)),
        "full": Settings(),
        "long": Settings(seeds=tuple(range(5)), steps=20_000, width=32, train=50_000),
    },
    measure=measure,
)
