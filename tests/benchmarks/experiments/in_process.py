"""A workplace whose pieces need no process of their own: quick, for what does not test the workplace."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.experiments.workplace import Workplace


class InProcess(Workplace):
    def map(self, function: Callable[..., dict[str, Any]], pieces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [function(**piece) for piece in pieces]
