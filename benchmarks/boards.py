"""What a run shows in TensorBoard while it trains: OUT/tensorboard/<a cell's folder>, written by the runner.

The runner copies the files of a cell as they grow; the cell's process does not know of it. So nothing of this can change a
training or the time of its steps, a cell whose process dies keeps what it had, and one that is already trained is copied
from its record. A cell that is gone on with is copied anew from its first step: no point stands twice.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import records
from benchmarks.cell_folder import TENSORBOARD
from benchmarks.event_files import EventFile, Value, histogram, picture, scalar, session_end, session_start, text
from benchmarks.events import Event
from benchmarks.plan import Cell

Json = dict[str, Any]
COMPLETE = "record.sha256"  # of the record that everything was copied of
PER_POINT = ("terms", "saturation", "layers")
PER_EVALUATION = {"metrics": "validation", "averaged": "validation of averaged weights", "spread": "spread"}
PER_RESULT = ("untrained", "best", "final")


class Boards:
    """The boards of a run's cells.

    Args:
        run: the output folder.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._open: dict[str, Board] = {}

    def take(self, event: Event) -> None:
        """News of a cell; `ended` of one that nothing is known of copies all that its folder has.

        Raises:
            OSError: the disk.
            RecordError: a record that cannot be read.
        """
        cell = event.cell
        if event.kind == "progress":
            self._board(cell).follow()
        elif event.kind == "evaluated":
            self._board(cell).judge(**event.detail)
        elif event.kind == "paused":
            self._open.pop(cell.folder, None)
        elif event.kind in ("ended", "died"):
            self._finish(cell)

    def _board(self, cell: Cell) -> "Board":
        if cell.folder not in self._open:
            self._open[cell.folder] = Board(cell, self.run)
        return self._open[cell.folder]

    def _finish(self, cell: Cell) -> None:
        mark = self.run / TENSORBOARD / cell.folder / COMPLETE
        digest = hashlib.sha256((self.run / cell.folder / records.RECORD).read_bytes()).hexdigest()
        if not mark.exists() or mark.read_text() != digest:
            self._board(cell).finish()
            records.write_bytes(mark, digest.encode())
        self._open.pop(cell.folder, None)


class Board:
    """The event file of one cell, from its first step on.

    Args:
        cell: whose.
        run: the output folder.
    """

    def __init__(self, cell: Cell, run: Path) -> None:
        self.cell, self.folder = cell, run / cell.folder
        self.file = EventFile(run / TENSORBOARD / cell.folder)
        self._read = 0  # bytes of the curves
        self._judged: set[int] = set()  # steps
        self._best = float("inf")
        about = {**cell.key, **cell.settings}
        told = text("settings", json.dumps(about, indent=1, ensure_ascii=False))
        self.file.write(0, [told, session_start(records.finite(about), cell.folder)])

    def follow(self) -> None:
        """Copy the log points that have come since."""
        for row in self._new_rows():
            values = [value for name in PER_POINT for value in scalars(row.get(name) or {}, name)]
            self.file.write(row["step"], [*values, *_histograms(row.get("histograms") or {})])

    def judge(self, row: Json, metric: str) -> None:
        """Copy an evaluation, unless it was: its scores, the lowest so far, its samples.

        Args:
            row: of `along` in a record.
            metric: that the best weights are chosen by.
        """
        row, step = records.finite(row), row["step"]
        if step in self._judged:
            return
        self._judged.add(step)
        values = [value for name, tag in PER_EVALUATION.items() for value in scalars(row.get(name) or {}, tag)]
        chosen = [value for name, value in row["metrics"].items() if name.partition("@")[0] == metric]
        if chosen and None not in chosen:
            self._best = min(self._best, fmean(chosen))
            values.append(scalar(f"lowest so far/{metric}", self._best))
        self.file.write(step, [*values, *self._samples(step)])

    def finish(self) -> None:
        """Copy what is left, and what the record says of the end."""
        record = records.read_json(self.folder / records.RECORD, "status", "step")
        self.follow()
        quality = record.get("quality") or {}
        for row in quality.get("along", ()):
            self.judge(row, quality["selection_metric"])
        for tag, results in (("test", quality), ("test of averaged weights", quality.get("averaged") or {})):
            for result in filter(results.get, PER_RESULT):
                self.file.write(results[result]["step"], list(scalars(results[result]["metrics"], f"{tag}, {result}")))
        status = ": ".join(filter(None, (record["status"], record.get("reason"))))
        self.file.write(record["step"], [text("status", status), session_end(record["status"] in records.SCORED)])

    def _new_rows(self) -> Iterator[Json]:
        """Whole lines only: the last may be in the middle of being written."""
        path = self.folder / "curves.jsonl"
        if not path.exists() or path.stat().st_size <= self._read:
            return
        with path.open("rb") as file:
            file.seek(self._read)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(end)
        yield from map(json.loads, whole.splitlines())

    def _samples(self, step: int) -> Iterator[Value]:
        for path in sorted((self.folder / "samples").glob(f"step{step:06d}*.png")):
            domain = path.stem.removeprefix(f"step{step:06d}").removeprefix("-")
            yield picture("/".join(filter(None, ("samples", domain))), path.read_bytes())


def scalars(tree: Mapping[str, Any], tag: str) -> Iterator[Value]:
    """Every number of a tree of mappings, tagged by where it stands; None and texts are left out.

    Example:
        >>> [(value.tag, value.simple_value) for value in scalars({"image": {"signal": 0.5, "slope": None}}, "saturation")]
        [('saturation/image/signal', 0.5)]
    """
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from scalars(value, f"{tag}/{name}")
        elif isinstance(value, int | float):
            yield scalar(f"{tag}/{name}", value)


def _histograms(domains: Mapping[str, Mapping[str, Json]]) -> Iterator[Value]:
    for domain, kinds in domains.items():
        for kind, counted in kinds.items():
            yield histogram(f"log10 of sizes/{domain}/{kind}", **counted)
