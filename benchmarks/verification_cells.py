"""Checks the cells of a run: records, the files that they name, curves, checkpoints. Standard library only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.cell_folder import ASIDE, CHECKPOINTS, TENSORBOARD
from benchmarks.plan import Cell
from benchmarks.records import RECORD, SCORED, STATUSES, RecordError
from benchmarks.sealed import read_sealed
from benchmarks.verification import ERROR, NOTE, RESTORE, SEALED_SINCE, UNFINISHED, Check, Json, files_below, is_inside

CURVES = "curves.jsonl"
CELLS = "*/*/*/*/seed*"
AGAIN = "delete its folder and run again"
CONTINUE = "give the run's command again"
DEPTH = 5  # parts of an id


def check_cells(check: Check, request: Json) -> int:
    """Check every cell that was asked for or lies in the folder; returns how many have a record."""
    asked = _asked(check, request)
    present = [path for path in sorted(check.run.glob(CELLS)) if path.is_dir() and not _is_board(check, path)]
    folders = {check.name(path): path for path in present}
    if request.get("waiting"):
        check.find(UNFINISHED, "run.json", f"{request['waiting']} more cells wait for what trials choose", CONTINUE)
    for identity in [*asked, *(name for name in folders if name not in asked)]:
        folder = folders.get(identity)
        if folder is None:
            check.find(UNFINISHED, identity, "not begun", CONTINUE)
        elif (folder / RECORD).exists():
            _check_record(check, folder)
        else:
            _check_unfinished(check, folder, identity in asked)
    return sum((path / RECORD).exists() for path in present)


def _is_board(check: Check, path: Path) -> bool:
    """Where a loss's name begins with "seed", its folder for TensorBoard looks like a cell."""
    return check.name(path).startswith(f"{TENSORBOARD}/")


def _asked(check: Check, request: Json) -> list[str]:
    cells = request.get("cells", [])
    known = [name for name in cells if _is_id(name)] if isinstance(cells, list) else []
    if not isinstance(cells, list) or len(known) < len(cells):
        check.find(
            ERROR, "run.json", "names cells that cannot be folders of this run", "run again, which writes it anew"
        )
    return list(dict.fromkeys(known))


def _is_id(name: Any) -> bool:
    return is_inside(name) and len(name.split("/")) == DEPTH


def _check_record(check: Check, folder: Path) -> None:
    path = folder / RECORD
    record = check.json(path, "cell", "settings", "status", "step")
    if record is None:
        return
    if record["status"] not in STATUSES:
        check.find(ERROR, path, f"has the status {record['status']!r}, which no cell can have", RESTORE)
    name = identity(record)
    if name != check.name(folder) or record.get("id") != name:
        whose = f"is of {name}" if name else "does not say which cell it is"
        check.find(
            ERROR, path, f"{whose}, and does not belong into this folder", "move it back, or delete it and run again"
        )
    _check_files(check, folder, record)
    if record["status"] in SCORED or (folder / CURVES).exists():
        _check_curves(check, folder / CURVES, record)


def identity(record: Json) -> str | None:
    """The folder that a record's names and settings belong into; None where they are none."""
    key, settings = record["cell"], record["settings"]
    names = {"task": str, "data": str, "recipe": str, "loss": str, "seed": int}
    if not (isinstance(key, dict) and isinstance(settings, dict) and set(key) == set(names)):
        return None
    if not all(isinstance(key[name], kind) for name, kind in names.items()):
        return None
    try:
        return Cell(**key, settings=settings).folder
    except (ValueError, RecursionError):  # names that no text file could hold
        return None


