"""Builds steps from plain values, and times them in a process of their own.

Imports nothing of this suite but `gan_losses`, so that it also builds another tree's: as a process this file is run by
its path, `python -P benchmarks/step_worker.py` (-P: this folder's modules must not stand before others), with PYTHONPATH
saying whose `gan_losses` it is. JSON lines come in and go out (`serve`).
"""

import importlib.util
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if (
    __name__ == "__main__"
):  # before anything else is imported: whatever a library prints must not stand among the answers
    ANSWERS = os.dup(1)
    os.dup2(2, 1)
    # An installed checkout's finder would give its own modules where the tree lacks some.
    sys.meta_path[:] = [
        each for each in sys.meta_path if not getattr(each, "__module__", "").startswith("__editable__")
    ]

import torch

from gan_losses.allocator import tune_allocator
from gan_losses.data.base import Batches, Split
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import Recipe, get_loss
from gan_losses.tasks import TASKS, Task
from gan_losses.timing import PHASES, no_clock
from gan_losses.training import Placement, Training

if TYPE_CHECKING:
    from benchmarks.contention import Contention
    from benchmarks.delays import DelayedClock
else:  # by their paths: the package `benchmarks` may be another tree's, or not there

    def _beside(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(f"_{name}", Path(__file__).with_name(f"{name}.py"))
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    Contention, DelayedClock = _beside("contention").Contention, _beside("delays").DelayedClock

Json = Mapping[str, Any]
STORED = 8  # batches of random images in memory
USUAL: Json = {"accelerate": "off", "ema": 0.0, "augment": "none"}  # what a training does unless asked for more
WARMUP = 5  # steps of every case before any is timed


def recipe_of(case: Json) -> Recipe:
    """The recipe among a case's settings."""
    settings = case["settings"]
    betas = (settings["betas"][0], settings["betas"][1])
    norm, n_critic = settings["discriminator_norm"], settings["n_critic"]
    return Recipe(settings["optimizer"], settings["learning_rate"], betas, norm, n_critic)


def task_of(case: Json) -> Task:
    """The case's networks, with the initial weights of seed 0."""
    return TASKS[case["task"]].from_settings(case["settings"], 0)


def batches_of(case: Json) -> Batches:
    """Random images in memory, the same for every case of these sizes."""
    settings = case["settings"]
    size = settings["image_size"]
    shape = (STORED * case["batch_size"], settings["channels"], size, size)
    random = torch.Generator().manual_seed(0)
    images = {
        domain: torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        for domain in TASKS[case["task"]].domains
    }
    return Batches(Split(images), case["batch_size"], 0, case["device"])


def build(case: Json, clock: Callable[[str], None] = no_clock) -> Training:
    """The training whose steps are timed.

    Args:
        case: of `benchmarks.step_cases.StepCase.as_json`.
        clock: called with each phase's name.
    """
    layout = TASKS[case["task"]].channels_last
    placement = Placement(torch.device(case["device"]), case["precision"], layout)
    # Older trees know none of these.
    more = {name: case[name] for name, usual in USUAL.items() if case.get(name, usual) != usual}
    parts = task_of(case), get_loss(case["loss"]), recipe_of(case), batches_of(case)
    return Training(*parts, placement, 0, clock, **more)


class Steps:
    """The steps of one process, and what can be asked of them: `start`, `turn`, `delay`, `end`."""

    def __init__(self, allocator: bool) -> None:
        self.allocator, self.threads = allocator, 1
        self.steps: list[TimedStep] = []
        self.about: str | None = None  # the case in hand, for messages

    def start(self, cases: Sequence[Json], threads: int) -> dict[str, Any]:
        """Build every case, warm it, and say what this process is."""
        torch.set_num_threads(threads)
        self.threads = torch.get_num_threads()
        for case in cases:
            self.about = case["name"]
            self.steps.append(TimedStep(case))
            self.steps[-1].take(WARMUP)
        return {
            "kind": self.steps[0].device.type,
            "threads": self.threads,
            "torch": torch.__version__,
            "allocator": self.allocator,
            "periods": [step.period for step in self.steps],
        }

    def turn(self, case: int, steps: int) -> dict[str, Any]:
        """Steps of one case in a row, and the share of their time that other processes took."""
        timed = self._of(case)
        with Contention(timed.device.type, self.threads) as contention:
            samples = timed.take(steps)
        if self.threads > 1:
            _rest()
        return {"samples": samples, "contention": contention.share}

    def delay(self, case: int, phase: str, seconds: float) -> dict[str, Any]:
        """Make every later step of a case longer, where that phase begins."""
        timed = self._of(case)
        if phase not in timed.phases:
            raise UsageError(f"no phase {phase!r} can be delayed: this step has {', '.join(timed.phases) or 'none'}.")
        timed.clock.delays[phase] = seconds
        return {}

    def end(self) -> dict[str, Any]:
        """The most memory that was held."""
        cuda = self.steps and self.steps[0].device.type == "cuda"
        device = torch.cuda.max_memory_allocated(self.steps[0].device) if cuda else None
        return {"peak_host_bytes": _peak_host_bytes(), "peak_device_bytes": device}

    def _of(self, case: int) -> "TimedStep":
        self.about = self.steps[case].name
        return self.steps[case]


class TimedStep:
    """A case's step, timed by phase; a textbook's ("step": "textbook") only as a whole.

    Args:
        case: of `benchmarks.step_cases.StepCase.as_json`.

    Attributes:
        phases: that occur in it.
        period: steps after which its cost repeats.
    """

    def __init__(self, case: Json) -> None:
        if case["task"] not in TASKS:
            raise unknown_name("task", case["task"], TASKS)
        self.name, self.device = case["name"], torch.device(case["device"])
        self.clock = DelayedClock(self.device)
        textbook = case.get("step") == "textbook"
        self.run = _textbook(case, self.clock) if textbook else build(case, self.clock).step
        updates = getattr(get_loss(case["loss"]), "period", 1)  # older trees have no lazy penalties
        self.period = updates // math.gcd(updates, case["settings"]["n_critic"])
        self._kept = ("step",) if textbook else (*PHASES, "step")
        self._index = 0
        self.phases: tuple[str, ...] = ()

    def take(self, steps: int) -> dict[str, list[float]]:
        """Phase (and "step") -> seconds of each of the next steps, by the device's clock where it has one."""
        rows = []
        for _ in range(steps):
            self.clock.begin()
            self.run(self._index)
            self._index += 1
            rows.append(self.clock.end())
        known = [name for name in self._kept if any(name in row for row in rows)]
        self.phases = tuple(name for name in known if name != "step")
        return {name: [row.get(name, 0.0) for row in rows] for name in known}


def serve(commands: Iterable[str], answers: TextIO) -> None:
    """Answer JSON lines, one each, until they end: what was asked for, or {"error": a sentence, "case": where}."""
    steps = Steps(tune_allocator())
    asked: dict[str, Callable[..., dict[str, Any]]]
    asked = {"start": steps.start, "turn": steps.turn, "delay": steps.delay, "end": steps.end}
    for line in commands:
        command = json.loads(line)
        do = command.pop("do")
        try:
            answer = asked[do](**command)
        except Exception as error:  # whatever is wrong with a case is for the one who asked to tell
            answer = {"error": _sentence(error), "case": steps.about}
        try:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        except BrokenPipeError:  # nobody waits for it
            return
        if do == "end":
            return


def _textbook(case: Json, clock: Callable[[str], None]) -> Callable[[int], object]:
    from benchmarks.yardsticks import YARDSTICKS  # of the same tree as gan_losses

    make = YARDSTICKS[case["task"]].make
    plain = make(task_of(case), case["loss"], recipe_of(case), batches_of(case))

    def step(index: int) -> object:
        clock(PHASES[0])  # one phase from end to end
        return plain(index)

    return step


def _rest() -> None:
    """Wait for the threads to sleep: those of OpenMP spin for a while after their work, which others would feel."""
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.005)
        if time.process_time() - before < 0.0005:
            return


def _peak_host_bytes() -> int | None:
    """VmHWM. Not `ru_maxrss`, which on Linux begins with what the parent held when it started this process."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _sentence(error: Exception) -> str:
    text = (str(error).strip().splitlines() or [""])[0]
    return text if isinstance(error, UsageError) else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the whole group; the one who asks decides
    with os.fdopen(ANSWERS, "w") as pipe:
        serve(sys.stdin, pipe)
