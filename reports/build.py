"""Regenerate the comparison report from records alone: python -m reports.build RUN [--out DIR]."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import RecordError
from reports.figures import save_figures
from reports.loading import Run, load, require_run
from reports.manifest import MANIFEST, write_manifest
from reports.page import make_page
from reports.panels import make_panels
from reports.sharing import OLD, alone, sweep
from reports.tables import make_tables

PAGE, TABLES, FIGURES = "report.md", "tables", "figures"
OURS = {PAGE, TABLES, FIGURES, MANIFEST}


class OutputError(Exception):
    """The report cannot be put where it was asked for, told in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.build", description=(__doc__ or "").partition(":")[0] + "."
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="output folder of python -m benchmarks.run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write the report (default: RUN/report)")
    options = parser.parse_args(arguments)
    try:
        print(build(options.run, options.out or options.run / "report"))
    except (RecordError, OutputError) as error:
        print(f"reports.build: {error}", file=sys.stderr)
        return 2
    return 0


def build(folder: Path, out: Path) -> Path:
    """Write the report of a run; what stood in `out` before is replaced at the end, or left whole if this fails.

    Args:
        folder: of the run.
        out: the report's folder; made if missing.

    Returns:
        The path of report.md.

    Raises:
        RecordError: the run cannot be read.
        OutputError: the report cannot be written there.
    """
    require_run(folder)
    _check(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with alone(out):
            sweep(out, OURS)
            _replace(load(folder), out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error}); choose another --out.") from error
    return out / PAGE


def _replace(run: Run, out: Path) -> None:
    _check(out)  # again: another build may have come between
    fresh = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        write(run, fresh)
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def write(run: Run, folder: Path) -> None:
    """Write page, tables, figures and manifest of a run into a folder."""
    panels = make_panels(run)
    tables = make_tables(run, panels)
    (folder / TABLES).mkdir()
    for table in tables:
        (folder / TABLES / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8", newline="\n")
    page = make_page(run, panels, tables, save_figures(run, panels, folder / FIGURES))
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
    write_manifest(folder, run.inputs)
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
