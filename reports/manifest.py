"""What a report was made from, and its files: manifest.json in the report's folder, which `benchmarks.verify` reads."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.records import INPUTS, write_json

MANIFEST = "manifest.json"


def input_paths(run: Path) -> list[Path]:
    """The files of a run that a report may be made from."""
    return sorted({path for pattern in INPUTS for path in run.glob(pattern) if path.is_file()})


def digests(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """The sha256 of files by their paths in the folder; those that cannot be read are left out."""
    found = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                name = path.relative_to(folder).as_posix().encode(errors="backslashreplace").decode()
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:  # gone since, or not to be read: what reads it says so
            continue
    return found


def write_manifest(report: Path, inputs: Mapping[str, str]) -> None:
    """Write the manifest into a report's folder that holds all other files.

    Args:
        report: its folder.
        inputs: the sha256 of what it was made from.
    """
    files = sorted(path for path in report.rglob("*") if path.is_file() and path != report / MANIFEST)
    write_json(report / MANIFEST, {"inputs": inputs, "files": digests(report, files)})
