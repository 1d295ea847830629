"""What two output folders of the same command must share, and what must not be left behind."""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import records

CELLS = "*/*/*/*/seed*"
SHARED = ("losses.json", "ladders/*", "real/*")
# What depends on the clock, the machine's load and how often a run was stopped; the seal is of these, too.
FREE = {"record.json": ("time", "memory", records.SEAL), "run.json": ("command", "options", records.SEAL)}
KEPT = (*records.SCORED, "diverged")
Json = dict[str, Any]
Snapshot = Mapping[str, Any]


def snapshot(run: Path) -> Snapshot:
    """Path -> content (JSON) or sha256 (everything else) of all that must be equal."""
    return {str(path.relative_to(run)): _content(path) for path in _compared(run)}


def differences(expected: Snapshot, found: Snapshot) -> list[str]:
    """One line for each difference."""
    lines = [f"{path}: missing" for path in expected if path not in found]
    lines += [f"{path}: not in the unbroken run" for path in found if path not in expected]
    for path in expected:
        if path in found:
            lines += [f"{path}{place}" for place in _differing(expected[path], found[path])]
    return lines


def whole_records(run: Path) -> dict[str, str]:
    """Cell -> sha256 of its record's bytes, for all that are whole and not to be trained again."""
    held = {}
    for folder in records.find_records(run):
        try:
            status = records.read_json(folder / "record.json", "status")["status"]
            content = (folder / "record.json").read_bytes()
        except (records.RecordError, OSError):
            continue
        if status in KEPT:
            held[str(folder.relative_to(run))] = hashlib.sha256(content).hexdigest()
    return held


def lost(before: Mapping[str, str], run: Path) -> list[str]:
    """Cells of `before` whose record is gone or another one."""
    now = whole_records(run)
    return sorted(cell for cell, digest in before.items() if now.get(cell) != digest)


def statuses(run: Path) -> dict[str, str]:
    """Cell -> status, of the records that can be read."""
    found = {}
    for folder in records.find_records(run):
        try:
            found[str(folder.relative_to(run))] = records.read_json(folder / "record.json", "status")["status"]
        except (records.RecordError, OSError):
            continue
    return found


def leftovers(run: Path, *others: Path) -> list[str]:
    """What a completed run must not leave: temporary files, checkpoints of finished cells, locks that are held."""
    lines = []
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run)
        if path.suffix == ".tmp" or path.name.startswith((".report.", ".writable")):
            lines.append(f"{name}: left behind")
        elif path.suffix == ".checkpoint" and (path.parent.parent / "record.json").exists():
            lines.append(f"{name}: a checkpoint of a finished cell")
    locks = [path for folder in (run, *others) for path in folder.rglob("*lock*") if path.is_file()]
    return lines + [f"{path.name}: a lock that is held" for path in locks if _held(path)]


def _held(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _compared(run: Path) -> Iterator[Path]:
    yield from (path for pattern in (*SHARED, "run.json") for path in sorted(run.glob(pattern)) if _counts(path))
    for cell in sorted(run.glob(CELLS)):
        yield from (path for path in sorted(cell.rglob("*")) if path.is_file() and _counts(path))


def _counts(path: Path) -> bool:
    return not path.name.startswith(".") and ".damaged-" not in path.name and not path.name.endswith("lock")


def _content(path: Path) -> Any:
    content = path.read_bytes()
    if path.suffix != ".json":
        return hashlib.sha256(content).hexdigest()
    try:
        whole = json.loads(content)
    except ValueError:
        return f"no JSON, sha256 {hashlib.sha256(content).hexdigest()}"
    kept = {name: value for name, value in whole.items() if name not in FREE.get(path.name, (records.SEAL,))}
    if "environment" in kept:
        kept["environment"] = {name: value for name, value in kept["environment"].items() if name != "commit"}
    return kept


def _differing(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            yield from _differing(expected.get(key), found.get(key), f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _differing(*pair, f"{place}[{index}]")
    elif type(expected) is not type(found) or expected != found:
        yield f"{place}: {_short(expected)} expected, {_short(found)} found"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
