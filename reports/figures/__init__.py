"""The report's figures. One is added by its file and a line in `FIGURES`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl

from benchmarks.records import digest
from reports.figures import (
    cost,
    curves,
    factorial,
    layers,
    logits,
    pareto,
    profiles,
    quality,
    quantiles,
    samples,
    saturation,
    seeds,
    shapes,
    slopes,
    targets,
    tradeoff,
)
from reports.figures.base import Kind
from reports.figures.style import STYLE
from reports.loading import Run
from reports.panels import Panel

FIGURES: tuple[Kind, ...] = (
    seeds.KIND,
    profiles.KIND,
    factorial.KIND,
    tradeoff.KIND,
    quality.KIND,
    targets.KIND,
    pareto.KIND,
    samples.KIND,
    cost.KIND,
    curves.KIND,
    logits.KIND,
    saturation.KIND,
    quantiles.KIND,
    slopes.KIND,
    layers.KIND,
    shapes.KIND,
)
LONGEST = 160
# Neither format may say when it was made: a report that is built again is the same to the byte.
FORMATS = {"png": {"Software": None}, "svg": {"Date": None}}


def file_name(name: str) -> str:
    """The name, shortened where a file system might not take it.

    Example:
        >>> file_name("seeds-dcgan-digits"), len(file_name(500 * "x"))
        ('seeds-dcgan-digits', 169)
    """
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}-{digest({'name': name})}"


def save_figures(run: Run, panels: Sequence[Panel], folder: Path) -> Iterator[tuple[Kind, list[str]]]:
    """Draw and save everything; yields each kind with its files' names, without suffix, one file per format."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the user's must not change the report
        mpl.rcParams.update(STYLE)
        for kind in FIGURES:
            names = []
            for rest, figure in kind.draw(run, panels):
                names.append(file_name(f"{kind.name}-{rest}"))
                for suffix, metadata in FORMATS.items():
                    figure.savefig(folder / f"{names[-1]}.{suffix}", metadata=metadata)
            yield kind, names


__all__ = ["FIGURES", "Kind", "save_figures"]
