"""How a cell and whoever runs it speak with each other while it trains. Standard library only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


def _nothing(*anything: object) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Channel:
    """A cell's line to its runner.

    Attributes:
        progress: called with the steps done and the latest terms, a few times a second.
        evaluated: called with {"row": of `along` in the record, "metric": that the best weights are chosen by}.
        say: called with a sentence that the user should read.
        stopping: whether the cell is asked to save its state and end; asked between two steps.
    """

    progress: Callable[[int, Json], None] = _nothing
    evaluated: Callable[[Json], None] = _nothing
    say: Callable[[str], None] = _nothing
    stopping: Callable[[], bool] = _never


class PausedError(Exception):
    """The cell was asked to stop; its state is kept."""
