"""What a step costs beside another: the textbook's, with the probe, under the clock, in the whole loop. Tables for the console."""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import memory
from benchmarks.bare import bare_step, harnessed_step, watched_step
from benchmarks.interleaved import Side, record
from benchmarks.pairs import Pair, spread
from benchmarks.plan import RECIPES
from benchmarks.step_cases import StepCase, step_case
from benchmarks.step_worker import WARMUP, build
from benchmarks.task_settings import add_settings, settings_of
from benchmarks.yardsticks import YARDSTICKS, Yardstick
from gan_losses.allocator import SWITCH
from gan_losses.command_line import Parser, natural, positive
from gan_losses.networks import NORMS
from gan_losses.tasks import TASKS
from gan_losses.timing import PhaseClock
from gan_losses.training import PRECISIONS

Json = dict[str, Any]
INTERVAL = 100  # the probe's default
ALL = "all"


class Comparison:
    """What the command line asks for, made ready.

    Args:
        options: of `python -m benchmarks.step_time`.

    Raises:
        UsageError: settings that cannot be.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        given = {name: value for name, value in vars(options).items() if value is not None}
        self.options, self.task = options, options.task
        self.yardstick: Yardstick = YARDSTICKS[options.task]
        self.settings = settings_of({**self.yardstick.settings, **given})
        self.batch_size = options.batch_size or self.yardstick.batch_size
        named = ",".join(self.yardstick.default_losses) if options.losses is None else options.losses
        asked = self.yardstick.losses if named == ALL else named.split(",")
        self.losses = list(dict.fromkeys(map(str.strip, asked)))

    def probes(self) -> Iterator[str]:
        """What the probe adds to training time: whole intervals of log points, steps with and without it interleaved."""
        intervals = max(4, self.options.rounds // INTERVAL)
        yield f"probe on / off, {intervals} intervals of {INTERVAL} steps, {self._setting()}"
        for name in self.losses:
            for recipe in RECIPES if self.options.recipe is None else [self.options.recipe]:
                case = self._case(name, recipe).as_json()
                with watched_step(case, INTERVAL) as watched:
                    yield f"  {name:<8} {recipe:<11} {self._ratio(build(case).step, watched, intervals, INTERVAL)}"

    def clock(self) -> Iterator[str]:
        """What the clock of phases adds to a step, and how much of a step its phases leave out."""
        yield f"clock on / off, and the phases' sum over the step, {self.options.rounds} rounds, {self._setting()}"
        for name in self.losses:
            case = self._case(name).as_json()
            clock = PhaseClock(torch.device("cpu"))
            timed = build(case, clock)

            def step(index: int, timed: Any = timed, clock: PhaseClock = clock) -> None:
                timed.step(index)
                clock.finish()

            ratio = self._ratio(build(case).step, step, self.options.rounds, 10)
            wall = {phase: statistics.fmean(samples) for phase, samples in clock.wall.items()}
            share = sum(seconds for phase, seconds in wall.items() if phase != "step") / wall["step"]
            yield f"  {name:<8} {ratio}  phases {share:.4f}"

    def harness(self) -> Iterator[str]:
        """What the loop adds to the bare step: loader, log points, curves, probe, progress; evaluation is apart."""
        intervals = max(4, self.options.rounds // INTERVAL)
        yield f"whole loop / bare step, {intervals} intervals of {INTERVAL} steps, {self._setting()}"
        for name in self.losses:
            case = self._case(name).as_json()
            with tempfile.TemporaryDirectory() as folder, harnessed_step(case, Path(folder), INTERVAL) as whole:
                yield f"  {name:<8} {self._ratio(bare_step(case), whole, intervals, INTERVAL)}"

    def memory(self) -> Iterator[str]:
        """The most bytes that are alive at once in a step, ours and the textbook's."""
        yield f"peak of live memory (MiB), textbook and ours, {self._setting()}"
        for name in self.losses:
            peaks = memory.compare(self.task, name, self._sizes(), self.batch_size)
            ratio = peaks.textbook / peaks.ours
            yield f"  {name:<15} textbook {peaks.textbook / 2**20:8.2f}  ours {peaks.ours / 2**20:8.2f}  {ratio:.2f}"

    def textbook(self) -> Iterator[str]:
        """Textbook seconds over ours for the same networks, each in a process of its own, in turns."""
        shipped, rounds = self.options.as_shipped, self.options.rounds
        cases = [self._case(name).as_json() for name in self.losses]
        plain = Side("textbook", tuple({**case, "step": "textbook"} for case in cases), environment=_allocator(shipped))
        threads = torch.get_num_threads()
        recording = record([plain, Side("ours", tuple(cases))], rounds, launches=1, threads=threads)
        how = "as shipped (the textbook's allocator as it comes)" if shipped else "allocator tuned for both"
        yield (
            f"textbook / ours, {rounds} rounds ({recording.rejected} more were disturbed and repeated), {how}, "
            f"{self._setting()}"
        )
        for case in recording.cases:
            seconds = {side: recording.medians(case, "step", side) for side in recording.sides}
            own, other = (1e3 * statistics.median(seconds[side]) for side in ("ours", "textbook"))
            ratios = [a / b for a, b in zip(seconds["textbook"], seconds["ours"], strict=True)]
            yield f"  {case:<22} textbook {other:9.2f} ms  ours {own:9.2f} ms  {spread(ratios)}"

    def _ratio(self, first: Any, second: Any, turns: int, steps: int) -> str:
        pair = Pair(first, second, steps, WARMUP)
        ratios = list(pair.ratios(turns))
        return spread(ratios) + (f", {pair.rejected} disturbed turns repeated" if pair.rejected else "")

    def _case(self, name: str, recipe: str | None = None) -> StepCase:
        recipe = recipe or self.options.recipe or self.yardstick.recipe
        precision = self.options.precision
        how = {"precision": precision, "accelerate": self.options.accelerate}
        return step_case(self.task, name, self._sizes(), self.batch_size, recipe, **how)

    def _sizes(self) -> Json:
        chosen = {"discriminator_norm": self.options.discriminator_norm, "n_critic": self.options.n_critic}
        forced = {name: value for name, value in chosen.items() if value is not None}
        return {"channels": self.options.channels or self.yardstick.channels, **self.settings, **forced}

    def _setting(self) -> str:
        sizes = ", ".join(f"{name.replace('_', ' ')} {self.settings[name]}" for name in self.yardstick.settings)
        return f"{self.task}, {sizes}, batch {self.batch_size}, {self.options.precision}, {torch.get_num_threads()} threads"


