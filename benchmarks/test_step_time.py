"""The time of a training step, task by task, loss by loss, phase by phase, under pytest-benchmark.

pytest benchmarks --benchmark-json=out.json      all of them
pytest benchmarks --benchmark-only -k "dcgan and (bce or wgangp) and step"

The steps of a task's selected losses are recorded once, interleaved: A B C, then C B A. Each test hands the recorded
seconds of its phase to the plugin as its rounds, so that phases belong to the same steps and losses to the same minutes.
They are device time (CUDA events) on a GPU and wall time elsewhere. Nothing is recorded where benchmarks are disabled:
one step is then made and looked at.
"""

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import pytest
import torch

from benchmarks import step_worker
from benchmarks.environment import device_facts
from benchmarks.limits import Work, least, work
from benchmarks.lock import machine_lock
from benchmarks.peaks import Peaks, clock_megahertz, measure
from benchmarks.step_cases import StepCase, step_case
from benchmarks.step_time import interleave
from gan_losses.losses import LOSSES, GANLoss, get_loss
from gan_losses.tasks import TASKS
from gan_losses.timing import PHASES, PhaseClock
from gan_losses.training import Terms, all_finite

WARMUP = 3
PEAK_SECONDS = 0.02  # for each kernel
# Small, so that the whole file takes seconds: what is left to see of a loss is then its own cost, not the networks'.
SIZES: dict[str, tuple[dict[str, Any], int]] = {  # task -> settings, batch size
    "dcgan": ({"image_size": 16, "width": 8, "channels": 1}, 8),
    "cyclegan": ({"image_size": 16, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4}, 1),
}


class Recorded:
    """A step whose time is taken.

    Args:
        task: a name in `TASKS`.
        loss: a name in `LOSSES`.
        device: "cpu" or "cuda".

    Attributes:
        samples: phase (and "step") -> seconds of each recorded step, of the device where it tells.
        terms: of the latest step.
        clocks: MHz before and after the recording.
    """

    def __init__(self, task: str, loss: str, device: torch.device) -> None:
        sizes, batch_size = SIZES[task]
        self.case: StepCase = step_case(task, loss, sizes, batch_size, device=device.type)
        self.clock = PhaseClock(device)
        self.training = step_worker.build(self.case.as_json(), self.clock)
        self.samples: dict[str, list[float]] = {}
        self.terms: Terms = {}
        self.clocks: dict[str, float | None] = {}
        self.index = 0

    def step(self, index: int = 0) -> None:
        """Make the next step, whatever the round."""
        self.terms = self.training.step(self.index)
        self.clock.finish()
        self.index += 1

    def forget(self) -> None:
        """Let go of the samples so far."""
        self.clock.wall.clear()
        self.clock.device_time.clear()

    def keep(self) -> None:
        """The steps since are the recording."""
        kept = self.clock.device_time or self.clock.wall
        self.samples = {phase: list(seconds) for phase, seconds in kept.items()}

    @cached_property
    def work(self) -> dict[str, Work]:
        """What the phases do at least; counting makes a step."""
        return work(self.training)


