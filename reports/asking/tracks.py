"""A cell's curves: terms, quality on the way, gradient and discriminator, each a row of numbers over the steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reports import aggregate, metrics
from reports.figures.curves import equilibrium
from reports.figures.saturation import STATISTICS
from reports.ladders import floor_of
from reports.loading import Cell, Run
from reports.panels import Panel
from reports.targets import along

# Of the many statistics, those that tell what became of the gradient and of the discriminator.
SHOWN: tuple[str, ...] = (
    "log_gradient",
    "log_slope",
    "log_discriminator_slope",
    "active_fraction_logit",
    "active_fraction_image",
)
SHOWN += ("signal", "accuracy", "overfitting")
SHARES = ("active_fraction_logit", "active_fraction_image", "accuracy")


@dataclass(frozen=True)
class Track:
    """One curve.

    Attributes:
        name: what it is of.
        label: its unit, or what it is in a word or two.
        steps: generator steps, rising.
        values: as many; None where a value was not finite.
        rest: where it rests at the equilibrium: a value, [low, high], or None.
        floor: the value of real images, or None.
        logarithmic: whether ratios of its values mean something, and it spans many of them.
        share: whether it lies between 0 and 1.
    """

    name: str
    label: str
    steps: tuple[int, ...]
    values: tuple[float | None, ...]
    rest: Any = None
    floor: float | None = None
    logarithmic: bool = False
    share: bool = False


def tracks(run: Run, panel: Panel, cell: Cell) -> list[Track]:
    """All curves of a cell of which anything was recorded, in a fixed order."""
    every = [*_terms(run, cell), *_quality(run, panel, cell), *_saturation(panel, cell)]
    return [track for track in every if any(value is not None for value in track.values)]


def _terms(run: Run, cell: Cell) -> Iterator[Track]:
    for name in cell.curves.terms:
        track = _track(name, "loss term", cell.curves.known("terms", name))
        yield replace(track, rest=equilibrium(run.losses, cell.loss, name))


def _quality(run: Run, panel: Panel, cell: Cell) -> Iterator[Track]:
    for metric in aggregate.primaries(panel):
        found = {int(row["step"]): row["metrics"][metric] for row in along(cell) if metric in row["metrics"]}
        track = _track(f"{metric} on validation", "distance", found)
        yield replace(track, floor=floor_of(run, panel, metric), logarithmic=metrics.has_ratios(metric))


def _saturation(panel: Panel, cell: Cell) -> Iterator[Track]:
    domains = panel.domains()
    for domain in domains:
        for name in SHOWN:
            title, label, _ = STATISTICS[name]
            found = cell.curves.known("saturation", domain, name)
            track = _track(title if len(domains) == 1 else f"{title}, {domain}", label, found)
            yield replace(track, share=name in SHARES)


def _track(title: str, label: str, found: Mapping[int, float | None]) -> Track:
    steps = tuple(sorted(found))
    return Track(title, label, steps, tuple(found[step] for step in steps))
