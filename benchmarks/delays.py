"""The clock of phases with delays of known length, for examinations of what is measured with it."""

import time
from collections.abc import Callable

import torch

from gan_losses.timing import PhaseClock


class DelayedClock:
    """The clock of phases, and delays of known length that an examination of the measurement asks for.

    Attributes:
        delays: phase -> seconds by which it is longer, once in every step.
    """

    def __init__(self, device: torch.device) -> None:
        self.delays: dict[str, float] = {}
        self._clock, self._due = PhaseClock(device), dict[str, float]()
        self._wait = _device_wait() if device.type == "cuda" else _busy_wait

    def __call__(self, phase: str) -> None:
        """Begin `phase`."""
        self._clock(phase)
        if seconds := self._due.pop(phase, 0.0):
            self._wait(seconds)

    def begin(self) -> None:
        """Begin a step."""
        self._due = dict(self.delays)

    def end(self) -> dict[str, float]:
        """End the step: phase (and "step") -> seconds."""
        self._clock.finish()
        taken = self._clock.device_time or self._clock.wall
        seconds = {phase: samples[-1] for phase, samples in taken.items()}
        self._clock.wall.clear()
        self._clock.device_time.clear()
        return seconds


def _busy_wait(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def _device_wait() -> Callable[[float], None]:
    """A wait of the device itself: one of the processor would vanish behind the work that is queued."""
    cycles = 10**8
    for _ in range(2):  # the first one finds the device asleep
        first, second = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        torch.cuda._sleep(cycles)
        second.record()
        second.synchronize()
    rate = cycles / (first.elapsed_time(second) / 1e3)
    return lambda seconds: torch.cuda._sleep(int(seconds * rate))