class Recordings:
    """Everything that is recorded in this session, made when it is asked for.

    Args:
        wanted: task -> losses that tests were selected for.
        config: the session's, with the options of `benchmarks/conftest.py`.
    """

    def __init__(self, wanted: dict[str, list[str]], config: pytest.Config) -> None:
        self.wanted, self.config = wanted, config
        self.device = torch.device(config.getoption("step_device") or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.rounds: int = config.getoption("step_rounds")
        self.threads: int = config.getoption("step_threads")
        self.recorded: dict[tuple[str, str], Recorded] = {}

    @cached_property
    def peaks(self) -> Peaks:
        """Of the device, measured in this session."""
        return measure(self.device, "fp32", self.threads, PEAK_SECONDS)

    def one(self, task: str, loss: str) -> Recorded:
        """A single step's recording, of this loss alone."""
        if (task, loss) not in self.recorded:
            with self._settled():
                self.recorded[task, loss] = Recorded(task, loss, self.device)
                self.recorded[task, loss].step()
                self.recorded[task, loss].keep()
        return self.recorded[task, loss]

    def interleaved(self, task: str, loss: str) -> Recorded:
        """The loss's recording, made together with those of the task's other losses."""
        if (task, loss) not in self.recorded:
            with self._settled(), machine_lock(alone=True, waiting=self.waiting):
                steps = [Recorded(task, name, self.device) for name in self.wanted[task]]
                self._record(steps)
            self.recorded |= {(task, each.case.loss): each for each in steps}
        return self.recorded[task, loss]

    def _record(self, steps: Sequence[Recorded]) -> None:
        calls: list[Callable[[int], Any]] = [each.step for each in steps]
        interleave(calls, WARMUP, lambda index: None)
        for each in steps:
            each.forget()
        before = clock_megahertz(self.device)
        interleave(calls, self.rounds, lambda index: None)
        for each in steps:
            each.keep()
            each.clocks = {"before": before, "after": clock_megahertz(self.device)}

    def waiting(self) -> None:
        """Say that others are at work; pytest holds back what a test prints."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("Waiting for other runs on this machine.")

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """So many threads, and garbage collected or not."""
        threads, collected = torch.get_num_threads(), gc.isenabled()
        torch.set_num_threads(self.threads)
        if self.config.getoption("benchmark_disable_gc"):
            gc.disable()
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            if collected:
                gc.enable()


class Replay:
    """A clock that is moved by hand.

    Attributes:
        now: seconds.
    """

    def __init__(self) -> None:
        self.now = 0.0

    def rewind(self, samples: Iterator[float | None]) -> tuple[tuple[float | None], dict[str, Any]]:
        """Back to zero, so that a difference is not rounded; the arguments of the next call."""
        self.now = 0.0
        return (next(samples),), {}


REPLAY = Replay()


def recorded_seconds() -> float:
    """The plugin's timer."""
    return REPLAY.now


def _phases(loss: str) -> list[str]:
    """All but the penalty's where there is none: nothing but a function's call is in it then."""
    penalised = type(get_loss(loss)).penalty is not GANLoss.penalty
    return ["step", *(phase for phase in PHASES if penalised or phase != "penalty")]


CASES = [(task, loss, phase) for task in TASKS for loss in LOSSES for phase in _phases(loss)]


@pytest.fixture(scope="session")
def recordings(request: pytest.FixtureRequest) -> Recordings:
    """Of the tests that were selected."""
    wanted: dict[str, list[str]] = {task: [] for task in TASKS}
    for item in request.session.items:
        if getattr(item, "function", None) is test_step:
            task, loss = (item.callspec.params[name] for name in ("task", "loss"))  # type: ignore[attr-defined]
            wanted[task] += [] if loss in wanted[task] else [loss]
    return Recordings(wanted, request.config)


@pytest.mark.benchmark(timer=recorded_seconds)
@pytest.mark.parametrize(("task", "loss", "phase"), CASES, ids=["-".join(case) for case in CASES])
def test_step(task: str, loss: str, phase: str, recordings: Recordings, benchmark: Any) -> None:
    """A phase's share of the step."""
    recorded = recordings.interleaved(task, loss) if benchmark.enabled else recordings.one(task, loss)
    samples = recorded.samples[phase]
    assert all_finite(recorded.terms)
    assert len(samples) == (recordings.rounds if benchmark.enabled else 1)
    # Once the recording is used up there are real steps, for the plugin's profile.
    ahead = chain(samples, repeat(None))

    def replay(seconds: float | None) -> None:
        if seconds is None:
            recorded.step()
        else:
            REPLAY.now += seconds

    benchmark.group = f"{task} {phase}"
    benchmark.pedantic(replay, setup=lambda: REPLAY.rewind(ahead), rounds=len(samples), iterations=1)
    if benchmark.enabled:
        benchmark.extra_info |= facts(recorded, phase, recordings)


def facts(recorded: Recorded, phase: str, recordings: Recordings) -> dict[str, Any]:
    """What stands beside the samples in the file."""
    case, samples = recorded.case.as_json(), recorded.samples[phase]
    floor = least(recorded.work.get(phase, Work(0, 0)), recordings.peaks)
    return {
        "unit": "device" if recorded.clock.device_time else "wall",
        "rounds": len(samples),
        "warmup": WARMUP,
        "device": device_facts(recordings.device, recordings.threads),
        "clocks": {"unit": "MHz", **recorded.clocks},
        "torch": torch.__version__,
        "threads": recordings.threads,
        "settings": case["settings"],
        "n_critic": case["settings"]["n_critic"],
        "batch_size": case["batch_size"],
        "precision": case["precision"],
        "accelerate": case["accelerate"],
        "floor": {**floor, "share": floor["seconds"] / statistics.median(samples)},
        "peaks": asdict(recordings.peaks),
    }
