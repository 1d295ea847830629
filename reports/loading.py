"""All files of a run -> one `Run` in memory. Reads records only; nothing here knows torch."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.records import SCORED, RecordError
from reports import shapes_of_files
from reports.curves import NO_CURVES, Curves
from reports.manifest import digests, input_paths
from reports.reading import UNREADABLE, Damage, Reader, clean

Json = dict[str, Any]
NAMES = ("task", "data", "recipe", "loss")
SEED = re.compile(r"seed(\d{1,15})(?:-|$)", re.ASCII)
ALIKE = ("settings", "environment", "passport")  # what a run's records have in common, or a panel's
NONE = "none"  # the penalties of a loss to which none were added


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell: the five names that say which, its record, the folder that holds it, its log points in order, and its run's folder."""

    task: str
    data: str
    recipe: str
    loss: str
    seed: int
    record: Json
    folder: Path
    curves: Curves = NO_CURVES
    home: Path = Path()

    @property
    def key(self) -> Json:
        """The five names."""
        return {**{name: getattr(self, name) for name in NAMES}, "seed": self.seed}

    @property
    def identity(self) -> str:
        """The cell's id."""
        return str(self.record.get("id", self.folder.name))

    @property
    def status(self) -> str:
        """One of `benchmarks.records.STATUSES`, or `UNREADABLE`."""
        return str(self.record.get("status"))

    @property
    def done(self) -> bool:
        """Whether the cell was trained to its end and nothing went wrong."""
        return self.status == "done"

    @property
    def scored(self) -> bool:
        """Whether the cell was trained to its end and measured, even if its training went wrong."""
        return self.status in SCORED

    @property
    def resumed(self) -> int:
        """How often its training went on after a break."""
        return int((self.record.get("time") or {}).get("resumed") or 0)

    @property
    def settings(self) -> Json:
        """Every resolved setting."""
        return self.record.get("settings") or {}

    @property
    def quality(self) -> Json:
        """The record's quality; empty if there is none."""
        return self.record.get("quality") or {}

    def state(self, moment: str) -> Json:
        """What the quality holds of "best", "final", "untrained", "averaged best" or "averaged final"; empty without it."""
        found = self.quality
        for name in moment.split():
            found = found.get(name) or {}
        return found

    def metrics(self, moment: str) -> Json:
        """The test metrics of a moment; empty if there are none."""
        return self.state(moment).get("metrics") or {}


