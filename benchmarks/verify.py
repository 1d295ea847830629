"""Check that a run is whole and unchanged: python -m benchmarks.verify RUN."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cell_folder import ASIDE
from benchmarks.verification import ERROR, KINDS, NOTE, UNFINISHED, Check, Json, files_below
from benchmarks.verification_cells import CELLS, check_cells
from benchmarks.verification_report import check_report

PROGRAM = "python -m benchmarks.verify"
DESCRIPTION = """\
Checks that every file of a run is there and is what was written: records, curves, samples, weights, checkpoints, ladders,
timing and tuning records, the data set in the folder, and the report. Nothing is changed. Prints one line for each finding."""
CODES = "Exit code: 0 all is well, 1 something is wrong or not finished, 2 no such run."
LEFT = re.compile(r"\..*\.(tmp|lock)|\.report\.(old\.)?[a-z0-9_]{8}|.*\.damaged-\d+")
OTHERS = ("run.json", "losses.json", "ladders/*.json", "timing/*.json", "tuning/*.json")
REQUIRED = {"losses.json": ("losses",)}
STORED = "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    options = _parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace") if hasattr(sys.stdout, "reconfigure") else None
    wrong = _usage(options.run)
    if wrong:
        print(f"benchmarks.verify: {wrong}", file=sys.stderr)
        return 2
    try:
        check, cells = verify(options.run)
    except OSError as error:
        print(
            f"benchmarks.verify: {error.filename or options.run} cannot be read ({error.strerror}); mend that.",
            file=sys.stderr,
        )
        return 2
    if not options.quiet:
        tell(check, cells)
    return 1 if check.of(ERROR) or check.of(UNFINISHED) else 0


def verify(run: Path) -> tuple[Check, int]:
    """Check a run; returns what was found and how many cells have a record."""
    check = Check(run)
    found = {path: check.json(path, *REQUIRED.get(path.name, ())) for path in _others(run)}
    if not (run / "run.json").exists():
        check.find(NOTE, "run.json", "is not there, so that it is not known which cells were asked for")
    cells = check_cells(check, found.get(run / "run.json") or {})
    check_report(check)
    for path in sorted(run.glob(f"{STORED}/*")):
        if path.is_dir() and not path.name.startswith("."):
            _check_data(check, path)
    _note_leftovers(check)
    return check, cells


def tell(check: Check, cells: int) -> None:
    """Print the findings, grouped, and a summary."""
    for kind in KINDS:
        if check.of(kind):
            print(f"{kind}:")
            print("\n".join(f"  {finding.line}" for finding in check.of(kind)))
    counted = ", ".join(f"{len(check.of(kind))} {kind}" for kind in KINDS)
    print(f"{cells} cells, {len(check.digests)} files, {check.bytes:,} bytes checked: {counted}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=DESCRIPTION, epilog=CODES)
    parser.add_argument("run", type=Path, metavar="RUN", help="output folder of python -m benchmarks.run")
    parser.add_argument("--quiet", action="store_true", help="print nothing, the exit code says it")
    return parser


def _usage(run: Path) -> str:
    try:
        if not run.is_dir():
            return f"{run} is no folder; give the output folder of python -m benchmarks.run."
        if not (run / "run.json").exists() and not any(run.glob(f"{CELLS}/record.json")):
            return f"{run} holds neither run.json nor a record; give the output folder of python -m benchmarks.run."
        next(run.iterdir(), None)
    except (OSError, ValueError) as error:
        return (
            f"{str(run)!r} cannot be read ({getattr(error, 'strerror', None) or error}); mend that or give another one."
        )
    return ""


def _others(run: Path) -> list[Path]:
    return sorted({path for pattern in OTHERS for path in run.glob(pattern)})


def _check_data(check: Check, folder: Path) -> None:
    """The data set's own digests, and that its facts are byte for byte what was written."""
    try:
        from gan_losses.data.store import FACTS, check_dataset  # torch: only where there is a data set to check
    except ImportError as error:
        check.find(NOTE, folder, f"not checked, because {error.name} is missing here")
        return
    try:
        whole = check_dataset(folder) and _as_saved((folder / FACTS).read_bytes())
    except Exception:  # facts of any form whatever
        whole = False
    for path in files_below(folder):
        check.digest(path)
    if not whole:
        check.find(ERROR, folder, "the data set is not what was written", "delete it, and the next run writes it anew")


def _as_saved(raw: bytes) -> bool:
    content: Json = json.loads(raw)
    return json.dumps(content, indent=1).encode() == raw


def _note_leftovers(check: Check) -> None:
    """What stands beside the files of the run; that of the cells was noted with them."""
    noted = {finding.path for finding in check.findings}
    for path in files_below(check.run):
        parts = path.relative_to(check.run).parts
        left = next((index for index, part in enumerate(parts) if LEFT.fullmatch(part)), None)
        if left is None or check.name(path) in noted:
            continue
        name = "/".join(parts[: left + 1])
        if name not in noted:
            noted.add(name)
            check.find(NOTE, name, _what(parts[left]))


def _what(name: str) -> str:
    if ASIDE in name:
        return "set aside because it was damaged"
    return "a lock, or what is left of one" if name.endswith(".lock") else "left over from a process that was killed"


if __name__ == "__main__":
    sys.exit(main())
