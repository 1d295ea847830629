"""What the suite holds, measured and modelled: python -m benchmarks.capacity [--out DIR]."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks import environment, records
from benchmarks.capacity.growth import bytes_of_a_cell
from benchmarks.capacity.model import fit, limits, spread
from benchmarks.capacity.overhead import Pass, passes
from benchmarks.capacity.report_time import report_cost
from benchmarks.capacity.synthetic import multiply
from benchmarks.capacity.traffic import NEWS, news_a_second
from benchmarks.executors.registry import EXECUTORS
from benchmarks.options import read_options
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import Parser, path, positive, run_command
from gan_losses.errors import UsageError
from reports.packing import unpacked

Json = dict[str, Any]
PROGRAM = "python -m benchmarks.capacity"
ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "reports" / "published" / "reference" / "records" / "digits.tar.xz"
SHORT_STEPS, LONG_STEPS, LONG_CELLS = (
    40,
    1500,
    12,
)  # of cells that show the overhead, and that show what workers are worth
SMALL = ("--preset", "smoke")
LONG = (*SMALL, "--eval-every", str(LONG_STEPS), "--log-every", "100")  # training and little else
FILE = "capacity.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    return run_command("benchmarks.capacity", lambda: _command(arguments))


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("--out", type=path, default=Path("runs/capacity"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--cells", type=positive(int), default=24, metavar="N", help="of each pass (default: 24)")
    parser.add_argument("--repeats", type=positive(int), default=3, metavar="N", help="passes of a kind (default: 3)")
    parser.add_argument(
        "--records",
        default="10,100,1000,10000",
        metavar="A,B",
        help="of the reports that are timed (default: %(default)s)",
    )
    parser.add_argument("--source", type=path, default=SOURCE, metavar="RUN", help="that their records are made of")
    return parser


def _command(arguments: Sequence[str] | None) -> int:
    tune_allocator()
    options = _parser().parse_args(arguments)
    counts = [int(part) for part in options.records.split(",") if part.strip().isascii() and part.strip().isdecimal()]
    if len(counts) < 2 or len(counts) != len(options.records.split(",")) or min(counts) < 1:
        raise UsageError(f"--records {options.records}: expected two or more numbers of records, as in 10,100.")
    if not options.source.exists():
        raise UsageError(
            f"--source {options.source} is not there; name a run's folder or what reports.packing made of one."
        )
    options.out.mkdir(parents=True, exist_ok=True)
    records.write_json(options.out / FILE, _measured(options, counts))
    drawn = subprocess.run(
        [sys.executable, "-m", "reports.capacity", str(options.out.resolve())], cwd=ROOT, check=False
    )
    return 2 if drawn.returncode else 0


def _measured(options: Any, counts: Sequence[int]) -> Json:
    with tempfile.TemporaryDirectory(dir=options.out, prefix=".work-") as place:
        work = Path(place)
        short = list(_told(passes(work / "short", options.cells, SHORT_STEPS, (1,), options.repeats, *SMALL)))
        store = bytes_of_a_cell(work / "short" / "local-1-0")
        long = list(_told(passes(work / "long", LONG_CELLS, LONG_STEPS, (1, 2), options.repeats, *LONG)))
        news = _news()
        report = dict(_reports(options.source, work, counts))
    executors = _of_executors(short, long)
    bytes_of_all = sum(value for kind, value in store.items() if kind != "files")
    found = limits(report, bytes_of_all, executors["overhead"]["ray"][0], news, NEWS)
    lines = {
        name: asdict(fit({n: float(report[str(n)][name]) for n in counts}))
        for name in ("seconds", "peak_bytes", "report_bytes")
    }
    return {
        "command": f"{PROGRAM} --cells {options.cells} --repeats {options.repeats} --records {options.records}",
        "settings": {
            "cells": options.cells,
            "repeats": options.repeats,
            "steps": [SHORT_STEPS, LONG_STEPS],
            "long_cells": LONG_CELLS,
        },
        "passes": [{**asdict(each), "overhead": each.overhead} for each in (*short, *long)],
        **executors,
        "store": store,
        "news": news,
        "report": report,
        "lines": lines,
        "limits": [asdict(each) for each in found],
        "environment": environment.environment(torch.device("cpu"), environment.commit()),
    }


def _of_executors(short: Sequence[Pass], long: Sequence[Pass]) -> Json:
    """What each executor costs and what its workers are worth: median, least and most."""
    kinds = {name: [each for each in short if each.executor == name] for name in EXECUTORS}
    costs = {
        figure: {name: spread([getattr(each, figure) for each in of_it]) for name, of_it in kinds.items()}
        for figure in ("overhead", "steady", "up")
    }
    worth = {"speedup": "wall", "speedup_warm": "cycle"}
    return costs | {
        what: {name: spread(list(_speedups(long, name, figure))) for name in EXECUTORS}
        for what, figure in worth.items()
    }


def _told(found: Iterator[Pass]) -> Iterator[Pass]:
    for each in found:
        _say(
            f"{each.executor}, workers: {each.workers}: {each.cells} cells in {each.wall:.1f} s, "
            f"{each.overhead:.2f} s of a worker beside each"
        )
        yield each


def _speedups(found: Sequence[Pass], executor: str, figure: str) -> Iterator[float]:
    """A figure of one worker over that of two, turn by turn."""
    one, two = ([each for each in found if (each.executor, each.workers) == (executor, number)] for number in (1, 2))
    for first, second in zip(one, two, strict=True):
        yield getattr(first, figure) / getattr(second, figure)


def _news() -> float:
    with EXECUTORS["ray"](read_options(["--losses", "bce", "--executor", "ray"]), lambda line: None):
        rate = news_a_second()
    _say(f"{rate:.0f} news a second go through a mailbox")
    return rate


def _reports(source: Path, work: Path, counts: Sequence[int]) -> Iterator[tuple[str, Json]]:
    with unpacked([source]) as (run,):
        for count in counts:
            folder = work / f"records-{count}"
            multiply(run, folder, count)
            cost = report_cost(folder)
            _say(
                f"report of {count:,} records: {cost.seconds:.1f} s, {cost.peak_bytes / 1e6:.0f} MB, {cost.report_bytes / 1e6:.1f} MB on disk"
            )
            yield str(count), asdict(cost)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
