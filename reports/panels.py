"""Cells -> panels: what may be compared with each other, and nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from benchmarks.records import CHOSEN, TRIAL, TUNED, RecordError, digest, slug
from reports import metrics
from reports.loading import Cell, Json, Run
from reports.passports import differing, entry, flat
from reports.text import setting

REFERENCE = "bce"
RAW = ("best", "final")
AVERAGED = ("averaged best", "averaged final")
# What a recipe gives to each loss, or the loss has itself: all other settings of a panel are equal, or its losses are not compared.
OF_A_LOSS = frozenset({"optimizer", "learning_rate", "betas", "n_critic", "discriminator_norm"})
OF_A_NAME = frozenset({"loss_definition", "loss_spelling"})
# A cell without quality is put to the passport that its settings would have led to.
PASSPORT_SETTINGS = ("features", "data_digest", "image_size", "channels")


@dataclass(frozen=True, eq=False)
class Panel:
    """Cells that differ in loss and seed only (and in what the recipe gives to each loss).

    Attributes:
        note: what sets it apart from another panel of the same task, data and recipe; mostly "".
        cells: by loss in the run's order, then by seed.
        losses: in the run's order.
        varied: the settings that set it apart from such a panel, by name.
        own_passport: whether it has another passport than such a panel, so that their values do not compare.
    """

    task: str
    data: str
    recipe: str
    note: str
    cells: tuple[Cell, ...]
    losses: tuple[str, ...]
    varied: Mapping[str, Any] = field(default_factory=dict)
    own_passport: bool = False

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
        return self._by_loss.get(loss, [])

    @cached_property
    def _by_loss(self) -> dict[str, list[Cell]]:
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.loss, []).append(cell)
        return found

    def scored(self, loss: str) -> list[Cell]:
        """The cells of a loss that were trained to their end and measured, even if something went wrong on the way."""
        return [cell for cell in self.of(loss) if cell.scored]

    @cached_property
    def reference(self) -> str:
        """`bce`, or the first loss where bce has no cell that was trained to its end."""
        scored = [loss for loss in self.losses if self.scored(loss)]
        return REFERENCE if REFERENCE in scored or not scored else scored[0]

    @property
    def passport(self) -> Json:
        """What the quality values depend on; {} if no cell has any."""
        return next((dict(cell.quality["passport"]) for cell in self.cells if cell.quality.get("passport")), {})

    def distances(self) -> list[str]:
        """The distances that any cell has, in the record's order: no class shares, no copy rates, no translation metrics."""
        return [name for name in self.metrics() if metrics.is_distance(name)]

    def scores(self) -> list[str]:
        """The other measures of a set of images that any cell has, in the record's order: all that have no place elsewhere."""
        placed = {*self.distances(), *self.translation()}
        return [name for name in self.metrics() if name not in placed and metrics.base(name) != "copy_rate"]

    def moments(self) -> list[str]:
        """The trained states that were measured: `RAW`, and `AVERAGED` where any cell averaged its generator's weights."""
        return list(self._moments)

    @cached_property
    def _moments(self) -> tuple[str, ...]:
        averaged = any(cell.metrics(moment) for cell in self.cells for moment in AVERAGED)
        return (*RAW, *(AVERAGED if averaged else ()))

    def translation(self) -> list[str]:
        """The translation metrics that any cell has, in a fixed order of kinds and the record's order of domains."""
        found = [name for name in self.metrics() if metrics.base(name) in metrics.TRANSLATION]
        return sorted(found, key=lambda name: list(metrics.TRANSLATION).index(metrics.base(name)))

    def targets(self) -> list[str]:
        """The domains that the metrics name, in the record's order; none where there is but one."""
        return [name for name in dict.fromkeys(metrics.split(metric)[1] for metric in self.metrics()) if name]

    def metrics(self) -> list[str]:
        """The quality metrics that any cell has, in the record's order, class shares left out."""
        return list(self._metrics)

    @cached_property
    def _metrics(self) -> list[str]:
        names = dict.fromkeys(name for cell in self.cells for name in cell.metrics("best"))
        return [name for name in names if not name.startswith("share[")]

    def domains(self) -> list[str]:
        """The domains that the curves know, the generator's statistics left out."""
        names = dict.fromkeys(name for cell in self.cells for name in cell.curves.networks)
        return [name for name in names if name != "generator"]

    def adversarial(self, loss: str) -> bool:
        """Whether the loss's curves have a discriminator's term; True where there are no curves to tell.

        Only of a control that trains no discriminator is it known that nothing about one is missing.
        """
        terms = {name for cell in self.of(loss) for name in cell.curves.terms}
        return not terms or any(name.startswith("discriminator_") for name in terms)


def make_panels(run: Run) -> list[Panel]:
    """All panels of a run, sorted by task, data and recipe. Trials are in none: no verdict is of them.

    Raises:
        RecordError: there is nothing but trials.
    """
    groups: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in _judged(run):
        groups[cell.task, cell.data, cell.recipe].append(cell)
    if not groups:
        raise RecordError(
            f"{run.folder} holds trials alone so far; give the run's command again, then build the report."
        )
    order = run.loss_order()
    return [
        _panel(key, passport_note, varied, cells, order)
        for key, group in sorted(groups.items())
        for passport_note, alike in _by_passport(group)
        for varied, cells in _by_settings(alike)
    ]


