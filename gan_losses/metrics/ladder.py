"""Rows to read a distance by: what it is for images whose quality is known."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypedDict

import torch
from torch import Tensor

from gan_losses.metrics.copies import LIMIT
from gan_losses.metrics.measure import Fakes
from gan_losses.metrics.quality import QualityMeter
from gan_losses.metrics.real import Real, moments_of
from gan_losses.metrics.registry import METRICS, make_measures
from gan_losses.metrics.rows import chosen
from gan_losses.random import keyed_generator

SPLITS, SPLITS_IF_COSTLY = 20, 5
DRAWS, DRAWS_IF_COSTLY = 5, 2

Scores = dict[str, float]


class Row(TypedDict):
    """One step of the ladder: metric -> mean and standard deviation ("spread") over draws of `n` images a side."""

    name: str
    n: int
    metrics: dict[str, Scores]


def ladder(meter: QualityMeter, domain: str | None = None) -> list[Row]:
    """The metrics of `meter` for images of known quality, from best to worst.

    - "real against real": the floor. Validation and test images pooled and split at random into two halves of the test
      split's size, or as near to it as the pool allows; 20 splits.
    - "real without one class": each class in turn left out of one of those halves, which is filled up to the same n
      with training images of the other classes (they stay out of its copy_rate); over the classes. Only for data with
      several classes.
    - "copycat": training images against the test images; 5 draws. The distance alone cannot tell it from the floor.
    - "noise": uniform random pixels against the test images; 5 draws.

    Where features are costly there are 5 splits, and 2 draws of the last two. The draws are the same at every call. Metrics that say nothing
    of real images (class shares) or that take too long are left out. The untrained generator's row is the caller's to
    add.

    Args:
        meter: the data set and the extractor.
        domain: which images; may be left out if the data set has one domain only.
    """
    steps = _Ladder(meter, meter.collection.domain(domain))
    count = min(meter.count("test", domain), meter.count("train", domain))
    return [
        _row("real against real", steps.count, steps.real_against_real()),
        *(
            [_row("real without one class", steps.count, steps.without_one_class())]
            if len(meter.data.classes) > 1
            else []
        ),
        _row("copycat", count, steps.copycats(count)),
        _row("noise", count, steps.noises(count)),
    ]


class _Ladder:
    """The pool of validation and test images as features, with the training images behind it to fill up from."""

    def __init__(self, meter: QualityMeter, domain: str) -> None:
        self.collection, self.domain = meter.collection, domain
        self.names = [name for name in meter.asked if METRICS[name].ladder]
        costly = meter.extractor.costly
        self.splits, self.draws = (SPLITS_IF_COSTLY, DRAWS_IF_COSTLY) if costly else (SPLITS, DRAWS)
        pool = [meter.images(split, domain) for split in ("validation", "test")]
        self.size = sum(map(len, pool))
        self.count = min(len(pool[1]), self.size // 2)
        self.features = torch.cat([meter.features(split, domain) for split in ("validation", "test")])
        known = chosen(self.size, 2 * LIMIT, "ladder/copies")
        self.nearest = torch.full((self.size,), torch.nan)  # NaN of those that were not drawn
        self.nearest[known] = meter.copies(domain).nearest(torch.cat(pool)[known])

    def real_against_real(self) -> Iterator[Scores]:
        for number in range(self.splits):
            order = self._order(number)
            yield self._compare(order[: self.count], order[self.count : 2 * self.count])

    def without_one_class(self) -> Iterator[Scores]:
        labels = torch.cat([self._labels(split) for split in ("validation", "test")])
        behind = self._labels("train")
        for number in range(len(self.collection.data.classes)):
            order = self._order(number)
            others = order[self.count :]
            others = others[labels[others] != number][: self.count]
            filling = (behind != number).nonzero().flatten()[: self.count - len(others)]
            yield self._compare(order[: self.count], others, self.collection.some("train", self.domain, filling))

    def copycats(self, count: int) -> Iterator[Scores]:
        train = self.collection.images("train", self.domain)
        for number in range(self.draws):
            order = torch.randperm(len(train), generator=keyed_generator(0, "ladder/copycat", number))[:count]
            rows = self.collection.some("train", self.domain, order)
            yield self._against_test(rows, train[order[:LIMIT]])

    def noises(self, count: int) -> Iterator[Scores]:
        shape = (count, *self.collection.images("test", self.domain).shape[1:])
        for number in range(self.draws):
            random = keyed_generator(0, "ladder/noise", number)
            noise = torch.randint(256, shape, dtype=torch.uint8, generator=random)
            yield self._against_test(self.collection.rows(noise), noise[:LIMIT])

    def _labels(self, split: str) -> Tensor:
        labels = self.collection.part(split).labels
        assert labels is not None
        return labels

    def _order(self, number: int) -> Tensor:
        return torch.randperm(self.size, generator=keyed_generator(0, "ladder/pool", number))

    def _compare(self, real: Tensor, fake: Tensor, filling: Tensor | None = None) -> Scores:
        """One part of the pool against another, with further features that are no news to the search for copies."""
        rows = self.features[fake] if filling is None else torch.cat([self.features[fake], filling])
        nearest = self.nearest[fake]
        kept = Fakes(len(rows), moments_of(rows), rows, nearest=nearest[~nearest.isnan()])
        return self._scores(Real(self.collection, "test", self.domain, self.features[real]), kept)

    def _against_test(self, rows: Tensor, images: Tensor) -> Scores:
        return self._scores(self._test, Fakes(len(rows), moments_of(rows), rows, images))

    @cached_property
    def _test(self) -> Real:
        return Real(self.collection, "test", self.domain)

    def _scores(self, real: Real, fakes: Fakes) -> Scores:
        measures = make_measures(self.names, real).values()
        return {name: value for measure in measures for name, value in zip(measure.names, measure(fakes), strict=True)}


def _row(name: str, count: int, draws: Iterable[Scores]) -> Row:
    columns = defaultdict(list)
    for scores in draws:
        for metric, value in scores.items():
            columns[metric].append(value)
    metrics = {
        metric: {"mean": statistics.fmean(values), "spread": statistics.stdev(values)}
        for metric, values in columns.items()
        if all(map(math.isfinite, values))  # else there are too few images for it
    }
    return {"name": name, "n": count, "metrics": metrics}
