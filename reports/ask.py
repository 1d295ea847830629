"""Ask runs: python -m reports.ask RUN --explain CELL, --compare A B or --budget 600s."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import RecordError
from reports.asking.cells import compare_cells
from reports.asking.charts import charts
from reports.asking.compare import compare
from reports.asking.drawing import check, save_figure
from reports.asking.explain import explain, home
from reports.asking.finding import find_cell
from reports.asking.spending import seconds_of, spend
from reports.asking.tracks import tracks
from reports.asking.words import AskError, encodable, paragraph, unmarked
from reports.loading import Run
from reports.merging import load_runs
from reports.packing import unpacked


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    options = _parser().parse_args(arguments)
    try:
        found = answer(options)
    except (RecordError, AskError) as error:
        print(encodable(f"reports.ask: {error}", sys.stderr.encoding), file=sys.stderr)
        return 2
    try:
        print(encodable(found, sys.stdout.encoding), flush=True)
    except BrokenPipeError:  # of a reader that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is flushed at the end has to go somewhere
    return 0


def answer(options: argparse.Namespace) -> str:
    """What is printed.

    Raises:
        RecordError: the run cannot be read.
        AskError: the question has no answer.
    """
    if options.figure and options.explain is None:
        raise AskError("--figure draws the curves of one cell; give it with --explain CELL.")
    if options.figure:
        check(options.figure)
    seconds = None if options.budget is None else seconds_of(options.budget)
    with unpacked(options.runs) as folders:
        run = load_runs(folders)
        notices = "".join(f"{paragraph([unmarked(notice)])}\n\n" for notice in run.notices)
        found = notices + (_asked(run, options) if seconds is None else spend(run, seconds))
    for folder, path in zip(folders, options.runs, strict=True):
        found = found.replace(str(folder), str(path))  # a packed run's folder is gone by now
    return found


def _asked(run: Run, options: argparse.Namespace) -> str:
    return _compared(run, *options.compare) if options.compare else _explained(run, options)


def _explained(run: Run, options: argparse.Namespace) -> str:
    cell = find_cell(run, options.explain)
    found = tracks(run, home(run, cell)[0], cell)
    drawn = charts(found, sys.stdout.encoding) if found else "It has no curves."
    if options.figure:
        save_figure(run, cell, found, options.figure)
    return f"{explain(run, cell)}\n\n{drawn}"


def _compared(run: Run, first: str, second: str) -> str:
    """Losses where both names are one's, cells otherwise."""
    losses = run.loss_order()
    if first in losses and second in losses:
        return compare(run, first, second)
    if (first in losses) != (second in losses):
        stranger = second if first in losses else first
        raise AskError(f"--compare takes two losses ({', '.join(losses)}) or two cells, and {stranger} is no loss.")
    return compare_cells(run, find_cell(run, first), find_cell(run, second))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports.ask", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="output folders of python -m benchmarks.run, or what reports.packing made of them",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--explain", metavar="CELL", help="what happened to a cell; its id, or a part that no other has")
    asked.add_argument("--compare", nargs=2, metavar=("A", "B"), help="two losses in every panel, or two cells")
    asked.add_argument(
        "--budget", metavar="TIME", help="which loss for this time on each timed device: 90, 600s, 10m, 2h"
    )
    parser.add_argument("--figure", type=Path, metavar="FILE", help="with --explain: the curves as .png, .svg or .pdf")
    return parser


if __name__ == "__main__":
    sys.exit(main())
