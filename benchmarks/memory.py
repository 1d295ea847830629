"""The most memory that a step holds at once: ours beside the textbook's, on the same networks."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.step_cases import step_case
from benchmarks.step_worker import batches_of, build, recipe_of, task_of
from benchmarks.yardsticks import YARDSTICKS

STEPS = 3  # from the first, which makes gradients and the optimisers' state


@dataclass(frozen=True)
class Peaks:
    """The most bytes alive at once in the first steps of a training, beyond networks and stored images.

    Attributes:
        textbook: of the plain step.
        ours: of this suite's.
    """

    textbook: int
    ours: int


def peak_live_bytes(step: Callable[[], object], device: torch.device | None = None) -> int:
    """The most bytes of tensors alive at once while `step` runs, of those that it allocates.

    On the CPU every allocation of torch's allocator counts (by the profiler's memory events; scratch memory that a library
    allocates by itself is not among them); on CUDA it is `torch.cuda.max_memory_allocated` less what is held at the start.

    Args:
        step: what is measured. On the CPU freeing what it has not allocated does not count.
        device: where its tensors live; None is the CPU.

    Example:
        >>> peak_live_bytes(lambda: [torch.empty(1000).sum() for _ in range(2)]) // 4000  # one at a time
        1
    """
    if device is not None and device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        start = torch.cuda.memory_allocated(device)
        step()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - start
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = step()
    del result  # alive until the last event was recorded
    assert profiler.profiler is not None
    assert profiler.profiler.kineto_results is not None
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


def compare(
    task: str, loss: str, sizes: Mapping[str, Any] | None = None, batch_size: int | None = None, device: str = "cpu"
) -> Peaks:
    """Both peaks, under the yardstick's recipe.

    Args:
        task: a name in `YARDSTICKS`.
        loss: a registered name, or one with penalties ("bce+r1").
        sizes: the task's settings, and `discriminator_norm` or `n_critic`; the yardstick's where left out.
        batch_size: images per update; None is the yardstick's.
        device: "cpu" or "cuda".

    Raises:
        UsageError: no such loss, or sizes that cannot be.
    """
    yardstick = YARDSTICKS[task]
    settings = {"channels": yardstick.channels, **yardstick.settings, **(sizes or {})}
    size = batch_size or yardstick.batch_size
    case = step_case(task, loss, settings, size, yardstick.recipe, device=device).as_json()
    where = torch.device(device)
    plain = yardstick.make(task_of(case), loss, recipe_of(case), batches_of(case))
    textbook = peak_live_bytes(lambda: _run(plain), where)
    training = build(case)
    return Peaks(textbook, peak_live_bytes(lambda: _run(training.step), where))


def _run(step: Callable[[int], object]) -> None:
    for index in range(STEPS):
        step(index)
