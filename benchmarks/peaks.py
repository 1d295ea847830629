"""What a device can do at most, measured: the fastest of a few convolutions and matrix products, and large copies.

python -m benchmarks.peaks                      FLOP/s and bytes/s of this machine, all cores
python -m benchmarks.peaks --precision bf16     the same of bfloat16
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.environment import available_cores, resolve_device
from benchmarks.lock import machine_lock
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import Parser, positive, run_command
from gan_losses.timing import PhaseClock
from gan_losses.training import PRECISIONS

Call = Callable[[], object]
FIRST_BATCH, LARGEST_BATCH = 8, 4096
LEAST = 2e-3  # seconds of one call: shorter ones measure the launch, so the batch is doubled
STREAMED = 2**23  # float32 numbers per image: 256 MiB at the first batch, more than caches hold
# Channels in and out, side of the image, of the kernel, stride, padding: DCGAN's layers at 64 pixels, residual blocks'.
CONVOLUTIONS = (
    (64, 128, 32, 4, 2, 1),
    (128, 256, 16, 4, 2, 1),
    (256, 512, 8, 4, 2, 1),
    (64, 64, 64, 3, 1, 1),
    (128, 128, 32, 3, 1, 1),
    (256, 256, 16, 3, 1, 1),
)
PRODUCTS = (1024, 2048)  # a side of the square factor
ROWS = 64  # per image, of the other factor


@dataclass(frozen=True)
class Peaks:
    """What a device can do at most in one precision.

    Attributes:
        flops_per_second: two for each multiply-add.
        bytes_per_second: read and written.
        how: which of the measured kernels were fastest.
    """

    flops_per_second: float
    bytes_per_second: float
    how: str


@dataclass(frozen=True)
class Kernel:
    """Something that is timed.

    Attributes:
        name: what it is.
        amount: FLOPs or bytes per image.
        make: batch -> the call.
    """

    name: str
    amount: int
    make: Callable[[int], Call]


def kernels(device: torch.device, precision: str) -> list[Kernel]:
    """The convolutions in both memory layouts and the matrix products, none of which keeps a graph."""
    kind = {"device": device, "dtype": PRECISIONS[precision] or torch.float32}
    layouts = {"channels last": torch.channels_last, "contiguous": torch.contiguous_format}
    found = [_convolution(sizes, name, layout, kind) for sizes in CONVOLUTIONS for name, layout in layouts.items()]
    return [*found, *(_product(side, kind) for side in PRODUCTS)]


def _convolution(sizes: tuple[int, ...], name: str, layout: torch.memory_format, kind: dict[str, object]) -> Kernel:
    inside, outside, side, kernel, stride, padding = sizes
    weight = _filled((outside, inside, kernel, kernel), kind).to(memory_format=layout)
    result = (side + 2 * padding - kernel) // stride + 1

    def make(batch: int) -> Call:
        images = _filled((batch, inside, side, side), kind).to(memory_format=layout)
        return lambda: F.conv2d(images, weight, stride=stride, padding=padding)

    title = f"convolution {kernel}x{kernel} of {inside} to {outside} channels at {side} px, {name}"
    return Kernel(title, 2 * weight.numel() * result**2, make)


def _product(side: int, kind: dict[str, object]) -> Kernel:
    factor = _filled((side, side), kind)

    def make(batch: int) -> Call:
        rows = _filled((ROWS * batch, side), kind)
        return lambda: rows @ factor

    return Kernel(f"matrix product of side {side}", 2 * ROWS * side**2, make)


def streams(device: torch.device) -> list[Kernel]:
    """A copy, and a change in place, which spares a CPU the reading of what is overwritten: optimisers do that."""

    def copy(batch: int) -> Call:
        source, target = torch.ones(STREAMED * batch, device=device), torch.zeros(STREAMED * batch, device=device)
        return lambda: target.copy_(source)

    def change(batch: int) -> Call:
        values = torch.ones(STREAMED * batch, device=device)
        return lambda: values.mul_(1.0)

    size = 2 * STREAMED * 4  # read and written
    return [Kernel("copy", size, copy), Kernel("change in place", size, change)]


def _filled(shape: tuple[int, ...], kind: dict[str, object]) -> Tensor:
    return torch.full(shape, 0.5, **kind)  # type: ignore[call-overload,no-any-return]


def measure(device: torch.device, precision: str = "fp32", threads: int = 1, seconds: float = 0.2) -> Peaks:
    """The fastest call of each kernel, and of these the best.

    On a GPU fp32 is what torch's settings make of it: TF32 in convolutions, unless that was turned off.

    Args:
        device: what is measured.
        precision: a name in `PRECISIONS`.
        threads: of torch, on a CPU.
        seconds: that each of the 16 kernels is repeated for.
    """
    with _settled(threads), torch.no_grad():
        compute, computed = _best(kernels(device, precision), device, seconds)
        memory, streamed = _best(streams(device), device, seconds)
    tf32 = device.type == "cuda" and precision == "fp32" and torch.backends.cudnn.allow_tf32
    return Peaks(computed, streamed, f"{'tf32' if tf32 else precision} {compute}; {memory} of large arrays")


def _best(several: Iterable[Kernel], device: torch.device, seconds: float) -> tuple[str, float]:
    """Name and rate of the fastest."""
    rates = {kernel.name: _rate(kernel, device, seconds) for kernel in several}
    return max(rates.items(), key=lambda item: item[1])


@contextmanager
def _settled(threads: int) -> Iterator[None]:
    """So many threads, and on a GPU the fastest algorithm instead of the first guess."""
    before, tuned = torch.get_num_threads(), torch.backends.cudnn.benchmark
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.backends.cudnn.benchmark = tuned


def _rate(kernel: Kernel, device: torch.device, seconds: float) -> float:
    """Amount per second of the fastest call."""
    batch = FIRST_BATCH
    while True:
        call = kernel.make(batch)
        call()
        if _fastest(call, device, 0) >= LEAST or batch >= LARGEST_BATCH:
            return kernel.amount * batch / _fastest(call, device, seconds)
        batch *= 2


def _fastest(call: Call, device: torch.device, seconds: float) -> float:
    """Seconds of the fastest of at least two calls."""
    clock, end = PhaseClock(device), time.perf_counter() + seconds
    while len(clock.wall["step"]) < 2 or time.perf_counter() < end:
        clock("kernel")
        call()
        clock.finish()
    return min((clock.device_time or clock.wall)["step"])


def clock_megahertz(device: torch.device) -> float | None:
    """The clock that a GPU's multiprocessors or the processor's cores run at just now; None where nobody tells.

    A GPU's needs the package nvidia-ml-py.
    """
    if device.type == "cuda":
        try:
            return float(torch.cuda.clock_rate(device))
        except Exception:  # no nvidia-ml-py, or a driver that does not tell: each raises its own
            return None
    try:
        frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    except (OSError, NotImplementedError, RuntimeError):
        return None
    return float(frequency.current) or None if frequency else None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    return run_command("benchmarks.peaks", lambda: _report(make_parser().parse_args(arguments)))


def make_parser() -> Parser:
    """The parser."""
    title = (__doc__ or "").split("\n")[0]
    parser = Parser(prog="python -m benchmarks.peaks", description=title, allow_abbrev=False)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--precision", choices=list(PRECISIONS), default="fp32", help="default: %(default)s")
    parser.add_argument("--threads", type=positive(int), help="of torch (default: one for each core)")
    return parser


def _report(options: argparse.Namespace) -> int:
    tune_allocator()
    threads = options.threads or available_cores()
    device = resolve_device(options.device)
    with machine_lock(alone=True, waiting=lambda: print("Waiting for other runs on this machine.", file=sys.stderr)):
        peaks = measure(device, options.precision, threads)
    print(f"{device.type}, {options.precision}, {threads} thread{'s' if threads > 1 else ''}: {peaks.how}")
    print(f"  {peaks.flops_per_second / 1e12:.3f} TFLOP/s")
    print(f"  {peaks.bytes_per_second / 1e9:.1f} GB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
