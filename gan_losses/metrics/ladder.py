"""Rows to read a distance by: what it is for images whose quality is known."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypedDict

import torch
from torch import Tensor

from gan_losses.data.base import to_float
from gan_losses.metrics.distances import Distances
from gan_losses.metrics.quality import QualityMeter
from gan_losses.random import keyed_generator

POOL = ("validation", "test", "train")
SPLITS = 20
DRAWS = 5

Scores = dict[str, float]


class Row(TypedDict):
    """One step of the ladder: metric -> mean and standard deviation ("spread") over draws of `n` images a side."""

    name: str
    n: int
    metrics: dict[str, Scores]


def ladder(meter: QualityMeter, domain: str | None = None) -> list[Row]:
    """The metrics of `meter` (without class shares) for images of known quality, from best to worst.

    - "real against real": the floor. Validation and test images pooled and split at random into two halves of the test
      split's size, or as near to it as the pool allows; 20 splits.
    - "real without one class": each class in turn left out of one of those halves, which is filled up to the same n
      with training images of the other classes (they stay out of its copy_rate); over the classes. Only for data with
      classes.
    - "copycat": training images against the test images; 5 draws. The distance alone cannot tell it from the floor.
    - "noise": uniform random pixels against the test images; 5 draws.

    The draws are the same at every call. The untrained generator's row is the caller's to add.

    Args:
        meter: the data set and the extractor.
        domain: which images; may be left out if the data set has one domain only.
    """
    pool = _Pool(meter, domain)
    count = min(meter.count("test", domain), meter.count("train", domain))
    return [
        _row("real against real", pool.count, pool.real_against_real()),
        *([_row("real without one class", pool.count, pool.without_one_class())] if meter.data.classes else []),
        _row("copycat", count, (_score(meter, fakes, domain) for fakes in _copycats(meter, domain, count))),
        _row("noise", count, (_score(meter, fakes, domain) for fakes in _noises(meter, domain, count))),
    ]


class _Pool:
    """Validation and test images as features, with the training images behind them to fill up from."""

    def __init__(self, meter: QualityMeter, domain: str | None) -> None:
        self.meter, self.copies = meter, meter.copies(domain)
        self.features = torch.cat([meter.features(split, domain) for split in POOL])
        self.nearest = self.copies.nearest(torch.cat([meter.images(split, domain) for split in POOL]))
        self.size = meter.count("validation", domain) + meter.count("test", domain)
        self.count = min(meter.count("test", domain), self.size // 2)

    def real_against_real(self) -> Iterator[Scores]:
        for number in range(SPLITS):
            order = self._order(number)
            yield self._compare(order[: self.count], order[self.count : 2 * self.count])

    def without_one_class(self) -> Iterator[Scores]:
        data = self.meter.data
        labels = torch.cat(
            [part.labels for part in (data.validation, data.test, data.train) if part.labels is not None]
        )
        for number in range(len(data.classes)):
            order = self._order(number)
            candidates = torch.cat([order[self.count :], torch.arange(self.size, len(labels))])
            others = candidates[labels[candidates] != number]
            yield self._compare(order[: self.count], others[: self.count])

    def _order(self, number: int) -> Tensor:
        return torch.randperm(self.size, generator=keyed_generator(0, "ladder/pool", number))

    def _compare(self, real: Tensor, fake: Tensor) -> Scores:
        unseen = fake[fake < self.size]
        values = [*Distances(self.features[real])(self.features[fake]), self.copies.rate_of(self.nearest[unseen])]
        return dict(zip(self.meter.metrics, values, strict=True))


def _copycats(meter: QualityMeter, domain: str | None, count: int) -> Iterator[Tensor]:
    train = meter.images("train", domain)
    for number in range(DRAWS):
        order = torch.randperm(len(train), generator=keyed_generator(0, "ladder/copycat", number))
        yield train[order[:count]]


def _noises(meter: QualityMeter, domain: str | None, count: int) -> Iterator[Tensor]:
    shape = (count, *meter.images("test", domain).shape[1:])
    for number in range(DRAWS):
        yield torch.randint(256, shape, dtype=torch.uint8, generator=keyed_generator(0, "ladder/noise", number))


def _score(meter: QualityMeter, images: Tensor, domain: str | None) -> Scores:
    scores = meter.score("test", to_float(images), domain)
    return {metric: scores[metric] for metric in meter.metrics}


def _row(name: str, count: int, draws: Iterable[Scores]) -> Row:
    columns = defaultdict(list)
    for scores in draws:
        for metric, value in scores.items():
            columns[metric].append(value)
    metrics = {
        metric: {"mean": statistics.fmean(values), "spread": statistics.stdev(values)}
        for metric, values in columns.items()
    }
    return {"name": name, "n": count, "metrics": metrics}
