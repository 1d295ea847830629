"""Several runs -> one `Run`, as if all had been asked for at once; what contradicts itself is said, not settled in silence."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from reports.loading import Cell, Json, Run, load
from reports.reading import Damage
from reports.text import escape


def load_runs(folders: Sequence[Path]) -> Run:
    """Read one run or several. Of a cell that stands in more than one, what finished last counts.

    Args:
        folders: output folders of `python -m benchmarks.run`; one that is given twice counts once.

    Raises:
        RecordError: as `load`.
    """
    distinct = list({folder.resolve(): folder for folder in folders}.values())
    runs = [load(folder) for folder in distinct]
    if len(runs) == 1:
        return runs[0]
    names = labels(distinct)
    cells, twice = _cells(runs)
    requests = [run.request for run in runs]
    return Run(
        folder=distinct[0],
        cells=tuple(cells),
        request=_request(requests),
        ladders=tuple(_once(ladder for run in runs for ladder in run.ladders)),
        timings=tuple(_once(timing for run in runs for timing in run.timings)),
        tunings=tuple(_once(tuning for run in runs for tuning in run.tunings)),
        losses={name: facts for run in reversed(runs) for name, facts in run.losses.items()},
        damages=tuple(
            Damage(f"{name}/{each.path}", each.cause)
            for name, run in zip(names, runs, strict=True)
            for each in run.damages
        ),
        inputs={
            f"{name}/{path}": digest
            for name, run in zip(names, runs, strict=True)
            for path, digest in run.inputs.items()
        },
        names=tuple(names),
        notices=(*_twice(twice), *_contradictions(requests), *_unlike(runs)),
    )


def labels(folders: Sequence[Path]) -> list[str]:
    """What the runs are called: their folders' names, with as many of those above as tell them apart.

    Example:
        >>> labels([Path("/a/quick"), Path("/b/quick"), Path("/b/thorough")])
        ['a/quick', 'b/quick', 'thorough']
    """
    whole = [folder.resolve() for folder in folders]
    found = []
    for path in whole:
        length = 1
        while sum(other.parts[-length:] == path.parts[-length:] for other in whole) > 1:
            length += 1
        found.append("/".join(path.parts[-length:]))
    return found


def _cells(runs: Sequence[Run]) -> tuple[list[Cell], int]:
    """(every cell once, how many were there more than once)."""
    found: dict[str, Cell] = {}
    twice: set[str] = set()
    for cell in (cell for run in runs for cell in run.cells):
        before = found.get(cell.identity)
        if before is not None and cell.status != "skipped":
            twice.add(cell.identity)
        if before is None or _finished(cell) > _finished(before):
            found[cell.identity] = cell
    return list(found.values()), len(twice)


def _finished(cell: Cell) -> str:
    return str((cell.record.get("time") or {}).get("finished") or "")


def _once(files: Iterable[Json]) -> Iterator[Json]:
    """Every file once: a folder that was copied has the same ones."""
    return iter({json.dumps(file, sort_keys=True, default=str): file for file in files}.values())


def _request(requests: Sequence[Json]) -> Json:
    """One run.json of several: lists are joined, and of two margins of equivalence the stricter one holds."""
    options = [dict(request.get("options") or {}) for request in requests]
    merged: Json = {**options[0]}
    merged["losses"] = list(dict.fromkeys(name for each in options for name in _listed(each.get("losses"))))
    margins = [each["equivalence"] for each in options if isinstance(each.get("equivalence"), int | float)]
    if margins:
        merged["equivalence"] = min(margins)
    merged["target"] = {name: value for name, value in _targets(options).items() if value is not None}
    joined = {
        name: [entry for request in requests for entry in request.get(name) or ()]
        for name in ("cells", "skipped", "published")
    }
    commands = [_words(request["command"]) for request in requests if request.get("command")]
    return {"options": merged, **joined, "command": "; ".join(commands)}


def _listed(names: Any) -> list[str]:
    return names.split(",") if isinstance(names, str) else list(names or ())


def _words(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(str(part) for part in command)


def _targets(options: Sequence[Json]) -> dict[str, Any]:
    """Declared targets; None where runs declare unlike ones for one metric."""
    found: dict[str, Any] = {}
    for each in options:
        target = each.get("target")
        for name, value in target.items() if isinstance(target, dict) else ():
            found[name] = value if found.get(name, value) == value else None
    return found


def _twice(count: int) -> Iterator[str]:
    if count:
        yield f"{count} cell{'s' if count > 1 else ''} stood in more than one of the runs; what finished last is shown."


def _contradictions(requests: Sequence[Json]) -> Iterator[str]:
    options = [dict(request.get("options") or {}) for request in requests]
    margins = dict.fromkeys(each.get("equivalence") for each in options)
    if len(margins) > 1:
        yield "The runs declare unlike margins of equivalence; the smallest holds here."
    for name in (name for name, value in _targets(options).items() if value is None):
        yield f"The runs declare unlike targets for {escape(name)}; none holds here."


def _unlike(runs: Sequence[Run]) -> Iterator[str]:
    """Losses whose name stands for more than one definition."""
    for name in dict.fromkeys(name for run in runs for name in run.losses):
        known = {str(run.losses[name].get("definition")) for run in runs if name in run.losses}
        if len(known) > 1:
            yield f"{escape(name)} is not the same loss in all of the runs; what finished last is shown."
