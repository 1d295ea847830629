"""Cells -> panels: what may be compared with each other, and nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.records import digest, slug
from reports.loading import Cell, Json, Run

REFERENCE = "bce"
# A cell without quality is put to the passport that its settings would have led to.
PASSPORT_SETTINGS = ("features", "data_digest", "image_size", "channels")


@dataclass(frozen=True, eq=False)
class Panel:
    """Cells that differ in loss and seed only (and in what the recipe gives to each loss).

    Attributes:
        note: what sets it apart from another panel of the same task, data and recipe; mostly "".
        cells: by loss in the run's order, then by seed.
        losses: in the run's order.
    """

    task: str
    data: str
    recipe: str
    note: str
    cells: tuple[Cell, ...]
    losses: tuple[str, ...]

    @property
    def title(self) -> str:
        """The panel in words."""
        return f"{self.task} on {self.data}, recipe {self.label}"

    @property
    def label(self) -> str:
        """The recipe and what sets the panel apart."""
        return self.recipe + (f" ({self.note})" if self.note else "")

    @property
    def slug(self) -> str:
        """A name for files."""
        note = f"-{digest({'note': self.note})}" if self.note else ""
        return f"{slug(self.task)}-{slug(self.data)}-{slug(self.recipe)}{note}"

    def of(self, loss: str) -> list[Cell]:
        """The cells of a loss."""
        return [cell for cell in self.cells if cell.loss == loss]

    def done(self, loss: str) -> list[Cell]:
        """The cells of a loss that were trained to their end."""
        return [cell for cell in self.of(loss) if cell.done]

    @property
    def reference(self) -> str:
        """`bce`, or the first loss where bce has no finished cell."""
        finished = [loss for loss in self.losses if self.done(loss)]
        return REFERENCE if REFERENCE in finished or not finished else finished[0]

    @property
    def passport(self) -> Json:
        """What the quality values depend on; {} if no cell has any."""
        return next((dict(cell.quality["passport"]) for cell in self.cells if cell.quality.get("passport")), {})

    def distances(self) -> list[str]:
        """The distances that any cell has, in the record's order: no class shares, no copy rates."""
        return [name for name in self.metrics() if not name.startswith("copy_rate")]

    def metrics(self) -> list[str]:
        """The quality metrics that any cell has, in the record's order, class shares left out."""
        names = dict.fromkeys(name for cell in self.cells for name in cell.metrics("best"))
        return [name for name in names if not name.startswith("share[")]

    def domains(self) -> list[str]:
        """The domains that the curves know, the generator's statistics left out."""
        names = dict.fromkeys(
            name for cell in self.cells for row in cell.curves for name in row.get("saturation") or ()
        )
        return [name for name in names if name != "generator"]


def make_panels(run: Run) -> list[Panel]:
    """All panels of a run, sorted by task, data and recipe."""
    groups: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in run.cells:
        groups[cell.task, cell.data, cell.recipe].append(cell)
    order = run.loss_order()
    return [
        _panel(key, note, cells, order)
        for key, group in sorted(groups.items())
        for passport_note, alike in _by_passport(group)
        for note, cells in _by_settings(alike, passport_note)
    ]


def _panel(key: tuple[str, str, str], note: str, cells: Iterable[Cell], order: Sequence[str]) -> Panel:
    ordered = sorted(cells, key=lambda cell: (order.index(cell.loss), cell.seed, cell.identity))
    losses = tuple(dict.fromkeys(cell.loss for cell in ordered))
    return Panel(*key, note, tuple(ordered), losses)


def _by_passport(cells: Sequence[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    """Cells whose distances may stand in one column: features, real images and n are the same."""
    known: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.quality.get("passport"):
            known[_stable(cell.quality["passport"])].append(cell)
    if len(known) < 2:
        yield "", list(cells)
        return
    groups = [known[name] for name in sorted(known)]
    for cell in cells:
        if not cell.quality.get("passport"):
            _home(cell, groups).append(cell)
    for group in groups:
        own = next(dict(cell.quality["passport"]) for cell in group if cell.quality.get("passport"))
        others = [json.loads(name) for name in known if name != _stable(own)]
        differing = [name for name in own if any(other.get(name) != own[name] for other in others)]
        yield ", ".join(f"{name} {own[name]}" for name in differing), group


def _home(cell: Cell, groups: Sequence[list[Cell]]) -> list[Cell]:
    def agreement(group: list[Cell]) -> int:
        return sum(cell.settings.get(name) == group[0].settings.get(name) for name in PASSPORT_SETTINGS)

    return max(groups, key=agreement)


def _by_settings(cells: Sequence[Cell], note: str) -> Iterator[tuple[str, list[Cell]]]:
    """Keep apart what was run twice with other settings (another number of steps, say) into the same folder."""
    twins: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        twins[cell.loss, cell.seed].append(cell)
    names = {name for group in twins.values() for name in _differing(group)} - {"loss_definition", "loss_spelling"}
    if "seconds" in names or any(cell.settings.get("seconds") for cell in cells):
        names -= {"steps", "eval_every", "log_every"}  # which then follow from the seconds, differently for every loss
    variants: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.settings:
            variants[", ".join(f"{name} {_text(cell.settings.get(name))}" for name in sorted(names))].append(cell)
    plain = [cell for cell in cells if not cell.settings]
    for number, variant in enumerate(sorted(variants) or [""]):
        group = variants[variant] + (plain if number == 0 else [])
        yield ", ".join(part for part in (note, variant) if part), _latest(group)


def _latest(cells: Iterable[Cell]) -> list[Cell]:
    """One cell per loss and seed: the one that finished last."""
    ordered = sorted(cells, key=lambda cell: ((cell.record.get("time") or {}).get("finished") or "", cell.identity))
    return list({(cell.loss, cell.seed): cell for cell in ordered}.values())


def _differing(cells: Sequence[Cell]) -> Iterator[str]:
    settings = [cell.settings for cell in cells if cell.settings]
    for name in dict.fromkeys(name for part in settings for name in part):
        if len({_stable(part.get(name)) for part in settings}) > 1:
            yield name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _stable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
