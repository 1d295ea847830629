"""How long extraction and the Fréchet term take, ours beside the others', in turns."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.parity_sides import Given, Side
from gan_losses.metrics import MomentStream, frechet_distance
from gan_losses.random import keyed_generator

# isort: split
from torchmetrics.image.fid import FrechetInceptionDistance

Rows = list[list[str]]


def compare_rates(compared: Mapping[str, Side], images: Tensor, rounds: int) -> Rows:
    """Images a second through each network, in turns, and the median ratio to torch-fidelity's."""
    with torch.no_grad():
        samples = in_turns({name: partial(side.extract, images) for name, side in compared.items()}, rounds)
    ratios = {
        name: statistics.median(theirs / own for own, theirs in zip(taken, samples["torch-fidelity"], strict=True))
        for name, taken in samples.items()
    }
    rates = [f"{len(images) / statistics.median(taken):.1f}" for taken in samples.values()]
    return [
        ["extraction", *compared],
        ["images a second", *rates],
        ["ratio to torch-fidelity", *(f"{ratio:.2f}" for ratio in ratios.values())],
    ]


def compare_frechet(width: int, counts: Sequence[int], rounds: int) -> Rows:
    """Seconds from the two sets' sums to the distance, with more samples than dimensions and with fewer."""
    rows = [["Fréchet term", "ours (s)", "torchmetrics (s)", "ratio", "relative difference"]]
    for count in counts:
        random = keyed_generator(0, "parity/frechet", count, width)
        real, fake = torch.randn(2, count, width, generator=random, dtype=torch.float64).abs_()
        calls = {"ours": _our_frechet(real, fake), "torchmetrics": _their_frechet(real, fake)}
        values = [call() for call in calls.values()]
        own, theirs = (statistics.median(taken) for taken in in_turns(calls, rounds).values())
        apart = abs(values[0] - values[1]) / values[1]
        facts = [f"{own:.3f}", f"{theirs:.3f}", f"{theirs / own:.1f}", f"{apart:.1e}"]
        rows.append([f"{count:,} samples of {width:,}", *facts])
    return rows


def _our_frechet(real: Tensor, fake: Tensor) -> Callable[[], float]:
    streams = [MomentStream(real.shape[1]) for _ in range(2)]
    for stream, rows in zip(streams, (real, fake), strict=True):
        stream.update(rows)
    first, second = (stream.moments() for stream in streams)
    return lambda: frechet_distance(replace(first), second)  # a copy: the root that is kept of the real ones is not


def _their_frechet(real: Tensor, fake: Tensor) -> Callable[[], float]:
    given = Given(real.shape[1])
    metric = FrechetInceptionDistance(feature=given).set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)

    def compute() -> float:
        metric._computed = None  # what it keeps is what is to be timed
        return float(metric.compute())

    return compute


def in_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, round by round, after one round that is not counted; every other round goes backwards."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name in calls if number % 2 else reversed(calls):
            seconds, _ = timed(calls[name])
            taken[name] += [seconds] if number else []
    return taken


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
