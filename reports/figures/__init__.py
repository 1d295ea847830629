"""The report's figures. One is added by its file and a line in `FIGURES`."""

import gc
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import StringIO
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.records import digest
from reports.figures import (
    cost,
    curves,
    factorial,
    histograms,
    improvement,
    layer_norms,
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
    tuning,
)
from reports.figures.base import Kind
from reports.figures.style import STYLE
from reports.loading import Run
from reports.panels import Panel

FIGURES: tuple[Kind, ...] = (
    seeds.KIND,
    profiles.KIND,
    improvement.KIND,
    factorial.KIND,
    tradeoff.KIND,
    quality.KIND,
    targets.KIND,
    tuning.KIND,
    pareto.KIND,
    samples.KIND,
    cost.KIND,
    curves.KIND,
    logits.KIND,
    saturation.KIND,
    quantiles.KIND,
    histograms.KIND,
    slopes.KIND,
    layers.KIND,
    layer_norms.KIND,
    shapes.KIND,
)
LONGEST = 160
# No format may say when it was made: a report that is built again is the same to the byte.
FORMATS: Mapping[str, Mapping[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
# Of the elements that hold many numbers and no words, and the digits that none of them needs.
PATHS, FURTHER = re.compile(r"<path [^<>]*>"), re.compile(r"(?<=\.\d\d)\d+")
USUAL = ("png", "svg")


def file_name(name: str) -> str:
    """The name, shortened where a file system might not take it.

    Example:
        >>> file_name("seeds-dcgan-digits"), len(file_name(500 * "x"))
        ('seeds-dcgan-digits', 169)
    """
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}-{digest({'name': name})}"


def save_figures(
    run: Run, panels: Sequence[Panel], folder: Path, formats: Sequence[str] = USUAL, processes: int = 1
) -> Iterator[tuple[Kind, list[str]]]:
    """Draw and save everything; yields each kind with its files' names, without suffix, one file per format.

    Args:
        run: whose figures.
        panels: of the run.
        folder: for the files; made if missing.
        formats: of `FORMATS`, each the suffix of its files.
        processes: that draw at once. More than one are forked, where the system forks, and write the same files: only for a
            process without threads.

    Raises:
        ValueError: a format that matplotlib does not know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_kind = partial(_save_kind, run, panels, folder, formats)
    if processes < 2 or "fork" not in get_all_start_methods():
        yield from ((kind, save_kind(kind)) for kind in FIGURES)
        return
    # What a forked process starts with it has without being sent it, a run of many curves above all.
    pool = ProcessPoolExecutor(processes, get_context("fork"), _begin, (save_kind, os.getpid()))
    gc.freeze()  # a collection in a forked process would write to all that it shares
    try:
        with pool:
            yield from zip(FIGURES, pool.map(_save_number, range(len(FIGURES))), strict=True)
    finally:
        gc.unfreeze()


_SAVERS: list[Callable[[Kind], list[str]]] = []  # of a forked process


def _begin(save_kind: Callable[[Kind], list[str]], parent: int) -> None:
    """What a forked process does first. It ends with its parent, even where that was killed: no one else would tell it."""
    _SAVERS.append(save_kind)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _save_number(number: int) -> list[str]:
    return _SAVERS[-1](FIGURES[number])


def _save_kind(run: Run, panels: Sequence[Panel], folder: Path, formats: Sequence[str], kind: Kind) -> list[str]:
    names = []
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the user's must not change the report
        mpl.rcParams.update(STYLE)
        for rest, figure in kind.draw(run, panels):
            names.append(file_name(f"{kind.name}-{rest}"))
            for suffix in formats:
                save(figure, folder / f"{names[-1]}.{suffix}")
    return names


def save(figure: Figure, path: Path) -> None:
    """Save a figure in the format of the path's suffix, one of `FORMATS`."""
    suffix = path.suffix.removeprefix(".")
    if suffix != "svg":
        figure.savefig(path, metadata=FORMATS.get(suffix))
        return
    text = StringIO()
    figure.savefig(text, format=suffix, metadata=FORMATS.get(suffix))
    path.write_text(shortened(text.getvalue()), encoding="utf-8", newline="\n")


def shortened(svg: str) -> str:
    """An SVG with paths to a hundredth of a point, where matplotlib writes a millionth: half the size, and nothing to see.

    Example:
        >>> shortened('<path d="M 1.234567 -2.5 L 0.001 12"/><text>0.12345</text>')
        '<path d="M 1.23 -2.5 L 0.00 12"/><text>0.12345</text>'
    """
    return PATHS.sub(lambda path: FURTHER.sub("", path[0]), svg)


__all__ = ["FIGURES", "FORMATS", "Kind", "save_figures"]
