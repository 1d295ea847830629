"""The metrics of the literature, ours beside torchmetrics' and torch-fidelity's, on the same images and weights.

python -m benchmarks.parity                                random weights of the right architecture
python -m benchmarks.parity --weights FILE                 the published ones
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.lock import machine_lock
from benchmarks.parity_sides import BATCH, METRICS, Pictures, Side, random_weights, sides
from benchmarks.parity_timing import Rows, compare_frechet, compare_rates, timed
from gan_losses.command_line import Parser, path, positive, run_command
from gan_losses.data import load_data
from gan_losses.errors import UsageError
from gan_losses.metrics.inception import load_inception
from gan_losses.metrics.inception_plan import NUM_FEATURES
from gan_losses.metrics.weights import Place, sha256_of
from gan_losses.random import keyed_generator


def pictures(count: int, size: int, folder: Path) -> Pictures:
    """Handwritten digits in two colours each as real images; the fakes are others of them, paler and with noise."""
    digits = load_data("digits", size).train.images["image"].float().div_(255)

    def coloured(stream: str, contrast: float, noise: float) -> Tensor:
        random = keyed_generator(0, f"parity/{stream}", count)
        ink = digits[torch.randint(len(digits), (count,), generator=random)]
        front, back = torch.rand(2, count, 3, 1, 1, generator=random)
        values: Tensor = back + (front - back) * ink * contrast
        values += noise * torch.rand(values.shape, generator=random)
        return values.mul_(255).round_().clamp_(0, 255).to(torch.uint8)

    return Pictures(coloured("real", 1.0, 0.0), coloured("fake", 0.95, 0.03), folder)


def compare_values(compared: Mapping[str, Side], images: Pictures) -> Rows:
    """A row for each metric, and one for the time of all."""
    found = {name: timed(partial(side.measure, images)) for name, side in compared.items()}
    rows = [["metric", *compared, "ours - torch-fidelity", "relative"]]
    for metric in METRICS:
        values = [found[name][1].get(metric) for name in compared]
        ours, theirs = (found[name][1][metric] for name in ("ours", "torch-fidelity"))
        apart = abs(ours - theirs)
        relative = apart / abs(theirs) if theirs else float(apart > 0)
        rows.append([metric, *(_number(value) for value in values), f"{apart:.1e}", f"{relative:.1e}"])
    return [*rows, ["seconds", *(f"{found[name][0]:.1f}" for name in compared), "", ""]]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.8g}"


def as_markdown(rows: Rows) -> str:
    """A table whose first row is the head.

    Example:
        >>> print(as_markdown([["a", "b"], ["1", "2"]]))
        | a | b |
        |---|---|
        | 1 | 2 |
    """
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def report(options: argparse.Namespace) -> str:
    """All three tables, with a line above that says on what."""
    with tempfile.TemporaryDirectory() as folder:
        images = pictures(options.count, options.image_size, Path(folder))
        images.write()
        weights = options.weights or Path(folder) / "random.pth"
        if options.weights is None:
            random_weights(weights, images.real[:BATCH])
        digest = options.weights_sha256 if options.weights else sha256_of(weights)
        extractor = load_inception(3, Place(weights=weights, sha256=digest))
        compared = sides(extractor, weights)
        values = compare_values(compared, images)
        rates = compare_rates(compared, images.real[:BATCH], options.rounds)
    kind = "random weights" if options.weights is None else f"weights {extractor.weights_digest}"
    title = f"{options.count:,} real images and as many fakes of {options.image_size} px, {kind}, "
    frechet = compare_frechet(options.width, (2 * options.width, options.width // 2), options.rounds)
    return "\n\n".join(
        [f"{title}{torch.get_num_threads()} CPU threads, {options.rounds} rounds"]
        + [as_markdown(rows) for rows in (values, rates, frechet)]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    return run_command("benchmarks.parity", lambda: _written(make_parser().parse_args(arguments)))


def make_parser() -> Parser:
    """The parser."""
    title = (__doc__ or "").split("\n")[0]
    parser = Parser(prog="python -m benchmarks.parity", description=title, allow_abbrev=False)
    parser.add_argument("--count", type=positive(int), default=2000, help="images a side (default: %(default)s)")
    parser.add_argument("--image-size", type=positive(int), default=32, help="in pixels (default: %(default)s)")
    parser.add_argument("--weights", type=path, metavar="FILE", help="of Inception (default: random ones)")
    parser.add_argument("--weights-sha256", metavar="HEX", help="the file's hash, if it is not the published file")
    parser.add_argument("--rounds", type=positive(int), default=3, help="of each timing (default: %(default)s)")
    parser.add_argument("--width", type=positive(int), default=NUM_FEATURES, help="of the Fréchet term that is timed")
    parser.add_argument("--out", type=path, metavar="FILE", help="where the tables are written (default: the screen)")
    return parser


def _written(options: argparse.Namespace) -> int:
    if options.out is not None and (options.out.is_dir() or not options.out.parent.is_dir()):
        raise UsageError(f"--out {options.out}: expected a file in a folder that is there.")  # before minutes of work
    with machine_lock(alone=True, waiting=lambda: print("Waiting for other runs on this machine.", file=sys.stderr)):
        told = report(options)
    if options.out is None:
        print(told)
    else:
        options.out.write_text(told + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
