"""Regenerate the comparison report from records alone: python -m reports.build RUN [RUN ...] [--out DIR]."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import reports.one_thread  # noqa: F401 - ahead of numpy
from benchmarks.records import RecordError
from reports.document_of import make_document
from reports.experiments import chapter
from reports.experiments.chapter import Experiments, holds_experiments
from reports.figures import save_figures
from reports.figures.base import palette_of
from reports.formats import FIGURES, FORMATS, TABLES, USUAL, WRITTEN
from reports.loading import Run, require_run
from reports.manifest import MANIFEST, write_manifest
from reports.merging import load_runs
from reports.packing import SUFFIX, unpacked
from reports.panels import make_panels
from reports.sharing import OLD, alone, sweep
from reports.tables import make_tables

MOST = 4  # processes: each has the run and a canvas in memory
OURS = {*WRITTEN, TABLES, FIGURES, MANIFEST}


class OutputError(Exception):
    """The report cannot be put where it was asked for, told in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    options = _parser().parse_args(arguments)
    try:
        formats = _formats(options.formats)
        out = build(options.run, _out(options.run, options.out), formats, os.cpu_count() or 1)
    except (RecordError, OutputError) as error:
        print(f"reports.build: {error}", file=sys.stderr)
        return 2
    print(out / next((page for name in formats if (page := FORMATS[name].page)), TABLES))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports.build", description=(__doc__ or "").partition(":")[0] + "."
    )
    parser.add_argument(
        "run",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="output folder of python -m benchmarks.run or benchmarks.experiments, or what reports.packing made of one",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write the report (default: RUN/report)")
    words = "; ".join(f"{name}: {each.words}" for name, each in FORMATS.items())
    parser.add_argument("--formats", default=",".join(USUAL), metavar="A,B", help=f"default: %(default)s. {words}")
    return parser


def _formats(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    strangers = [name for name in names if name not in FORMATS]
    if strangers:
        raise OutputError(f"--formats takes {', '.join(FORMATS)}, joined by commas; {strangers[0]!r} came.")
    return names


def _out(runs: Sequence[Path], out: Path | None) -> Path:
    if out is not None:
        return out
    if len(runs) > 1 or runs[0].is_file():
        what = "several runs" if len(runs) > 1 else f"a {SUFFIX} file"
        raise OutputError(f"a report of {what} needs --out DIR: say where it is to stand.")
    return runs[0] / "report"


def build(
    paths: Sequence[Path],
    out: Path,
    formats: Sequence[str] = USUAL,
    processes: int = 1,
    pictures: Sequence[str] | None = None,
) -> Path:
    """Write the report of runs; what stood in `out` before is replaced at the end, or left whole if this fails.

    Args:
        paths: folders of runs and of experiments, or packed ones; at least one of a run.
        out: the report's folder; made if missing.
        formats: of `reports.formats.FORMATS`.
        processes: that draw figures at once; more than one only in a process without threads. The files are the same.
        pictures: the suffixes of figures that stay beside the pages; None for all that the formats need.

    Returns:
        The report's folder.

    Raises:
        RecordError: a run cannot be read.
        OutputError: the report cannot be written there.
    """
    with unpacked(paths) as folders:
        found = [folder for folder in folders if holds_experiments(folder)]
        runs = [folder for folder in folders if folder not in found]
        if not runs:
            raise RecordError(
                f"{paths[0]} holds experiments alone; give a run, too, or draw them by python -m reports.experiments."
            )
        for folder in runs:
            require_run(folder)
        _check(out)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with alone(out):
                sweep(out, OURS)
                experiments = chapter.together([chapter.read(folder) for folder in found])
                fill = partial(write, load_runs(runs), experiments, formats, min(processes, MOST), pictures)
                _replace(fill, out)
        except OSError as error:
            raise OutputError(f"{out} cannot be written ({error.strerror or error}); choose another --out.") from error
    return out


def _replace(fill: Callable[[Path], None], out: Path) -> None:
    _check(out)  # again: another build may have come between
    fresh = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        fill(fresh)
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def write(
    run: Run,
    experiments: Experiments,
    formats: Sequence[str],
    processes: int,
    kept: Sequence[str] | None,
    folder: Path,
) -> None:
    """Write pages, tables, figures and manifest of a run into a folder that will be the report's, or lies beside it."""
    panels = make_panels(run)
    tables = [*make_tables(run, panels), *filter(None, [chapter.table(experiments)])]
    pictures = tuple(dict.fromkeys(suffix for name in formats for suffix in FORMATS[name].pictures))
    drawn = list(save_figures(run, panels, folder / FIGURES, pictures, processes)) if pictures else []
    chapter.save(experiments, folder / FIGURES, pictures)
    document = make_document(run, panels, tables, drawn, folder, experiments)
    looks = {loss: look.colour for loss, look in palette_of(run, run.loss_order()).items()}
    document = replace(document, pictures=[suffix for suffix in ("png", "svg") if kept is None or suffix in kept])
    for name in formats:
        FORMATS[name].write(document, folder, looks)
    if kept is not None:
        for path in (folder / FIGURES).iterdir():
            if path.suffix.removeprefix(".") not in kept:
                path.unlink()
    write_manifest(folder, {**run.inputs, **experiments.inputs})
    folder.chmod(0o755)  # a temporary folder is its maker's alone


def _check(out: Path) -> None:
    """Refuse to replace anything but an older report: a slip in --out must not cost a folder."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise OutputError(f"--out {out} is a file or a link; give a folder that is empty or not there yet.")
    strangers = sorted({path.name for path in out.iterdir()} - OURS) if out.exists() else []
    if strangers:
        raise OutputError(
            f"--out {out} holds other files ({strangers[0]}); give a folder that is empty or not there yet."
        )


def _swap(fresh: Path, out: Path) -> None:
    if not out.exists():
        fresh.rename(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.{OLD}"))
    out.rename(old / out.name)
    try:
        fresh.rename(out)
    except OSError:
        (old / out.name).rename(out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
