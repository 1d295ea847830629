"""Wall-clock and device time of a step, split by phase. Nothing here waits for the device inside a step."""

import time
from collections import defaultdict

import torch

PHASES = ("data", "discriminator", "penalty", "generator", "optimisers")


class PhaseClock:
    """Called with a phase's name where it begins; the time until the next call is that phase's.

    `data`: the batch and its latents. `generator`: all work of the generator, the fakes of the discriminator's phase
    included. `discriminator`: its forward passes and the one backward pass of the summed objective. `penalty`: its forward
    pass with the inner gradient. `optimisers`: updates, clipping, clearing of gradients. The phases add up to the step.

    On CUDA the wall time of a phase is the time to launch it, and the last one's holds the wait for the device: there read
    the phases by events.

    Args:
        device: on CUDA, events are recorded beside the wall clock, and read by `finish`, which waits for the device.

    Attributes:
        wall: phase (and "step") -> seconds of each step.
        device_time: the same by CUDA events; empty elsewhere.

    Example:
        >>> clock = PhaseClock(torch.device("cpu"))
        >>> clock("data"), clock("generator"), clock.finish()
        (None, None, None)
        >>> sorted(clock.wall), len(clock.wall["step"])
        (['data', 'generator', 'step'], 1)
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.device_time: dict[str, list[float]] = defaultdict(list)
        self._marks: list[tuple[str, float, torch.cuda.Event | None]] = []

    def __call__(self, phase: str) -> None:
        """Begin `phase`."""
        self._marks.append((phase, time.perf_counter(), self._event()))

    def finish(self) -> None:
        """End the step: wait for the device and add one sample per phase."""
        end = self._event()
        if end is not None:
            end.synchronize()
        elif self.device.type == "mps":
            torch.mps.synchronize()
        self._marks.append(("", time.perf_counter(), end))
        wall: dict[str, float] = defaultdict(float)
        device_time: dict[str, float] = defaultdict(float)
        for (phase, begin, first), (_, finish, second) in zip(self._marks, self._marks[1:], strict=False):
            for name in (phase, "step"):
                wall[name] += finish - begin
                if first is not None and second is not None:
                    device_time[name] += first.elapsed_time(second) / 1e3
        for name, seconds in wall.items():
            self.wall[name].append(seconds)
        for name, seconds in device_time.items():
            self.device_time[name].append(seconds)
        self._marks.clear()

    def _event(self) -> "torch.cuda.Event | None":
        if self.device.type != "cuda":
            return None
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def no_clock(phase: str) -> None:
    """Stands in for a clock where nothing is timed."""
