"""Two steps in one process, in turns, with the turns thrown away in which other programs took part of the machine."""

import statistics
import time
from collections.abc import Callable, Iterator

import torch

from benchmarks.contention import ATTEMPTS, LIMIT, Contention

Step = Callable[[int], object]


class Pair:
    """The ratio of two steps' times, turn by turn.

    Args:
        first: called with the number of the step; its time is the ratio's denominator.
        second: likewise, the numerator.
        steps: of each in a turn, one after the other in turns of their own (A B, then B A).
        warmup: steps of each before anything is timed.

    Attributes:
        rejected: turns thrown away.
    """

    def __init__(self, first: Step, second: Step, steps: int, warmup: int) -> None:
        self._steps, self._count, self._done = (first, second), steps, warmup
        self.rejected = 0
        for index in range(warmup):
            first(index)
            second(index)

    def ratios(self, turns: int) -> Iterator[float]:
        """Second over first, one for each turn; the least disturbed one where quiet ones are too few."""
        attempts, least = ATTEMPTS * turns, (1.0, 1.0)
        while turns:
            attempts -= 1
            with Contention(threads=torch.get_num_threads()) as contention:
                ratio = self._turn()
            disturbance = contention.share or 0.0
            if disturbance <= LIMIT or attempts < turns:
                yield ratio if disturbance <= LIMIT else min(least, (disturbance, ratio))[1]
                turns -= 1
                least = (1.0, 1.0)
            else:
                self.rejected += 1
                least = min(least, (disturbance, ratio))

    def _turn(self) -> float:
        taken = [0.0, 0.0]
        for index in range(self._done, self._done + self._count):
            for place in (0, 1) if index % 2 else (1, 0):
                began = time.perf_counter()
                self._steps[place](index)
                taken[place] += time.perf_counter() - began
        self._done += self._count
        return taken[1] / taken[0]


def spread(ratios: list[float]) -> str:
    """Median and quartiles in words.

    Example:
        >>> spread([1.0, 1.1, 1.2, 1.3])
        '1.150 (quartiles 1.025 … 1.275)'
    """
    middle = statistics.median(ratios)
    if len(ratios) < 4:
        return f"{middle:.3f}"
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} (quartiles {low:.3f} … {high:.3f})"
