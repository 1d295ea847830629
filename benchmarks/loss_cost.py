"""What a loss costs beside its plain formula: both losses of a pair of batches, and the slopes that backward gives.

python -m benchmarks.loss_cost            every loss without penalty, ours over plain, interleaved
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.lock import machine_lock
from benchmarks.options import positive
from gan_losses.errors import UsageError
from gan_losses.losses import get_loss

Plain = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]
LOG2 = math.log(2)
CALLS = 50  # of one loss in a row: a sample has to be longer than the clock's grain


def _softplus(first: Tensor, second: Tensor) -> Tensor:
    return F.softplus(-first).mean() + F.softplus(second).mean()


# Name -> the discriminator's and the generator's formula as one writes it down from the paper, (real, fake) -> scalar.
PLAIN: dict[str, Plain] = {
    "bce": (_softplus, lambda r, f: F.softplus(-f).mean()),
    "minimax": (_softplus, lambda r, f: -F.softplus(f).mean()),
    "lsgan": (
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * ((f - 0) ** 2).mean(),
        lambda r, f: 0.5 * ((f - 1) ** 2).mean(),
    ),
    "wgan": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "hinge": (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f: -f.mean()),
    "rpgan": (lambda r, f: F.softplus(-(r - f)).mean(), lambda r, f: F.softplus(-(f - r)).mean()),
    "ragan": (
        lambda r, f: _softplus(r - f.mean(), f - r.mean()),
        lambda r, f: _softplus(f - r.mean(), r - f.mean()),
    ),
    "ralsgan": (
        lambda r, f: ((r - f.mean() - 1) ** 2).mean() + ((f - r.mean() + 1) ** 2).mean(),
        lambda r, f: ((f - r.mean() - 1) ** 2).mean() + ((r - f.mean() + 1) ** 2).mean(),
    ),
    "kl": (lambda r, f: torch.exp(f - 1).mean() - r.mean(), lambda r, f: -torch.exp(f - 1).mean()),
    "reverse-kl": (lambda r, f: torch.exp(-r).mean() + (f - 1).mean(), lambda r, f: -(f - 1).mean()),
    "pearson": (lambda r, f: (f**2 / 4 + f).mean() - r.mean(), lambda r, f: -(f**2 / 4 + f).mean()),
    "hellinger": (
        lambda r, f: (torch.exp(f) - 1).mean() - (1 - torch.exp(-r)).mean(),
        lambda r, f: -(torch.exp(f) - 1).mean(),
    ),
    "jensen-shannon": (
        lambda r, f: (F.softplus(f) - LOG2).mean() - (LOG2 - F.softplus(-r)).mean(),
        lambda r, f: -(F.softplus(f) - LOG2).mean(),
    ),
}


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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loss_cost", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batch-size", type=positive(int), default=64, help="logits (default: %(default)s)")
    parser.add_argument("--patches", type=positive(int), default=1, help="a side of D's map (default: %(default)s)")
    parser.add_argument("--rounds", type=positive(int), default=40, help="interleaved rounds (default: %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    shape = (options.batch_size, 1, options.patches, options.patches)
    try:
        with machine_lock(
            alone=True, waiting=lambda: print("Waiting for other runs on this machine.", file=sys.stderr)
        ):
            print(f"loss and slope, ours over the plain formula, logits {shape}, {options.rounds} rounds, 1 thread")
            for name in PLAIN:
                middle, ratios = compare(name, shape, options.rounds)
                low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
                print(f"  {name:<15} {middle:8.1f} µs  {median:.2f} (quartiles {low:.2f} … {high:.2f})")
    except UsageError as error:
        print(f"benchmarks.loss_cost: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
