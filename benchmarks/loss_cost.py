"""What a loss costs beside its plain formula: both losses of a pair of batches, and the slopes that backward gives.

python -m benchmarks.loss_cost            every loss without penalty, ours over plain, interleaved
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import psutil
import torch
from torch import Tensor

from benchmarks.lock import machine_lock
from benchmarks.plain_formulas import PLAIN, Plain
from gan_losses.command_line import Parser, positive, run_command
from gan_losses.errors import UsageError
from gan_losses.losses import get_loss

CALLS = 50  # of one loss in a row: a sample has to be longer than the clock's grain


def work(plain: Plain, real: Tensor, fake: Tensor) -> Callable[[], None]:
    """Both losses with their slopes, once."""

    def run() -> None:
        for formula in plain:
            first, second = real.detach().requires_grad_(), fake.detach().requires_grad_()
            formula(first, second).backward()

    return run


def ours(name: str) -> Plain:
    """The registered loss as a pair of formulas."""
    loss = get_loss(name)
    if loss.pairs_logits:
        return loss.discriminator, lambda real, fake: loss.generator(fake, real)
    return loss.discriminator, lambda real, fake: loss.generator(fake)


def compare(name: str, shape: tuple[int, ...], rounds: int) -> tuple[float, list[float]]:
    """Median microseconds of our loss, and the ratio to the plain formula of each round."""
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, *shape, generator=random)
    pair = [work(ours(name), real, fake), work(PLAIN[name], real, fake)]
    seconds: list[list[float]] = [[], []]
    for index in range(rounds + 2):
        for place in (0, 1) if index % 2 else (1, 0):
            began = time.perf_counter()
            for _ in range(CALLS):
                pair[place]()
            seconds[place].append((time.perf_counter() - began) / CALLS)
    own, plain = (samples[2:] for samples in seconds)  # two rounds to warm up
    return 1e6 * statistics.median(own), [one / other for one, other in zip(own, plain, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    return run_command("benchmarks.loss_cost", lambda: _report(make_parser().parse_args(arguments)))


def make_parser() -> Parser:
    """The parser."""
    title = (__doc__ or "").split("\n")[0]
    parser = Parser(prog="python -m benchmarks.loss_cost", description=title, allow_abbrev=False)
    parser.add_argument("--batch-size", type=positive(int), default=64, help="logits (default: %(default)s)")
    parser.add_argument("--patches", type=positive(int), default=1, help="a side of D's map (default: %(default)s)")
    parser.add_argument("--rounds", type=positive(int), default=40, help="interleaved rounds (default: %(default)s)")
    return parser


def _report(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    shape = (options.batch_size, 1, options.patches, options.patches)
    if 2 * 4 * math.prod(shape) > psutil.virtual_memory().available:
        raise UsageError(f"logits {shape} do not fit into memory; take fewer with --batch-size or --patches.")
    with machine_lock(alone=True, waiting=lambda: print("Waiting for other runs on this machine.", file=sys.stderr)):
        print(f"loss and slope, ours over the plain formula, logits {shape}, {options.rounds} rounds, 1 thread")
        for name in PLAIN:
            middle, ratios = compare(name, shape, options.rounds)
            low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
            print(f"  {name:<15} {middle:8.1f} µs  {median:.2f} (quartiles {low:.2f} … {high:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
