"""A step without anything around it, with the probe alone, and with all that a run puts around it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from benchmarks.cells import HELD_OUT
from benchmarks.curves import Curves
from benchmarks.step_worker import STORED, build
from gan_losses.data.base import to_float
from gan_losses.probes import SaturationProbe
from gan_losses.training import Training

Json = dict[str, Any]
Step = Callable[[int], object]


def bare_step(case: Json) -> Step:
    """The case's updates on batches that are made beforehand."""
    training = build(case)
    n_critic = training.recipe.n_critic
    ready = [[training.batch(index, draw) for draw in range(n_critic)] for index in range(STORED)]
    training.batch = lambda index, draw: ready[index % STORED][draw]  # type: ignore[method-assign]
    return training.step


@contextmanager
def watched_step(case: Json, interval: int) -> Iterator[Step]:
    """The case's step under the saturation probe, with a row every `interval` steps."""
    training = build(case)
    with _probe(training, interval):
        yield training.step


@contextmanager
def harnessed_step(case: Json, folder: Path, interval: int) -> Iterator[Step]:
    """The case's step as a run has it: loader, probe, terms read and written at log points, news sent to the runner.

    Args:
        case: of `benchmarks.step_cases.StepCase.as_json`.
        folder: where the curves are written.
        interval: steps from one log point to the next.
    """
    training = build(case)
    receiver, sender = Pipe(duplex=False)

    def progress(step: int, terms: Json) -> None:
        sender.send((step, terms))
        receiver.recv()

    with _probe(training, interval), receiver, sender:
        curves = Curves(training, folder / "curves.jsonl", interval, -1, progress)

        def step(index: int) -> None:
            curves.add(training.step(index))
            curves.tell()

        yield step


def _probe(training: Training, interval: int) -> SaturationProbe:
    held_out = {
        domain: to_float(images[:1]).expand(HELD_OUT, -1, -1, -1) for domain, images in training.batches.images.items()
    }
    networks = training.task.generators, training.judges
    training.probe = SaturationProbe(*networks, training.loss, interval, held_out=held_out)
    return training.probe