@dataclass(frozen=True, eq=False)
class Run:
    """Everything a report is made of. Equal only to itself, so that what is reckoned from it can be kept by it.

    Attributes:
        folder: where the run lies.
        cells: that have a record, even a damaged one, by id; then those that run.json says are skipped.
        request: run.json, {} if there is none.
        ladders, timings, tunings: the contents of those files, by file name.
        losses: losses.json by the loss's name.
        damages: the files that could not be read.
        inputs: the sha256 of every file that a report may be made from, by its path in the run.
        names: what it is called, or each of several that it was put together from; empty for the name of its folder.
        notices: Markdown: what has to be known of how several runs were put together.
    """

    folder: Path
    cells: tuple[Cell, ...]
    request: Json = field(default_factory=dict)
    ladders: tuple[Json, ...] = ()
    timings: tuple[Json, ...] = ()
    tunings: tuple[Json, ...] = ()
    losses: Mapping[str, Json] = field(default_factory=dict)
    damages: tuple[Damage, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is called."""
        return " + ".join(self.names) or self.folder.resolve().name

    @property
    def command(self) -> str:
        """What builds its report again."""
        out = " --out report" if len(self.names) > 1 else ""
        return f"python -m reports.build {' '.join(self.names) or self.folder.resolve().name}{out}"

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
        ordered = [*asked, *self.losses, *sorted(present)]
        return [name for name in dict.fromkeys(ordered) if name in present]


def load(folder: Path) -> Run:
    """Read a run. Damaged files are noted in `Run.damages`; a cell whose record is damaged has the status `UNREADABLE`.

    Raises:
        RecordError: no such folder, no records in it, or a file of a newer schema.
    """
    require_run(folder)
    inputs = digests(folder, input_paths(folder))  # first: what changes while it is read is then known as changed
    reader, alike = Reader(folder), Alike()
    request = reader.optional(folder / "run.json", shapes_of_files.REQUEST)
    losses = {str(loss["name"]): loss for loss in _losses(reader)}
    found = {
        path: alike.of(reader.json(path / records.RECORD, shapes_of_files.RECORD))
        for path in records.find_records(folder)
    }
    known = _names_by_slug([record for record in found.values() if record is not None], losses)
    cells = [cell for path, record in found.items() if (cell := _cell(reader, path, record, known)) is not None]
    return Run(
        folder,
        (*cells, *_skipped(request, cells, folder)),
        request,
        tuple(reader.every(folder.glob("ladders/*.json"), shapes_of_files.LADDER)),
        tuple(reader.every(folder.glob("timing/*.json"), shapes_of_files.timing)),
        tuple(reader.every(folder.glob("tuning/*.json"), shapes_of_files.TUNING)),
        losses,
        tuple(reader.damages),
        inputs,
    )


class Alike:
    """Makes records that have parts in common hold these once; the digests of a cell's files, which no report shows, are left out."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._parts: dict[str, Json] = {}

    def of(self, record: Json | None) -> Json | None:
        """The record, equal but for its files."""
        if record is None:
            return None
        found = {name: self._one(part) for name, part in record.items() if name != "files"}
        for whole in (found, found.get("quality") or {}):
            for name in ALIKE:
                if name in whole:
                    whole[name] = self._parts.setdefault(json.dumps(whole[name]), whole[name])
        return found

    def _one(self, value: Any) -> Any:
        """The same with each text once."""
        if isinstance(value, dict):
            return {self._names.setdefault(name, name): self._one(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._one(item) for item in value]
        return self._names.setdefault(value, value) if isinstance(value, str) else value


def require_run(folder: Path) -> None:
    """Raise a RecordError unless the folder is one of a run."""
    if not folder.is_dir():
        raise RecordError(f"{folder} is no folder; give the output folder of python -m benchmarks.run.")
    if next(records.find_records(folder), None) is None:
        raise RecordError(f"{folder} holds no records; give the output folder of python -m benchmarks.run.")


def _losses(reader: Reader) -> list[Json]:
    return reader.optional(reader.folder / "losses.json", shapes_of_files.LOSSES).get("losses") or []


def _names_by_slug(found: Iterable[Json], losses: Iterable[str]) -> dict[str, dict[str, str]]:
    """Which name a folder's name stands for, by what kind of name it is."""
    known = {name: {records.slug(record["cell"][name]): record["cell"][name] for record in found} for name in NAMES}
    return known | {"loss": {records.slug(name): name for name in losses} | known["loss"]}


def _cell(reader: Reader, folder: Path, record: Json | None, known: Mapping[str, Mapping[str, str]]) -> Cell | None:
    """The cell that lies in a folder; where its record is damaged, all that the folder's name says of it."""
    if record is not None:
        key = {name: record["cell"][name] for name in (*NAMES, "seed")}
        points = reader.points(folder / "curves.jsonl")
        return Cell(**key, record=record, folder=folder, curves=points, home=reader.folder)
    path = clean(folder.relative_to(reader.folder).as_posix())
    *slugs, last = path.split("/")
    seed = SEED.match(last)
    if seed is None:
        return None
    names = {name: known[name].get(part, part) for name, part in zip(NAMES, slugs, strict=True)}
    key = {**names, "seed": int(seed[1])}
    content = {"id": path, "cell": key, "status": UNREADABLE, "reason": "its record is damaged"}
    return Cell(**key, record=content, folder=folder, home=reader.folder)


def _skipped(request: Json, cells: Iterable[Cell], folder: Path) -> Iterator[Cell]:
    """Cells of run.json that cannot be run and have no record to say so."""
    recorded = {tuple(cell.key.values()) for cell in cells}
    for entry in request.get("skipped") or ():
        key = _key(entry["cell"])
        if key is not None and tuple(key.values()) not in recorded:
            identity = "/".join(key[name] for name in NAMES) + f"/seed{key['seed']}"
            content = {"id": identity, "cell": key, "status": "skipped", "reason": entry.get("reason"), "step": 0}
            slugs = [records.slug(key[name]) or "-" for name in NAMES]
            place = folder.joinpath(*slugs, f"seed{key['seed']}")
            yield Cell(**key, record=content, folder=place, home=folder)


def _key(cell: Json | str) -> Json | None:
    """The five names of a cell, of which an older run.json has only the id; None for no id at all."""
    if isinstance(cell, dict):
        return {name: cell[name] for name in (*NAMES, "seed")}
    *names, last = cell.split("/")
    seed = SEED.match(last)
    return {**dict(zip(NAMES, names, strict=True)), "seed": int(seed[1])} if seed and len(names) == len(NAMES) else None
