"""What a run gives to the processes of its cells, and what they tell. Loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.plan import Cell


@dataclass(frozen=True)
class Work:
    """What every cell of a run shares.

    Attributes:
        out: the output folder.
        stores: the folder of each data set, by its name.
        commit: of the checkout, for the records.
        threads: of each process.
        place: the fields of the `gan_losses.metrics.Place` that says where the features' weights are and what is kept of
            real images.
        every: seconds from one checkpoint of a cell to the next.
        moved: the user's own files, as their places are spelled -> where they lie on the machine of the cell.
        roots: folders there from which the user's own modules are imported.
        variables: of the environment of the cell's process, set before torch sees any device.
    """

    out: Path
    stores: Mapping[str, Path]
    commit: str | None
    threads: int = 1
    place: Mapping[str, Any] = field(default_factory=dict)
    every: float = 0.0
    moved: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


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