def _allocator(shipped: bool) -> dict[str, str]:
    return {SWITCH: "default"} if shipped else {}


WAYS = {
    "memory": "the most memory that is alive at once in a step, beside a plain one's",
    "probes": "the cost of the saturation probe, interleaved on and off",
    "harness": "the cost of the whole loop around a step: loader, log points, probe, progress",
    "clock": "the cost of the clock of phases, and whether they add up to the step",
}
"""What is measured of our step alone or beside the plain one's memory: the method's name, which is the option's, and its help."""


def make_parser(description: str) -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.step_time`."""
    parser = Parser(prog="python -m benchmarks.step_time", description=description, allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--against", choices=["textbook"], help="our step beside a plain one on the same networks")
    for name, text in WAYS.items():
        what.add_argument(f"--{name}", dest="way", action="store_const", const=name, help=text)
    parser.add_argument("--as-shipped", action="store_true", help="the plain one with its allocator as it comes")
    parser.add_argument("--task", choices=list(TASKS), default="dcgan", help="default: %(default)s")
    parser.add_argument("--losses", metavar="A,B", help=f"or {ALL} (default: the task's usual three)")
    _add_step(parser)
    add_settings(parser.add_argument_group("the networks"))
    parser.add_argument("--rounds", type=positive(int), default=60, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--threads", type=natural, default=0, help="of torch; 0 takes all cores (default: %(default)s)")
    return parser


def _add_step(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the step")
    group.add_argument("--recipe", choices=list(RECIPES), help="default: published for dcgan, controlled for cyclegan")
    group.add_argument("--n-critic", type=positive(int), metavar="N", help="in place of the recipe's")
    group.add_argument("--discriminator-norm", choices=list(NORMS), help="in place of the recipe's")
    group.add_argument("--batch-size", type=positive(int), metavar="N", help="images (default: 64, of cyclegan 1)")
    group.add_argument("--channels", type=positive(int), metavar="N", help="of the images (default: 1, of cyclegan 3)")
    group.add_argument("--precision", choices=list(PRECISIONS), default="fp32", help="of ours (default: %(default)s)")
    group.add_argument("--accelerate", choices=["off", "compile"], default="off", help="of ours (default: %(default)s)")
