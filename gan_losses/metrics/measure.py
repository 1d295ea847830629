"""What a metric is: made from the real images, then asked about one collection of fakes after another."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from gan_losses.metrics.moments import Moments
from gan_losses.metrics.real import Real


@dataclass(frozen=True)
class Fakes:
    """What is kept of fakes: as much as the metrics need that are to be measured, None of the rest.

    Attributes:
        count: how many there are, at least 2.
        moments: of their features.
        rows: their features, float32 (count, num_features), in memory or on disk.
        images: uint8 (n, C, H, W), all or, of many, `copies.LIMIT` drawn by key.
        nearest: the distances of such a part to their nearest training images, where they are known already.
    """

    count: int
    moments: Moments | None = None
    rows: Tensor | None = None
    images: Tensor | None = None
    nearest: Tensor | None = None


class Measure(ABC):
    """One metric, or a few that share their work, against one set of real images.

    Making one is cheap: what it needs of the real images is computed when first used, and kept.

    Attributes:
        needs: which fields of `Fakes` it reads.

    Args:
        real: what fakes are compared with.

    Raises:
        UsageError: if it cannot be measured with this extractor or these data.
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, real: Real) -> None:
        self.real = real

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of its values in the record, `fid[digits]`."""

    @abstractmethod
    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """Its values for these fakes, in the order of `names`; NaN where there are too few."""

    def settings(self, fakes: int) -> Mapping[str, object]:
        """What else its values depend on when so many fakes are measured, for the passport: name -> value."""
        return {}


def rows_of(fakes: Fakes) -> Tensor:
    """The features of fakes of which they were kept."""
    assert fakes.rows is not None, "a metric that reads rows has to say so in `needs`"
    return fakes.rows
