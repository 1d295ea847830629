"""All files of a run -> one `Run` in memory. Reads records only; nothing here knows torch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.records import RecordError

Json = dict[str, Any]
NAMES = ("task", "data", "recipe", "loss")
NONE = "none"  # the penalties of a loss to which none were added


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell: the five names that say which, its record, and the folder that holds it."""

    task: str
    data: str
    recipe: str
    loss: str
    seed: int
    record: Json
    folder: Path

    @property
    def identity(self) -> str:
        """The cell's id."""
        return str(self.record.get("id", self.folder.name))

    @property
    def status(self) -> str:
        """One of `benchmarks.records.STATUSES`."""
        return str(self.record.get("status"))

    @property
    def done(self) -> bool:
        """Whether the cell was trained to its end."""
        return self.status == "done"

    @property
    def settings(self) -> Json:
        """Every resolved setting."""
        return dict(self.record.get("settings") or {})

    @property
    def quality(self) -> Json:
        """The record's quality; empty if there is none."""
        return dict(self.record.get("quality") or {})

    def state(self, moment: str) -> Json:
        """What the quality holds of "best", "final", "untrained", "averaged best" or "averaged final"; empty without it."""
        found = self.quality
        for name in moment.split():
            found = found.get(name) or {}
        return found

    def metrics(self, moment: str) -> Json:
        """The test metrics of a moment; empty if there are none."""
        return dict(self.state(moment).get("metrics") or {})

    @cached_property
    def curves(self) -> list[Json]:
        """The log points, in order."""
        return records.read_curves(self.folder / "curves.jsonl")


@dataclass(frozen=True)
class Run:
    """Everything a report is made of.

    Attributes:
        folder: where the run lies.
        cells: that have a record, by id; then those that run.json says are skipped.
        request: run.json, {} if there is none.
        ladders, timings: the contents of those files, by file name.
        losses: losses.json by the loss's name.
    """

    folder: Path
    cells: tuple[Cell, ...]
    request: Json = field(default_factory=dict)
    ladders: tuple[Json, ...] = ()
    timings: tuple[Json, ...] = ()
    losses: Mapping[str, Json] = field(default_factory=dict)

    @property
    def unrecorded(self) -> list[str]:
        """Ids of cells that were asked for and have no record yet."""
        present = {cell.identity for cell in self.cells}
        return [str(identity) for identity in self.request.get("cells") or () if identity not in present]

    def parts(self, loss: str) -> tuple[str, str]:
        """What a loss is made of: its base, and the penalties that were added to it, joined by +, or `NONE`.

        Example:
            >>> Run(Path(), ()).parts("bce+r1:10+gp"), Run(Path(), ()).parts("bce")
            (('bce', 'r1:10+gp'), ('bce', 'none'))
        """
        # A combination that cannot be trained has no facts, and older runs have none of these: then its name must do.
        base, _, penalties = loss.partition("+")
        facts = self.losses.get(loss) or {}
        if facts.get("base"):
            base, penalties = str(facts["base"]), "+".join(str(name) for name in facts.get("penalties") or ())
        return base, penalties or NONE

    def loss_order(self) -> list[str]:
        """All losses of the run in a fixed order: as asked for, then as registered, then by name."""
        asked = (self.request.get("options") or {}).get("losses") or []
        asked = asked.split(",") if isinstance(asked, str) else asked
        present = {cell.loss for cell in self.cells}
        ordered = [*(str(name) for name in asked), *self.losses, *sorted(present)]
        return [name for name in dict.fromkeys(ordered) if name in present]


def load(folder: Path) -> Run:
    """Read a run.

    Raises:
        RecordError: no such folder, no records in it, or a record that cannot be read.
    """
    if not folder.is_dir():
        raise RecordError(f"{folder} is no folder; give the output folder of python -m benchmarks.run.")
    cells = tuple(_cell(path) for path in records.find_records(folder))
    if not cells:
        raise RecordError(f"{folder} holds no records; give the output folder of python -m benchmarks.run.")
    losses = _optional(folder / "losses.json").get("losses") or []
    request = _optional(folder / "run.json")
    return Run(
        folder,
        (*cells, *_skipped(request, cells, folder)),
        request,
        tuple(records.read_json(path) for path in sorted(folder.glob("ladders/*.json"))),
        tuple(records.read_json(path) for path in sorted(folder.glob("timing/*.json"))),
        {str(loss["name"]): loss for loss in losses},
    )


def _cell(folder: Path) -> Cell:
    path = folder / "record.json"
    record = records.read_json(path)
    if not {*NAMES, "seed"} <= set(record.get("cell") or ()):
        raise RecordError(f"{path} does not say which cell it is; delete it and run again.")
    return Cell(**_names(record["cell"]), record=record, folder=folder)


def _skipped(request: Json, cells: Iterable[Cell], folder: Path) -> Iterator[Cell]:
    """Cells of run.json that cannot be run and have no record to say so."""
    recorded = [_names(cell.record["cell"]) for cell in cells]
    for entry in request.get("skipped") or ():
        key = entry["cell"]
        if isinstance(key, str):
            *names, seed = key.split("/")
            number = seed.removeprefix("seed").partition("-")[0]
            key = {**dict(zip(NAMES, names, strict=False)), "seed": int(number)}
        key = _names(key)
        if key not in recorded:
            identity = "/".join(key[name] for name in NAMES) + f"/seed{key['seed']}"
            content = {"id": identity, "cell": key, "status": "skipped", "reason": entry.get("reason"), "step": 0}
            yield Cell(**key, record=content, folder=folder / identity)


def _optional(path: Path) -> Json:
    return records.read_json(path) if path.exists() else {}


def _names(key: Json) -> Json:
    return {**{name: str(key[name]) for name in NAMES}, "seed": int(key["seed"])}
