"""Draw experiments from their records alone: python -m reports.experiments DIR."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from benchmarks.records import RecordError, write_bytes
from reports.experiments import FIGURES
from reports.experiments.chapter import read
from reports.experiments.page import make_page
from reports.figures import USUAL, save
from reports.figures.style import STYLE

PAGE = "experiments.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m reports.experiments", description="Draw experiments from records.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="--out of python -m benchmarks.experiments")
    options = parser.parse_args(arguments)
    try:
        print(build(options.folder))
    except (RecordError, OSError) as error:
        print(f"reports.experiments: {error}", file=sys.stderr)
        return 2
    return 0


def build(folder: Path) -> Path:
    """A figure and a table beside each record, and a page of them all; returns the page's path.

    Raises:
        RecordError: there is no record, or one cannot be read.
    """
    found = read(folder).records
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        for record in found:
            _save(record, folder / record["experiment"])
    page = folder / PAGE
    write_bytes(page, make_page(found).encode())
    return page


def _save(record: dict[str, Any], folder: Path) -> None:
    figure = FIGURES[record["experiment"]](record)
    for suffix in USUAL:
        save(figure, folder / f"figure.{suffix}")
    table = pd.DataFrame(record["rows"]).to_csv(index=False, lineterminator="\n")
    write_bytes(folder / "table.csv", table.encode())


if __name__ == "__main__":
    sys.exit(main())
