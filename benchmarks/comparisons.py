"""Interleaved comparisons of steps: the probe on and off, ours against the textbook's. Tables for the console."""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from benchmarks.candidates import loss_facts, task_facts
from benchmarks.cells import HELD_OUT, recipe_of
from benchmarks.plan import RECIPES
from benchmarks.step_time import WARMUP, interleave
from benchmarks.task_settings import settings_of
from benchmarks.yardsticks import YARDSTICKS, Yardstick
from gan_losses.allocator import tune_allocator
from gan_losses.data.base import Batches, Split, to_float
from gan_losses.errors import unknown_name
from gan_losses.losses import Recipe, get_loss
from gan_losses.probes import SaturationProbe
from gan_losses.tasks import TASKS, Task
from gan_losses.training import Placement, Training

INTERVAL = 100  # the probe's default


class Comparison:
    """What the command line asks for, made ready.

    Args:
        options: of `python -m benchmarks.step_time`.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        given = {name: value for name, value in vars(options).items() if value is not None}
        self.options, self.task = options, options.task
        self.yardstick: Yardstick = YARDSTICKS[options.task]
        self.settings = settings_of({**self.yardstick.settings, **given})
        self.batch_size = options.batch_size or self.yardstick.batch_size
        self.losses = list(map(str.strip, (options.losses or ",".join(self.yardstick.losses)).split(",")))

    def lines(self) -> Iterator[str]:
        """The title, and a line for each measurement."""
        yield from self.probes() if self.options.probes else self.textbook()

    def probes(self) -> Iterator[str]:
        """What the probe adds to training time: whole intervals of log points, steps with and without it interleaved."""
        intervals = max(4, self.options.rounds // INTERVAL)
        yield f"probe on / off, {intervals} intervals of {INTERVAL} steps, {self._setting()}"
        for name in self.losses:
            for recipe in RECIPES:
                off, on = (self._training(name, recipe, self._batches()) for _ in range(2))
                ratios = [sum(watched) / sum(plain) for plain, watched in _watched(off, on, intervals)]
                yield f"  {name:<8} {recipe:<11} {_spread(ratios)}"

    def textbook(self) -> Iterator[str]:
        """Textbook seconds over ours for the same networks, steps interleaved."""
        for name in self.losses:
            if name not in self.yardstick.losses:
                raise unknown_name("textbook loss", name, self.yardstick.losses)
        yield f"textbook / ours, {self.options.rounds} rounds, {self._setting()}"
        for name in self.losses:
            ours, plain = self._pair(name)
            seconds: tuple[list[float], list[float]] = ([], [])
            pair = [_timed(ours.step, seconds[0]), _timed(plain, seconds[1])]
            interleave(pair, WARMUP, lambda index: None)
            for samples in seconds:
                samples.clear()
            interleave([_shifted(step, WARMUP) for step in pair], self.options.rounds, lambda index: None)
            ratios = [other / own for own, other in zip(*seconds, strict=True)]
            own, other = (1e3 * statistics.median(samples) for samples in seconds)
            yield f"  {name:<8} ours {own:8.2f} ms  textbook {other:8.2f} ms  {_spread(ratios)}"

    def _pair(self, name: str) -> tuple[Training, Callable[[int], object]]:
        recipe, batches = self.yardstick.recipe, self._batches()
        # A copy of the same networks, and its images ready as floats.
        plain = self.yardstick.make(self._task(name, recipe), name, self._recipe(name, recipe), self._batches())
        return self._training(name, recipe, batches), plain

    def _resolved(self, name: str, recipe: str) -> dict[str, Any]:
        made = RECIPES[recipe][0](loss_facts(name), task_facts(self.task))
        return {**self.settings, **made, "channels": self.yardstick.channels}

    def _recipe(self, name: str, recipe: str) -> Recipe:
        return recipe_of(self._resolved(name, recipe))

    def _task(self, name: str, recipe: str) -> Task:
        return TASKS[self.task].from_settings(self._resolved(name, recipe), 0)

    def _training(self, name: str, recipe: str, batches: Batches) -> Training:
        layout = TASKS[self.task].channels_last
        placement = Placement(torch.device("cpu"), self.options.precision, layout)
        return Training(self._task(name, recipe), get_loss(name), self._recipe(name, recipe), batches, placement, 0)

    def _batches(self) -> Batches:
        size = self.settings["image_size"]
        shape = (8 * self.batch_size, self.yardstick.channels, size, size)
        random = torch.Generator().manual_seed(0)
        images = {
            domain: torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
            for domain in TASKS[self.task].domains
        }
        return Batches(Split(images), self.batch_size, 0)

    def _setting(self) -> str:
        sizes = ", ".join(f"{name.replace('_', ' ')} {self.settings[name]}" for name in self.yardstick.settings)
        allocator = "tuned" if tune_allocator() else "as it comes"
        return (
            f"{self.task}, {sizes}, batch {self.batch_size}, {self.options.precision}, "
            f"{torch.get_num_threads()} threads, allocator {allocator} for both"
        )


def _watched(off: Training, on: Training, intervals: int) -> list[tuple[list[float], list[float]]]:
    held_out = {
        domain: to_float(images[:1]).expand(HELD_OUT, -1, -1, -1) for domain, images in on.batches.images.items()
    }
    probe = SaturationProbe(on.task.generators, on.task.discriminators, on.loss, INTERVAL, held_out=held_out)
    on.probe = probe
    for index in range(WARMUP):
        off.step(index)
        on.step(index)
    result = []
    with probe:
        for interval in range(intervals):
            plain: list[float] = []
            watched: list[float] = []
            pair = [_timed(off.step, plain), _timed(on.step, watched)]
            first = WARMUP + interval * INTERVAL
            interleave([_shifted(step, first) for step in pair], INTERVAL, lambda index: None)
            result.append((plain, watched))
    return result


def _timed(step: Callable[[int], object], samples: list[float]) -> Callable[[int], None]:
    def timed(index: int) -> None:
        began = time.perf_counter()
        step(index)
        samples.append(time.perf_counter() - began)

    return timed


def _shifted(step: Callable[[int], None], first: int) -> Callable[[int], None]:
    return lambda index: step(first + index)


def _spread(ratios: list[float]) -> str:
    middle = statistics.median(ratios)
    if len(ratios) < 4:
        return f"{middle:.3f}"
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} (quartiles {low:.3f} … {high:.3f})"
