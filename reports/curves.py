"""The log points of a cell as arrays, a column per statistic: as dictionaries those of a large run would fill the memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from math import isfinite
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
Path = tuple[str, ...]
NESTED = ("saturation", "layers")  # what has a name for each network, and below it one for each value
MOST, LARGEST = 10_000, 1e15  # bins, and numbers of a histogram, in whatever a file says


@dataclass(frozen=True)
class Layout:
    """What the columns are; cells that were recorded alike share one.

    Attributes:
        paths: into a log point, of each column, in the order in which they come.
        networks: that each of `NESTED` has, those without a value too.
        domains: that have histograms.
    """

    paths: tuple[Path, ...]
    networks: tuple[tuple[str, ...], ...]
    domains: tuple[str, ...]

    @cached_property
    def places(self) -> dict[Path, int]:
        """The column of each path."""
        return {path: place for place, path in enumerate(self.paths)}

    def below(self, *head: str) -> list[str]:
        """The names that stand below the beginning of a path."""
        return [path[-1] for path in self.paths if path[:-1] == head]


@lru_cache(maxsize=4096)
def _layout(paths: tuple[Path, ...], networks: tuple[tuple[str, ...], ...], domains: tuple[str, ...]) -> Layout:
    """One object for all that are equal."""
    return Layout(paths, networks, domains)


@dataclass(frozen=True, eq=False)
class Bins:
    """Histograms of one kind that have the same bins.

    Attributes:
        low: log₁₀ of the border below which the first count lies.
        width: of the bins between the first count and the last, in decades.
        rows: (n,) the log points that have them.
        counts: (n, bins + 2).
    """

    low: float
    width: float
    rows: NDArray[np.int64]
    counts: NDArray[np.unsignedinteger[Any]] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """The log points of a cell, in order; true if there are any.

    Attributes:
        steps: (n,) of each.
        values: (n, columns), NaN where there is no number.
        layout: what the columns are.
        absent: (n, columns) where a log point does not even have the name; None for nowhere.
        histograms: by domain and kind.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    layout: Layout
    absent: NDArray[np.bool_] | None
    histograms: Mapping[tuple[str, str], Sequence[Bins]]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def terms(self) -> list[str]:
        """The names of the objective's terms."""
        return self.layout.below("terms")

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that have statistics of saturation."""
        return self.layout.networks[0]

    @property
    def layered(self) -> tuple[str, ...]:
        """The networks that have gradient norms by layer."""
        return self.layout.networks[1]

    def column(self, *path: str) -> NDArray[np.float64] | None:
        """(n,) the values of a path, NaN where there is none; None where no log point knows it."""
        place = self.layout.places.get(path)
        return None if place is None else self.values[:, place]

    def points(self, *path: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(steps, values) of a path, without those that have no value; of a step that stands twice the last."""
        column = self.column(*path)
        if column is None:
            return self.steps[:0], np.empty(0)
        steps, values = (self.steps, column) if self._last is None else (self.steps[self._last], column[self._last])
        there = ~np.isnan(values)
        return (steps, values) if there.all() else (steps[there], values[there])

    @cached_property
    def _last(self) -> NDArray[np.int64] | None:
        """The last log point of each step; None where the steps rise."""
        if (np.diff(self.steps) > 0).all():
            return None
        return np.array(list({step: place for place, step in enumerate(self.steps.tolist())}.values()))

    def known(self, *path: str) -> dict[int, float | None]:
        """The value of each step at which the path's name stands, None where it has no number."""
        place = self.layout.places.get(path)
        if place is None:
            return {}
        there = np.ones(len(self), dtype=bool) if self.absent is None else ~self.absent[:, place]
        pairs = zip(self.steps[there].tolist(), self.values[there, place].tolist(), strict=True)
        return {step: value if value == value else None for step, value in pairs}


def curves_of(rows: Sequence[Json]) -> Curves:
    """Log points as they stand in a file; what is no number counts as none.

    Example:
        >>> found = curves_of([{"step": 5, "terms": {"a": 1.5}}, {"step": 10, "terms": {"a": 2.5, "b": None}}])
        >>> found.steps.tolist(), found.terms, found.column("terms", "a").tolist(), found.known("terms", "b")
        ([5, 10], ['a', 'b'], [1.5, 2.5], {10: None})
    """
    flat = [_flat(row) for row in rows]
    paths = tuple(flat[0]) if flat else ()
    uneven = any(tuple(row) != paths for row in flat)
    if uneven:
        paths = tuple(dict.fromkeys(path for row in flat for path in row))
    values = [[_number(row.get(path)) for path in paths] if uneven else [*map(_number, row.values())] for row in flat]
    absent = np.array([[path not in row for path in paths] for row in flat], dtype=bool) if uneven else None
    networks = tuple(
        tuple(dict.fromkeys(name for row in rows for name in _dict(row.get(section)))) for section in NESTED
    )
    histograms = [_dict(row.get("histograms")) for row in rows]
    domains = tuple(dict.fromkeys(name for found in histograms for name in found))
    return Curves(
        np.array([row["step"] for row in rows], dtype=np.int64),
        np.array(values, dtype=float).reshape(len(rows), len(paths)),
        _layout(paths, networks, domains),
        absent,
        {key: bins for key, found in _grouped(histograms).items() if (bins := list(_bins(found)))},
    )


def _flat(row: Json) -> dict[Path, Any]:
    """Path -> value of all that has a column."""
    found: dict[Path, Any] = {("terms", name): value for name, value in _dict(row.get("terms")).items()}
    for section in NESTED:
        for network, values in _dict(row.get(section)).items():
            for name, value in _dict(values).items():
                found[section, network, name] = value
    return found


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _grouped(histograms: Sequence[Json]) -> dict[tuple[str, str], list[tuple[int, Any]]]:
    """By domain and kind, the number of each log point and what it has."""
    found: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for place, domains in enumerate(histograms):
        for domain, kinds in domains.items():
            for kind, histogram in _dict(kinds).items():
                found.setdefault((domain, kind), []).append((place, _dict(histogram)))
    return found


def _bins(found: Sequence[tuple[int, Json]]) -> Iterator[Bins]:
    """Neighbours that have the same bins as one; what is no histogram is left out."""
    kept = [(place, each) for place, each in found if _is_histogram(each)]
    for (low, width, _), group in groupby(
        kept, lambda pair: (pair[1]["low"], pair[1]["width"], len(pair[1]["counts"]))
    ):
        places, each = zip(*group, strict=True)
        counts = np.array([one["counts"] for one in each])
        if counts.dtype.kind in "iu":
            counts = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
        yield Bins(float(low), float(width), np.array(places), counts)


def _is_histogram(found: Json) -> bool:
    low, width, counts = (found.get(name) for name in ("low", "width", "counts"))
    return _is_finite(low) and _is_finite(width) and width > 0 and _is_counts(counts)


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) < LARGEST and isfinite(value)


def _is_counts(counts: Any) -> bool:
    if not isinstance(counts, list) or not 3 <= len(counts) <= MOST:
        return False
    if {int}.issuperset(map(type, counts)):  # as they are recorded; thousands of them are seen at a glance
        return bool(min(counts) >= 0 and max(counts) < LARGEST)
    return all(_is_finite(count) and count >= 0 for count in counts)


NO_CURVES = curves_of(())
