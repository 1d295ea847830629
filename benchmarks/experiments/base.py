"""What an experiment is: a measurement with a known answer, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.experiments.workplace import Workplace

Json = dict[str, Any]
SHORT, FULL, LONG = "short", "full", "long"


@dataclass(frozen=True)
class Check:
    """A published or derived figure beside ours.

    Attributes:
        what: is compared, in a few words ("minimax: decades lost").
        published: the figure with where it stands ("5 decades in the best case, arXiv:1701.04862 figure 2"); "derived"
            where theory gives it.
        ours: what was measured; None where nothing could be.
        low, high: the band that `ours` has to lie in; None where that side is open.
        required: whether a miss fails the experiment; False for what is reported only.
        note: an honest word, where ours and the published differ for a reason.

    Example:
        >>> Check("decades lost", "up to 5, arXiv:1701.04862", 3.4, low=3.0).met
        True
        >>> Check("decades lost", "up to 5, arXiv:1701.04862", None, low=3.0).met
        False
    """

    what: str
    published: str
    ours: float | None
    low: float | None = None
    high: float | None = None
    required: bool = True
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether ours is a finite number within the band."""
        if self.ours is None or not isfinite(self.ours):
            return False
        above = self.low is None or self.ours >= self.low
        return above and (self.high is None or self.ours <= self.high)

    def as_json(self) -> Json:
        """For the record."""
        ours = self.ours if self.ours is not None and isfinite(self.ours) else None
        return {**asdict(self), "ours": ours, "met": self.met}


@dataclass(frozen=True)
class Result:
    """What an experiment found.

    Attributes:
        rows: the table, one flat dict per row, all with the same keys; numbers stay numbers.
        checks: the published figures beside ours.
        shown: what the figure draws, in plain numbers, strings, lists and dicts.
    """

    rows: list[Json]
    checks: list[Check]
    shown: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """One entry of the registry.

    Attributes:
        name: on the command line; its file's name with hyphens.
        summary: one line for `--list`: the question.
        source: where the known answer stands, with the arXiv id.
        reading: how to read its figure, one or two sentences.
        cost: what its scales take on 2 cores, in words ("short 5 s, full 3 min").
        scales: "short" (seconds; for the tests), "full" (what the command runs) and perhaps "long" (a GPU, or a night) ->
            the experiment's settings, a frozen dataclass.
        measure: the settings and where to work -> the result.
    """

    name: str
    summary: str
    source: str
    reading: str
    cost: str
    scales: Mapping[str, Any]
    measure: Callable[[Any, "Workplace"], Result]
