"""Mean and covariance of feature vectors, taken in one pass."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

FOLD = 4096  # vectors that are multiplied at once: the same blocks however the vectors come


@dataclass(frozen=True)
class Moments:
    """Mean and unbiased covariance of n vectors, in float64.

    From `width` + 1 vectors on the covariance is kept; of fewer ones it is singular, and the vectors themselves say the
    same in less: they are kept as `factor`.

    Attributes:
        count: n.
        mean: (width,).
        full: the covariance (width, width), or None.
        factor: (n, width) with factorᵀ factor the covariance, or None.
    """

    count: int
    mean: Tensor
    full: Tensor | None = None
    factor: Tensor | None = None

    @cached_property
    def trace(self) -> Tensor:
        """The sum of the variances: a scalar."""
        if self.factor is None:
            return self.covariance.trace()
        rows = self.factor.flatten()
        return rows.dot(rows)

    @property
    def covariance(self) -> Tensor:
        """(width, width), of however few vectors."""
        if self.full is not None:
            return self.full
        assert self.factor is not None
        covariance: Tensor = self.factor.T @ self.factor
        return covariance

    @property
    def root(self) -> Tensor:
        """R (width, rank) with R Rᵀ the covariance."""
        return self._root[0]

    @property
    def triangular(self) -> bool:
        """Whether the root is lower triangular, as it is unless features depend on each other."""
        return self._root[1]

    @cached_property
    def _root(self) -> tuple[Tensor, bool]:
        root, failed = torch.linalg.cholesky_ex(self.covariance)
        if not failed:
            return root, True
        # Constant features (a ReLU that never fires) are usual, and stop Cholesky.
        values, vectors = torch.linalg.eigh(self.covariance)
        kept = values > values[-1] * len(values) * torch.finfo(values.dtype).eps
        return vectors[:, kept] * values[kept].sqrt(), False


class MomentStream:
    """Moments of vectors that come in chunks; memory does not grow with their number.

    The value is the same, bit for bit, however the vectors are cut into chunks.

    Args:
        width: the vectors' length.

    Example:
        >>> stream = MomentStream(1)
        >>> for chunk in torch.tensor([[1.0], [2.0], [6.0]]).split(2):
        ...     stream.update(chunk)
        >>> moments = stream.moments()
        >>> moments.count, moments.mean.item(), moments.covariance.item()
        (3, 3.0, 7.0)
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._folded: _Sums | None = None
        self._waiting: list[Tensor] = []

    @property
    def count(self) -> int:
        """How many vectors have come."""
        return (self._folded.count if self._folded else 0) + self._held

    def update(self, vectors: Tensor) -> None:
        """Take in (n, width) of any floating dtype and device."""
        for part in vectors.detach().cpu().split(FOLD):
            self._take(part.to(torch.float64, copy=True))

    def merge(self, other: "MomentStream") -> None:
        """Take in all that another stream of the same width has taken in."""
        if other._folded is not None:
            self._folded = _joined(self._folded, other._folded)
        for rows in other._waiting:
            self._take(rows)

    def moments(self) -> Moments:
        """Of all so far, at least 2; the stream goes on afterwards."""
        if self._folded is None and self.count <= self.width:
            rows = torch.cat(self._waiting)
            mean = rows.mean(dim=0)
            return Moments(self.count, mean, factor=(rows - mean) / math.sqrt(self.count - 1))
        sums = _joined(self._folded, _sums(torch.cat(self._waiting))) if self._held else self._folded
        assert sums is not None
        return Moments(sums.count, sums.mean, full=sums.scatter / (sums.count - 1))

    @property
    def _held(self) -> int:
        return sum(map(len, self._waiting))

    def _take(self, rows: Tensor) -> None:
        block = max(FOLD, self.width)  # fewer than `width` must not be folded: their factor would be lost
        self._waiting.append(rows)
        if self._held >= block:
            rows = torch.cat(self._waiting)
            self._folded = _joined(self._folded, _sums(rows[:block]))
            self._waiting = [rows[block:].clone()] if len(rows) > block else []


@dataclass(frozen=True)
class _Sums:
    """Mean (d,), and scatter (d, d): the sum of (x - mean)(x - mean)ᵀ."""

    count: int
    mean: Tensor
    scatter: Tensor


def _sums(rows: Tensor) -> _Sums:
    mean = rows.mean(dim=0)
    centred = rows - mean
    return _Sums(len(rows), mean, centred.T @ centred)


def _joined(first: _Sums | None, second: _Sums) -> _Sums:
    """Of both together; by differences of means, because sums of squares would lose digits far from 0."""
    if first is None:
        return second
    count, step = first.count + second.count, second.mean - first.mean
    between = torch.outer(step, step) * (first.count * second.count / count)
    return _Sums(count, first.mean + step * (second.count / count), first.scatter + second.scatter + between)
