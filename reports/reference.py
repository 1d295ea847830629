"""The published reference, regenerated from its committed records: python -m reports.reference [--check]."""

import argparse
import filecmp
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.records import RecordError
from reports.build import OutputError, build
from reports.packing import SUFFIX

FOLDER = Path(__file__).parent / "published" / "reference"
RECORDS, REPORT = "records", "report"


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """The command: 0, 1 where `--check` finds a difference, 2 where there is nothing to make it from."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.reference",
        description=f"Build {REPORT} from {RECORDS} in reports/published/reference.",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say which files would come out differently"
    )
    options = parser.parse_args(arguments)
    try:
        return _check(folder) if options.check else _make(folder)
    except (RecordError, OutputError) as error:
        print(f"reports.reference: {error}", file=sys.stderr)
        return 2


def records(folder: Path) -> list[Path]:
    """The packed records that the reference is made of.

    Raises:
        RecordError: there are none.
    """
    found = sorted((folder / RECORDS).glob(f"*{SUFFIX}"))
    if not found:
        raise RecordError(f"{folder.name}/{RECORDS} holds no {SUFFIX} files; make them by python -m reports.packing.")
    return found


def _built(folder: Path, out: Path) -> Path:
    # The page holds its figures; beside it, in the repository, one form of each is enough.
    return build(records(folder), out, processes=os.cpu_count() or 1, pictures=["svg"])


def _make(folder: Path) -> int:
    print(_built(folder, folder / REPORT))
    return 0


def _check(folder: Path) -> int:
    with tempfile.TemporaryDirectory() as place:
        fresh = _built(folder, Path(place) / REPORT)
        found = list(differences(folder / REPORT, fresh))
    for line in found:
        print(line)
    print(f"{len(found)} files differ." if found else "Equal to the byte.")
    return 1 if found else 0


def differences(one: Path, other: Path) -> Iterator[str]:
    """What differs between two folders, a line each."""
    ours, theirs = ({path.relative_to(part) for path in part.rglob("*") if path.is_file()} for part in (one, other))
    for path in sorted(ours | theirs):
        if path not in theirs:
            yield f"{path.as_posix()}: is no longer made"
        elif path not in ours:
            yield f"{path.as_posix()}: is missing"
        elif not filecmp.cmp(one / path, other / path, shallow=False):
            yield f"{path.as_posix()}: differs"


if __name__ == "__main__":
    sys.exit(main())
