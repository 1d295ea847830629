"""The metrics under examination: which of them see what, on pictures of which all is known."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.experiments.base import Experiment, Json, Result
from benchmarks.experiments.truth_verdicts import checks, table
from benchmarks.experiments.workplace import Workplace
from gan_losses.data.base import DataSet, Request, Split, to_float, to_uint8
from gan_losses.data.truth import COLOURS, MODES, factors_of, load_truth, modes, scenes
from gan_losses.data.truth_drawing import Scenes, draw
from gan_losses.metrics import Copies, QualityMeter, get_features
from gan_losses.random import keyed_generator

CROWD = 8  # times as many scenes are drawn as are wanted, to choose from
SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
KEPT_AWAY = (1 / 12, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6)
GRADES: dict[str, tuple[float, ...]] = {
    "colours dropped": KEPT_AWAY,
    "modes dropped": KEPT_AWAY,
    "proportions": (0.05, 0.1, 0.2, 0.4, 0.6, 0.8),
    "copies": SHARES,
    "blur": SHARES,
    "noise": (2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
}
FEATURES = {"truth": ("fid", "kid", "prdc", "copies", "factors"), "random": ("fid", "kid", "prdc")}
NEAR = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # grey levels of noise on copies


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Attributes:
        size: side of the pictures.
        count: pictures a side.
        train: training pictures, which copies are of.
        seeds: of the fakes.
        floors: seeds of undisturbed fakes, as many as `seeds` or more: how far metrics stray by themselves.
        sizes: of training sets, for the search for copies alone.
    """

    size: int = 16
    count: int = 1000
    train: int = 2000
    seeds: tuple[int, ...] = (0, 1, 2)
    floors: int = 8
    sizes: tuple[int, ...] = (1000, 4000, 16_000)


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Every ladder with every metric; copies in known shares and for several sizes of the training set."""
    common = {"size": settings.size, "count": settings.count, "train": settings.train}
    ladders = ["none", "random pixels", *GRADES]
    seeds = dict.fromkeys(ladders, settings.seeds) | {"none": tuple(range(settings.floors))}
    pieces = [{"ladder": name, "seed": seed, **common} for name in ladders for seed in seeds[name]]
    found: dict[str, list[Json]] = {name: [] for name in ladders}
    for piece, result in zip(pieces, workplace.map(climb, pieces), strict=True):
        # What is undefined comes out of a file as nothing.
        told = {name: [math.nan if value is None else value for value in values] for name, values in result.items()}
        found[str(piece["ladder"])].append(told)
    memory = workplace.map(
        remember, [{"train": train, "size": settings.size, "count": settings.count} for train in settings.sizes]
    )
    rows = table(found, GRADES)
    shown = {
        "grades": {name: list(grades) for name, grades in GRADES.items()},
        "rows": rows,
        "memory": [{"train": train, **each} for train, each in zip(settings.sizes, memory, strict=True)],
        "near": list(NEAR),
    }
    return Result(rows, checks(found, GRADES, settings.count), shown)


def climb(ladder: str, seed: int, size: int, count: int, train: int) -> Json:
    """All metrics at every grade of one ladder: metric -> values, the first of them the lowest grade's."""
    data = _data(size, count, train)
    meters = [QualityMeter(get_features(features, 3), data, metrics=metrics) for features, metrics in FEATURES.items()]
    columns: dict[str, list[float]] = {}
    for grade in GRADES.get(ladder, (0.0,)):
        fakes = to_float(LADDERS[ladder](grade, seed, data, count))
        for meter in meters:
            for name, value in meter.score("test", fakes).items():
                columns.setdefault(name, []).append(value)
    return columns


def remember(train: int, size: int, count: int) -> Json:
    """The copy rates of unseen pictures, and of copies under noise of `NEAR` levels, for a training set of this size."""
    data = load_truth(Request(str(train), size, size))
    search = Copies(data.train.images["image"], data.test.images["image"][:count])
    some = data.train.images["image"][:count]
    random = keyed_generator(0, "truth-images/near", train)
    noise = torch.randn(some.shape, generator=random)
    near = [to_uint8(to_float(some) + level / 127.5 * noise) for level in NEAR]
    unseen = draw(scenes(count, "truth-images/unseen"), size)
    return {"unseen": search.rate(unseen), "copies": [search.rate(each) for each in near]}