def _judged(run: Run) -> Iterator[Cell]:
    """All cells but trials, and but those that are tuned as an earlier grid had it where the run now asks for others."""
    asked = set(run.request.get("cells") or ())
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in run.cells:
        if cell.recipe == TUNED and cell.settings:
            kept = {name: value for name, value in cell.settings.items() if name not in (*CHOSEN, "loss_spelling")}
            groups[_stable({**cell.key, **kept})].append(cell)
        elif cell.recipe != TRIAL:
            yield cell
    for group in groups.values():
        yield from _latest([cell for cell in group if cell.identity in asked] or group)


def _panel(key: tuple[str, str, str], note: str, varied: Json, cells: Iterable[Cell], order: Sequence[str]) -> Panel:
    ordered = sorted(cells, key=lambda cell: (order.index(cell.loss), cell.seed, cell.identity))
    losses = tuple(dict.fromkeys(cell.loss for cell in ordered))
    words = [f"{name} {setting(value)}" for name, value in varied.items()]
    return Panel(*key, ", ".join([note, *words] if note else words), tuple(ordered), losses, varied, bool(note))


def _by_passport(cells: Sequence[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    """Cells whose distances may stand in one column: features, real images and n are the same."""
    known: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.quality.get("passport"):
            known[_stable(flat(cell.quality["passport"]))].append(cell)
    if len(known) < 2:
        yield "", list(cells)
        return
    groups = [known[name] for name in sorted(known)]
    for cell in cells:
        if not cell.quality.get("passport"):
            _home(cell, groups).append(cell)
    for group in groups:
        own = next(flat(cell.quality["passport"]) for cell in group if cell.quality.get("passport"))
        others = [json.loads(name) for name in known if name != _stable(own)]
        yield ", ".join(f"{name} {entry(own, name)}" for name in differing(own, others)), group


def _home(cell: Cell, groups: Sequence[list[Cell]]) -> list[Cell]:
    def agreement(group: list[Cell]) -> int:
        return sum(cell.settings.get(name) == group[0].settings.get(name) for name in PASSPORT_SETTINGS)

    return max(groups, key=agreement)


def _by_settings(cells: Sequence[Cell]) -> Iterator[tuple[Json, list[Cell]]]:
    """Keep apart what was run with other settings (another number of steps, say), be it another loss or the same one again."""
    twins: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        twins[cell.loss, cell.seed].append(cell)
    names = {name for group in twins.values() for name in _differing(group)} | _stated(cells)
    names -= OF_A_NAME
    if any(cell.recipe == TUNED for cell in cells):
        names -= {*CHOSEN}  # of each loss's own, whatever else sets panels apart
    if "seconds" in names or any(cell.settings.get("seconds") for cell in cells):
        names -= {"steps", "eval_every", "log_every"}  # which then follow from the seconds, differently for every loss
    variants: dict[str, tuple[Json, list[Cell]]] = {}
    for cell in cells:
        if cell.settings:
            varied = {name: cell.settings.get(name) for name in sorted(names)}
            variants.setdefault(_stable(varied), (varied, []))[1].append(cell)
    plain = [cell for cell in cells if not cell.settings]
    ordered: list[tuple[Json, list[Cell]]] = sorted(variants.values(), key=lambda variant: _rank(variant[0]))
    for number, (varied, group) in enumerate(ordered or [({}, [])]):
        yield varied, _latest(group + (plain if number == 0 else []))


def _stated(cells: Sequence[Cell]) -> set[str]:
    """The settings in which cells differ though no recipe gives them to single losses; all of the cells state them."""
    every = [cell.settings for cell in cells if cell.settings]
    names = {name for name in _differing(cells) if all(name in part for part in every)} - OF_A_LOSS
    return {name for name in names if not name.startswith("loss")}


def _rank(varied: Json) -> list[tuple[bool, float, str]]:
    """What variants are sorted by: numbers by their size (3 before 10), then everything else by its text."""
    numbers = {name: isinstance(value, int | float) for name, value in varied.items()}
    return [
        (not numbers[name], float(value) if numbers[name] else 0.0, _stable(value)) for name, value in varied.items()
    ]


def _latest(cells: Iterable[Cell]) -> list[Cell]:
    """One cell per loss and seed: the one that finished last."""
    ordered = sorted(cells, key=lambda cell: ((cell.record.get("time") or {}).get("finished") or "", cell.identity))
    return list({(cell.loss, cell.seed): cell for cell in ordered}.values())


def _differing(cells: Sequence[Cell]) -> Iterator[str]:
    settings = [cell.settings for cell in cells if cell.settings]
    for name in dict.fromkeys(name for part in settings for name in part):
        if len({_stable(part.get(name)) for part in settings}) > 1:
            yield name


def _stable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
