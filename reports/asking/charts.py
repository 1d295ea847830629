"""Curves as lines of text: a row of blocks, or of ASCII marks, with the ends and the range in numbers."""

from collections.abc import Sequence
from itertools import pairwise
from math import log
from statistics import fmean

from reports.asking.tracks import Track
from reports.asking.words import columns, count, knows
from reports.text import number

BLOCKS = "▁▂▃▄▅▆▇█"
MARKS = "_.-~=+*#"  # as many, where the terminal has no blocks
GAP = "x"
WIDE = 40
HEADER = ["curve", "over the steps", "first", "last", "least", "most", "steps", "unit"]


def chart(track: Track, levels: str = BLOCKS, wide: int = WIDE) -> str:
    """The values as a row of letters, the least at the lowest level and the most at the highest.

    Where there are more than `wide` values, neighbours share a letter that stands for their mean. A value that was
    not finite is an x; a curve that never moves is drawn at half height.

    Example:
        >>> chart(Track("signal", "", (1, 2, 3, 4), (0.0, 3.5, None, 7.0)))
        '▁▅x█'
        >>> chart(Track("signal", "", tuple(range(6)), (0.0, 0.0, 1.0, 1.0, 7.0, 7.0)), MARKS, 3)
        '_.#'
    """
    scaled = [log(value) if value and _as_log(track) else value for value in track.values]
    values = [_mean(part) for part in _parts(scaled, wide)]
    known = [value for value in values if value is not None]
    if not known:
        return GAP * len(values)
    low, top = min(known), max(known)
    return "".join(GAP if value is None else levels[_level(value, low, top, len(levels))] for value in values)


def charts(tracks: Sequence[Track], encoding: str | None) -> str:
    """A table of the curves, a line each.

    Args:
        tracks: with at least one value each.
        encoding: of the output: blocks where it has them, `MARKS` otherwise.
    """
    levels = BLOCKS if knows(encoding, BLOCKS) else MARKS
    return columns([HEADER, *([track.name, chart(track, levels), *_numbers(track)] for track in tracks)])


def _numbers(track: Track) -> list[str]:
    known = [value for value in track.values if value is not None]
    ends = [track.values[0], track.values[-1], min(known), max(known)]
    first, last = (count(track.steps[place]) for place in (0, -1))
    return [
        *map(number, ends),
        f"{first} to {last}",
        f"{track.label}{', drawn as its logarithm' if _as_log(track) else ''}",
    ]


def _as_log(track: Track) -> bool:
    return track.logarithmic and all(value is None or value > 0 for value in track.values)


def _parts(values: Sequence[float | None], wide: int) -> list[Sequence[float | None]]:
    """At most `wide` runs of neighbours, as equal in length as can be."""
    many = min(wide, len(values))
    edges = [place * len(values) // many for place in range(many + 1)] if many else []
    return [values[start:end] for start, end in pairwise(edges)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _level(value: float, low: float, top: float, levels: int) -> int:
    """Halves first: the difference of the ends may be too large for a float."""
    if top == low:
        return levels // 2
    share = (value / 2 - low / 2) / (top / 2 - low / 2)
    return min(levels - 1, int(share * levels))
