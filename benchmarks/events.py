"""What a run gives to the processes of its cells, and what they tell. Loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.plan import Cell
from gan_losses.metrics import Place


@dataclass(frozen=True)
class Work:
    """What every cell of a run shares.

    Attributes:
        out: the output folder.
        stores: the folder of each data set, by its name.
        commit: of the checkout, for the records.
        threads: of each process.
        place: where the features' weights are and what is kept of real images.
        every: seconds from one checkpoint of a cell to the next.
    """

    out: Path
    stores: Mapping[str, Path]
    commit: str | None
    threads: int = 1
    place: Place = field(default_factory=Place)
    every: float = 0.0


@dataclass(frozen=True)
class Event:
    """News of a cell.

    Attributes:
        kind: `progress` (detail: terms), `evaluated` (as `Channel` says), `said` (a sentence), `taken` (who trains it),
            `paused` (it is gone on with later); and the last of a cell: `ended` (its status), `died` (the reason) or
            `stopped` (what is wrong with the disk).
        cell: whose.
        step: the last one trained.
        detail: what the kind says.
    """

    kind: str
    cell: Cell
    step: int = 0
    detail: Any = None


LAST = ("ended", "died", "stopped")
FAREWELLS = ("ended", "stopped", "paused", "taken")  # after which a process only has to go
