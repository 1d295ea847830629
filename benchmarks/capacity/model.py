"""From what was measured to what is to be expected: where the first bottleneck is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Json = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """y = start + each · n.

    Attributes:
        start: at n = 0.
        each: more with every n.
        worst: the largest relative error of a point that it was fitted to.
    """

    start: float
    each: float
    worst: float

    def at(self, n: float) -> float:
        """Its value.

        Example:
            >>> Line(2.0, 0.5, 0.0).at(10)
            7.0
        """
        return self.start + self.each * n

    def reaches(self, limit: float) -> float:
        """The n at which it is at the limit; infinite where it never is."""
        return (limit - self.start) / self.each if self.each > 0 else float("inf")


def fit(points: Mapping[int, float]) -> Line:
    """The line with the least squares of relative errors, so that small n count as much as large ones.

    Args:
        points: n -> y, of two or more n, y above 0.

    Example:
        >>> line = fit({10: 3.0, 100: 12.0, 1000: 102.0})
        >>> round(line.start, 6), round(line.each, 6)
        (2.0, 0.1)
    """
    counts, values = (np.array(part, dtype=float) for part in (list(points), list(points.values())))
    design = np.stack([1 / values, counts / values], axis=1)
    start, each = np.linalg.lstsq(design, np.ones(len(values)), rcond=None)[0]
    errors = np.abs((start + each * counts) / values - 1)
    return Line(float(start), float(each), float(errors.max()))


@dataclass(frozen=True)
class Limit:
    """Something that runs out.

    Attributes:
        what: in words.
        cells: of a suite, at which it does; infinite if never.
        why: the figures behind it.
    """

    what: str
    cells: float
    why: str


def limits(report: Json, store: float, overhead: float, news: float, rate: float) -> list[Limit]:
    """What runs out as a suite grows, the first one first.

    Args:
        report: records -> {"seconds", "peak_bytes", "page_bytes"}.
        store: bytes that a cell leaves on the disk.
        overhead: seconds of a worker beside each cell.
        news: that a run can take in, a second.
        rate: news of a cell, a second.
    """
    counts = sorted(int(count) for count in report)
    seconds, memory, page = (
        fit({count: float(report[str(count)][name]) for count in counts})
        for name in ("seconds", "peak_bytes", "page_bytes")
    )
    found = [
        Limit(
            "a report in a minute", seconds.reaches(60), f"{seconds.start:.1f} s + {1e3 * seconds.each:.1f} ms a record"
        ),
        Limit(
            "a report within 4 GB",
            memory.reaches(4e9),
            f"{memory.start / 1e6:.0f} MB + {memory.each / 1e3:.0f} kB a record",
        ),
        Limit(
            "a page within 50 MB", page.reaches(50e6), f"{page.start / 1e6:.1f} MB + {page.each / 1e3:.1f} kB a record"
        ),
        Limit("a disk of 100 GB", 100e9 / store, f"{store / 1e3:.0f} kB a cell"),
        Limit("an hour of a worker spent beside the cells", 3600 / overhead, f"{overhead:.2f} s a cell"),
    ]
    at_work = Limit("cells at work at a time", news / rate, f"{news:.0f} news a second, at most {rate:g} of each cell")
    return [*sorted(found, key=lambda limit: limit.cells), at_work]


def spread(values: Sequence[float]) -> list[float]:
    """Median, least and most.

    Example:
        >>> spread([3.0, 1.0, 2.0])
        [2.0, 1.0, 3.0]
    """
    return [float(np.median(values)), float(min(values)), float(max(values))]
