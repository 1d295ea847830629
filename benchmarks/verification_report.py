"""Checks a run's report against its manifest: made from the files that are there, and unchanged. Standard library only."""

from pathlib import Path
from typing import Any

from benchmarks.records import INPUTS
from benchmarks.verification import ERROR, NOTE, Check, Json, files_below, is_inside

REPORT, MANIFEST = "report", "manifest.json"


def check_report(check: Check) -> None:
    """Check the report in the run's folder, if there is one."""
    remedy = f"run python -m reports.build {check.run}"
    report = check.run / REPORT
    if not report.is_dir():
        check.find(NOTE, report, "no report here", remedy)
        return
    if not (report / MANIFEST).exists():
        check.find(NOTE, report, "older: has no manifest, so that it cannot be checked", remedy)
        return
    manifest = check.json(report / MANIFEST, "inputs", "files")
    if manifest is None:
        return
    if not (_is_list(manifest["inputs"]) and _is_list(manifest["files"])):
        check.find(ERROR, report / MANIFEST, "is no manifest", remedy)
        return
    _check_inputs(check, manifest, remedy)
    _check_files(check, report, manifest, remedy)


def _is_list(digests: Any) -> bool:
    return (
        isinstance(digests, dict) and all(map(is_inside, digests)) and all(isinstance(d, str) for d in digests.values())
    )


def _check_inputs(check: Check, manifest: Json, remedy: str) -> None:
    now = {check.name(path): path for pattern in INPUTS for path in check.run.glob(pattern) if path.is_file()}
    found = {name: check.digest(path) for name, path in now.items()}
    unlike = sorted(name for name in {*found, *manifest["inputs"]} if found.get(name) != manifest["inputs"].get(name))
    if unlike:
        more = f" and {len(unlike) - 1} more" if len(unlike) > 1 else ""
        check.find(ERROR, REPORT, f"the report was made from other records ({unlike[0]}{more})", remedy)


def _check_files(check: Check, report: Path, manifest: Json, remedy: str) -> None:
    known = {path.relative_to(report).as_posix(): path for path in files_below(report)}
    known.pop(MANIFEST, None)
    for name, digest in manifest["files"].items():
        if name not in known:
            check.find(ERROR, report / name, "is gone", remedy)
        elif (found := check.digest(known[name])) is not None and found != digest:
            check.find(ERROR, known[name], "is not what was written: its sha256 differs from the manifest's", remedy)
    for name in sorted(set(known) - set(manifest["files"])):
        check.find(ERROR, known[name], "is no file of the report", f"take it away and {remedy}")