def _data(size: int, count: int, train: int) -> DataSet:
    """The set with `count` test pictures, so that both sides have as many."""
    whole = load_truth(Request(str(train), size, size))
    return replace(whole, test=Split({"image": whole.test.images["image"][:count]}), classes=())


def _crowd(seed: int, count: int) -> Scenes:
    return scenes(CROWD * count, f"truth-images/{seed}")


def _none(_: float, seed: int, data: DataSet, count: int) -> Tensor:
    return draw(_crowd(seed, count)[:count], data.image_size)


def _random_pixels(_: float, seed: int, data: DataSet, count: int) -> Tensor:
    random = keyed_generator(seed, "truth-images/pixels")
    return torch.randint(256, (count, *data.test.images["image"].shape[1:]), dtype=torch.uint8, generator=random)


def _without(which: Tensor, kinds: int, share: float, seed: int, data: DataSet, count: int) -> Tensor:
    """Pictures of all kinds but a random share of them."""
    order = torch.randperm(kinds, generator=keyed_generator(seed, "truth-images/dropped"))
    kept = ~torch.isin(which, order[: round(share * kinds)])
    return draw(_crowd(seed, count)[kept.nonzero().flatten()[:count]], data.image_size)


def _colours_dropped(share: float, seed: int, data: DataSet, count: int) -> Tensor:
    return _without(factors_of(_crowd(seed, count))["colour"], len(COLOURS), share, seed, data, count)


def _modes_dropped(share: float, seed: int, data: DataSet, count: int) -> Tensor:
    return _without(modes(factors_of(_crowd(seed, count))), MODES, share, seed, data, count)


def _proportions(share: float, seed: int, data: DataSet, count: int) -> Tensor:
    """Nothing is missing, but a share of the pictures is of one colour."""
    everything = _crowd(seed, count)
    favoured = (factors_of(everything)["colour"] == seed % len(COLOURS)).nonzero().flatten()
    some = favoured[favoured >= count][: round(share * count)]
    return draw(everything[torch.cat([torch.arange(count - len(some)), some])], data.image_size)


def _copies(share: float, seed: int, data: DataSet, count: int) -> Tensor:
    copied, train = round(share * count), data.train.images["image"]
    order = torch.randperm(len(train), generator=keyed_generator(seed, "truth-images/copied"))
    return torch.cat([train[order[:copied]], _none(0.0, seed, data, count)[copied:]])


def _blur(share: float, seed: int, data: DataSet, count: int) -> Tensor:
    clear = to_float(_none(0.0, seed, data, count))
    smooth = F.avg_pool2d(F.pad(clear, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return to_uint8(torch.lerp(clear, smooth, share))


def _noise(level: float, seed: int, data: DataSet, count: int) -> Tensor:
    clear = to_float(_none(0.0, seed, data, count))
    random = keyed_generator(seed, "truth-images/noise")
    return to_uint8(clear + level / 127.5 * torch.randn(clear.shape, generator=random))


LADDERS: dict[str, Callable[[float, int, DataSet, int], Tensor]] = {
    "none": _none,
    "random pixels": _random_pixels,
    "colours dropped": _colours_dropped,
    "modes dropped": _modes_dropped,
    "proportions": _proportions,
    "copies": _copies,
    "blur": _blur,
    "noise": _noise,
}

EXPERIMENT = Experiment(
    name="truth-images",
    summary="Which metric sees missing modes, wrong proportions, copies, blur and noise, and which does not?",
    source="exact precision and coverage on a known manifold after arXiv:1711.10337; the pictures are drawn here",
    reading="Left the rank correlation of each metric with the grade of each ladder, 1: it gets worse with every grade; pale: "
    "no more than between seeds. Right how many copies are found when noise hides them, by the size of the training set.",
    cost="short 20 s, full 2 min",
    scales={"short": Settings(count=200, train=400, seeds=(0,), floors=5, sizes=(400, 1000)), "full": Settings()},
    measure=measure,
)