def _check_files(check: Check, folder: Path, record: Json) -> None:
    files = record.get("files", {})
    sealed = record["schema"] >= SEALED_SINCE
    if not isinstance(files, dict) or not all(map(is_inside, files)):
        check.find(ERROR, folder / RECORD, "names files that cannot lie in its folder", RESTORE)
        return
    for name, digest in files.items():
        path = folder / name
        if not path.exists():
            check.find(ERROR, path, "is gone", AGAIN)
        elif (found := check.digest(path)) is not None and found != digest:
            check.find(ERROR, path, "is not what was written: its sha256 differs from the record's", AGAIN)
    for path in _of_the_cell(check, folder, record["status"] == "failed"):
        if sealed and path.relative_to(folder).as_posix() not in files:
            check.find(
                ERROR, path, "is not in the record's list of files", "delete it, or the cell's folder, and run again"
            )


def _of_the_cell(check: Check, folder: Path, kept: bool) -> Iterator[Path]:
    """The files that a record has to name; others are noted as leftovers, or checked for what they are."""
    for path in files_below(folder):
        inner = path.relative_to(folder)
        if any(part.startswith(".") or ASIDE in part for part in inner.parts):
            check.find(NOTE, path, _leftover(inner))
        elif inner.parts[0] == CHECKPOINTS:
            if not kept:
                check.find(NOTE, path, "left over: the cell has its record")
            elif (wrong := _step_of(check, path, check.name(folder))) and isinstance(wrong, str):
                check.find(ERROR, path, wrong, "delete it")
        elif inner.as_posix() != RECORD:
            yield path


def _leftover(inner: Path) -> str:
    return (
        "set aside because it was damaged" if ASIDE in inner.as_posix() else "left over from a process that was killed"
    )


def _check_curves(check: Check, path: Path, record: Json) -> None:
    """Log points are JSON, one after the other, and end where the training did."""
    if not path.exists():
        check.find(ERROR, path, "is gone", AGAIN)
        return
    if check.digest(path) is None:
        return
    steps: list[int] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        step = _step(line)
        if step is None or step <= (steps[-1] if steps else 0):
            wrong = "is no log point" if step is None else f"is of step {step}, which does not follow {steps[-1:] or 0}"
            check.find(ERROR, path, f"line {number} {wrong}", AGAIN)
            return
        steps.append(step)
    if record["status"] in SCORED and steps[-1:] != [record["step"]]:
        check.find(ERROR, path, f"ends at step {steps[-1] if steps else 0}, the record at {record['step']!r}", AGAIN)


def _step(line: bytes) -> int | None:
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return step if isinstance(step, int) and not isinstance(step, bool) else None


def _check_unfinished(check: Check, folder: Path, asked: bool) -> None:
    steps = []
    for path in sorted(folder.glob(f"{CHECKPOINTS}/step*")):
        if ASIDE in path.name:
            check.find(NOTE, path, _leftover(path))
        elif isinstance(step := _step_of(check, path, check.name(folder)), str):
            check.find(ERROR, path, step, "delete it: the one before is used, or the cell begins anew")
        else:
            steps.append(step)
    where = (
        f"has no record; its latest usable checkpoint is of step {max(steps)}"
        if steps
        else "has no record and no checkpoint"
    )
    if asked:
        check.find(UNFINISHED, folder, where, CONTINUE)
    else:
        check.find(NOTE, folder, f"{where}; the latest command does not ask for it")


def _step_of(check: Check, path: Path, cell: str) -> int | str:
    """The step of a checkpoint, or what is wrong with it."""
    if check.digest(path) is None:
        return "cannot be used"
    try:
        facts, _ = read_sealed(path)
        with path.open("rb") as file:
            line = file.readline()
    except (RecordError, OSError, RecursionError) as error:
        return str(error).removeprefix(f"{path} ").rstrip(".")
    if json.dumps(json.loads(line), sort_keys=True).encode() + b"\n" != line:
        return "is damaged: its first line is not what was written"
    if facts.get("kind") != "checkpoint" or facts.get("cell") != cell:
        return "is a checkpoint of something else"
    step = facts.get("step")
    return step if isinstance(step, int) else "does not say of which step it is"
