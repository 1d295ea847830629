"""Which faults hit which folder."""

from collections.abc import Sequence
from itertools import cycle, islice
from random import Random

from tests.faults.kinds import KINDS

FEWEST, MOST = 3, 6


def plan(kinds: Sequence[str], rounds: int, random: Random) -> list[list[str]]:
    """Deal the kinds, all equally often, to series of 3 to 6; one that completes its run stands last and alone.

    Example:
        >>> series = plan(["kill_all", "two_runners"], 10, Random(0))
        >>> sum(map(len, series))
        10
        >>> all("two_runners" not in one[:-1] for one in series)
        True
    """
    dealt = list(islice(cycle(kinds), rounds))
    random.shuffle(dealt)
    last = [kind for kind in dealt if KINDS[kind].completes]
    others = [kind for kind in dealt if not KINDS[kind].completes]
    series: list[list[str]] = []
    while others or last:
        size = random.randint(FEWEST, MOST)
        ending = [last.pop()] if last else []
        taken, others = others[: size - len(ending)], others[size - len(ending) :]
        series.append(taken + ending)
    return series
