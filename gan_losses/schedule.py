"""Learning rates over a training."""

from collections.abc import Callable

SCHEDULES: dict[str, Callable[[float], float]] = {
    "none": lambda done: 1.0,
    # CycleGAN's (arXiv:1703.10593): constant for the first half, then linearly towards 0.
    "linear": lambda done: min(1.0, 2 * (1 - done)),
    # The SNGAN line's (arXiv:1802.05957): linearly towards 0 from the start.
    "decay": lambda done: 1 - done,
}


def rate_factor(schedule: str, index: int, steps: int) -> float:
    """What the learning rate is multiplied by at step `index` (counted from 0) of `steps`.

    Args:
        schedule: a name in `SCHEDULES`.
        index: the step.
        steps: of the whole training.

    Example:
        >>> [rate_factor("linear", index, 10) for index in (0, 5, 6, 9)]
        [1.0, 1.0, 0.8, 0.2]
    """
    return round(SCHEDULES[schedule](index / steps), 12)
