"""Interleaved comparisons of steps: the probe on and off, ours against the textbook's. Tables for the console."""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.candidates import loss_facts
from benchmarks.cells import HELD_OUT, recipe_of
from benchmarks.plan import RECIPES
from benchmarks.step_time import WARMUP, interleave
from benchmarks.textbook import TextbookGAN, steps
from gan_losses.allocator import tune_allocator
from gan_losses.data.base import Batches, Split
from gan_losses.errors import unknown_name
from gan_losses.losses import get_loss
from gan_losses.probes import SaturationProbe
from gan_losses.tasks import DCGAN
from gan_losses.training import Placement, Training

LATENTS = 100
INTERVAL = 100  # the probe's default
TEXTBOOK_LOSSES = ("bce", "lsgan", "wgangp")


def probes(options: argparse.Namespace) -> str:
    """What the probe adds to training time: whole intervals of log points, steps with and without it interleaved."""
    intervals = max(4, options.rounds // INTERVAL)
    lines = [f"probe on / off, {intervals} intervals of {INTERVAL} steps, {_setting(options)}"]
    for name in map(str.strip, options.losses.split(",")):
        for recipe in RECIPES:
            off, on = _training(options, name, recipe), _training(options, name, recipe)
            seconds = _watched(off, on, intervals)
            ratios = [sum(watched) / sum(plain) for plain, watched in seconds]
            lines.append(f"  {name:<8} {recipe:<11} {_spread(ratios)}")
    return "\n".join(lines)


def _watched(off: Training, on: Training, intervals: int) -> list[tuple[list[float], list[float]]]:
    held_out = {"image": torch.zeros(HELD_OUT, 1, *on.batches(0, 0)["image"].shape[2:])}
    probe = SaturationProbe(on.task.generators, on.task.discriminators, on.loss, INTERVAL, held_out=held_out)
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


def textbook(options: argparse.Namespace) -> str:
    """Textbook seconds over ours for the same networks, published recipe, steps interleaved."""
    lines = [f"textbook / ours, {options.rounds} rounds, {_setting(options)}"]
    for name in map(str.strip, options.losses.split(",")):
        ours = _training(options, name, "published")
        plain = _plain_step(options, name)
        seconds: tuple[list[float], list[float]] = ([], [])
        pair = [_timed(ours.step, seconds[0]), _timed(plain, seconds[1])]
        interleave(pair, WARMUP, lambda index: None)
        for samples in seconds:
            samples.clear()
        interleave([_shifted(step, WARMUP) for step in pair], options.rounds, lambda index: None)
        ratios = [other / own for own, other in zip(*seconds, strict=True)]
        own, other = (1e3 * statistics.median(samples) for samples in seconds)
        lines.append(f"  {name:<8} ours {own:8.2f} ms  textbook {other:8.2f} ms  {_spread(ratios)}")
    return "\n".join(lines)


def _plain_step(options: argparse.Namespace, name: str) -> Callable[[int], object]:
    """The textbook's step on contiguous copies of the same networks, its images ready as floats."""
    if name not in TEXTBOOK_LOSSES:
        raise unknown_name("textbook loss", name, TEXTBOOK_LOSSES)
    recipe = get_loss(name).published
    task = _task(options, name, "published")
    gan = TextbookGAN(task.generators["image"], task.discriminators["image"], recipe.learning_rate, recipe.betas)
    step = steps(gan)[name]
    batches = _batches(options)
    images = [batches(index, 0)["image"] for index in range(8)]
    return lambda index: step(images[index % 8], torch.randn(options.batch_size, LATENTS))


def _task(options: argparse.Namespace, name: str, recipe: str) -> DCGAN:
    settings = {**RECIPES[recipe][0](loss_facts(name)), "image_size": options.image_size, "channels": 1}
    settings |= {"width": options.width, "latents": LATENTS}
    return DCGAN.from_settings(settings, 0)


def _training(options: argparse.Namespace, name: str, recipe: str) -> Training:
    placement = Placement(torch.device("cpu"), options.precision)
    made = recipe_of(RECIPES[recipe][0](loss_facts(name)))
    return Training(_task(options, name, recipe), get_loss(name), made, _batches(options), placement, 0)


def _batches(options: argparse.Namespace) -> Batches:
    shape = (8 * options.batch_size, 1, options.image_size, options.image_size)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Batches(Split({"image": images}), options.batch_size, 0)


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


def _setting(options: argparse.Namespace) -> str:
    return (
        f"{options.image_size} px, width {options.width}, batch {options.batch_size}, {options.precision}, "
        f"{torch.get_num_threads()} threads, allocator {'tuned' if tune_allocator() else 'as it comes'} for both"
    )
