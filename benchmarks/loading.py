"""What images cost: seconds to decode a data set once and to map it ever after, and what of a training step waits for them.

python -m benchmarks.loading --data digits                              the share of a DCGAN step, one thread per core
python -m benchmarks.loading --data cifar10,mnist --data-root ~/data    of several sets, their steps in turns
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks.environment import available_cores, resolve_device
from benchmarks.lock import machine_lock
from benchmarks.step_cases import step_case
from benchmarks.step_time import interleave
from benchmarks.step_worker import recipe_of, task_of
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import Parser, positive, run_command
from gan_losses.data import DataSet, default_root, load_data
from gan_losses.data.base import Batches
from gan_losses.errors import UsageError
from gan_losses.losses import get_loss
from gan_losses.timing import PhaseClock
from gan_losses.training import Placement, Training

WARMUP = 3  # steps of each set before any is timed


@dataclass(frozen=True)
class Loaded:
    """A data set and what it cost to have it.

    Attributes:
        data: the images.
        decoded: seconds of the first load.
        mapped: seconds of the second, which finds the cache.
        fresh: whether the first load had to decode.
        size: bytes of the cache, or of the images where there is none.
    """

    data: DataSet
    decoded: float
    mapped: float
    fresh: bool
    size: int


def load_twice(load: Callable[[], DataSet], root: Path) -> Loaded:
    """Load, and load again from the cache in `root`."""
    before = set((root / "cache").glob("*"))
    data, decoded = _timed(load)
    _, mapped = _timed(load)
    if data.path is None:
        splits = (data.train, data.validation, data.test)
        size = sum(images.nbytes for split in splits for images in split.images.values())
    else:
        size = sum(file.stat().st_size for file in data.path.iterdir())
    return Loaded(data, decoded, mapped, data.path not in before, size)


def _timed(load: Callable[[], DataSet]) -> tuple[DataSet, float]:
    began = time.perf_counter()
    return load(), time.perf_counter() - began


def shares(
    several: Sequence[DataSet], width: int, batch_size: int, flip: bool, rounds: int, device: str
) -> list[list[float]]:
    """Of each set, the share of every step's time that went into the batch and its latents; the sets take turns.

    Args:
        several: sets of one domain.
        width: of DCGAN's networks.
        batch_size: images.
        flip: whether half of the images are mirrored.
        rounds: steps of each set.
        device: that is trained on.

    Raises:
        UsageError: sizes that DCGAN cannot have, or a set of two domains.
    """
    clocks = [PhaseClock(torch.device(device)) for _ in several]
    steps = [_step(data, width, batch_size, flip, clock) for data, clock in zip(several, clocks, strict=True)]
    interleave(steps, WARMUP + rounds, lambda count: None)
    return [
        [data / step for data, step in zip(clock.wall["data"], clock.wall["step"], strict=True)][WARMUP:]
        for clock in clocks
    ]


def _step(data: DataSet, width: int, batch_size: int, flip: bool, clock: PhaseClock) -> Callable[[int], None]:
    if data.domains != ("image",):
        raise UsageError(f"data {data.name!r} has the domains {', '.join(data.domains)}: name one, as in facades:a.")
    sizes = {"image_size": data.image_size, "width": width, "channels": data.channels}
    case = step_case("dcgan", "bce", sizes, batch_size).as_json()
    batches = Batches(data.train, batch_size, 0, clock.device, data.image_size, flip)
    parts = task_of(case), get_loss("bce"), recipe_of(case), batches
    training = Training(*parts, Placement(clock.device), 0, clock)

    def step(index: int) -> None:
        training.step(index)
        clock.finish()

    return step


def row(loaded: Loaded, waits: Sequence[float]) -> str:
    """One line of the table."""
    low, median, high = statistics.quantiles(waits, n=4) if len(waits) > 1 else [*waits] * 3
    first = f"{loaded.decoded:9.1f} s" if loaded.fresh else "    (was)  "
    share = f"{100 * median:5.2f} % (quartiles {100 * low:.2f} … {100 * high:.2f})"
    return f"  {loaded.data.name:<22} {first} {loaded.mapped:7.2f} s {loaded.size / 1e6:9,.1f} MB  {share}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    return run_command("benchmarks.loading", lambda: _report(make_parser().parse_args(arguments)))


def make_parser() -> Parser:
    """The parser."""
    title = (__doc__ or "").split("\n")[0]
    parser = Parser(prog="python -m benchmarks.loading", description=title, allow_abbrev=False)
    parser.add_argument("--data", required=True, metavar="A,B", help="data sets of one domain")
    parser.add_argument("--data-root", type=Path, help="where they are (default: as benchmarks.run)")
    parser.add_argument("--download", action="store_true", help="fetch sets that are missing")
    parser.add_argument("--image-size", type=positive(int), default=32, help="pixels (default: %(default)s)")
    parser.add_argument("--width", type=positive(int), default=32, help="of DCGAN's networks (default: %(default)s)")
    parser.add_argument("--batch-size", type=positive(int), default=64, help="images (default: %(default)s)")
    parser.add_argument("--flip", action="store_true", help="mirror half of the images")
    parser.add_argument("--rounds", type=positive(int), default=40, help="steps of each set (default: %(default)s)")
    parser.add_argument("--threads", type=positive(int), help="of torch (default: one for each core)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    return parser


def _report(options: argparse.Namespace) -> int:
    tune_allocator()
    torch.set_num_threads(options.threads or available_cores())
    device = resolve_device(options.device)
    with machine_lock(alone=True, waiting=lambda: _say("Waiting for other runs on this machine.")):
        root = options.data_root or default_root()
        load = partial(load_data, image_size=options.image_size, root=root, say=_say, download=options.download)
        several = [load_twice(partial(load, name), root) for name in options.data.split(",")]
        sizes = (options.width, options.batch_size, options.flip, options.rounds)
        waits = shares([loaded.data for loaded in several], *sizes, device.type)
    print(
        f"{device.type}, {torch.get_num_threads()} threads; DCGAN of width {options.width} at {options.image_size} px, "
        f"batches of {options.batch_size}, {options.rounds} steps of each set in turns"
    )
    print(f"  {'data':<22} {'decode':>11} {'map':>9} {'cache':>12}  share of a step that waits for data")
    for loaded, each in zip(several, waits, strict=True):
        print(row(loaded, each))
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
