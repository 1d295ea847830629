"""Two cells beside each other: how they ended, what differs in their settings, quality, saturation and cost."""

from collections.abc import Mapping
from typing import Any

from reports.asking.compare import INDENT, Lines
from reports.asking.finding import panel_of, panels_of
from reports.asking.words import AskError, columns, count, paragraph, printable
from reports.families import OWN
from reports.loading import Cell, Run
from reports.passports import against
from reports.tables.saturation import STATISTICS
from reports.text import number, setting
from reports.timings import own_times

NOTE = "Two cells are two draws: nothing here says which loss is better, and no interval can be made of them."


def compare_cells(run: Run, first: Cell, second: Cell) -> str:
    """The comparison of two cells, as lines of text.

    Raises:
        AskError: they are one and the same.
    """
    if first is second:
        raise AskError(f"{printable(first.identity)} was given twice; give two cells.")
    pair = (first, second)
    rows = [["", *(f"{cell.loss}, seed {cell.seed}" for cell in pair)], ["status", *(cell.status for cell in pair)]]
    rows += [["step", *(count(cell.record.get("step")) for cell in pair)], *_settings(pair), *_quality(pair)]
    rows += [*_saturation(pair), ["step (ms)", *(_cost(run, cell) for cell in pair)]]
    ids = "\n".join(printable(cell.identity) for cell in pair)
    return "\n\n".join([ids, columns(rows, INDENT), paragraph([NOTE, _unlike(pair)], INDENT)])


def _unlike(pair: tuple[Cell, Cell]) -> str:
    """What keeps their values apart, if anything does."""
    ours, theirs = (cell.quality.get("passport") or {} for cell in pair)
    words = against(ours, theirs) if ours and theirs else ""
    return f"Their distances do not compare: {printable(words)}." if words else ""


def _settings(pair: tuple[Cell, Cell]) -> Lines:
    names = dict.fromkeys(name for cell in pair for name in ("task", "data", "recipe"))
    yield from ([name, *values] for name in names if len(set(values := [getattr(cell, name) for cell in pair])) > 1)
    for name in dict.fromkeys(name for cell in pair for name in cell.settings if name not in OWN):
        values = [setting(cell.settings[name]) if name in cell.settings else "not stated" for cell in pair]
        if values[0] != values[1]:
            yield [name, *values]


def _quality(pair: tuple[Cell, Cell]) -> Lines:
    for moment in ("best", "final"):
        steps = [cell.state(moment).get("step") for cell in pair]
        yield [f"{moment} at step", *map(count, steps)]
        found = [cell.metrics(moment) for cell in pair]
        for metric in dict.fromkeys(name for part in found for name in part if not name.startswith("share[")):
            yield [f"{moment} {metric}", *(number(part.get(metric)) for part in found)]


def _saturation(pair: tuple[Cell, Cell]) -> Lines:
    found: list[Mapping[str, Any]] = [cell.record.get("saturation") or {} for cell in pair]
    for network in dict.fromkeys(name for part in found for name in part):
        for statistic in STATISTICS:
            ends = [(part.get(network) or {}).get(statistic) or {} for part in found]
            if any(value is not None for each in ends for value in each.values()):
                yield [
                    f"{network}: {statistic}",
                    *(f"{number(e.get('early'))} → {number(e.get('late'))}" for e in ends),
                ]


def _cost(run: Run, cell: Cell) -> str:
    panel = panel_of(panels_of(run), cell)
    times = [time for time in own_times(run, panel) if time.loss == cell.loss] if panel else []
    return number(1e3 * times[0].typical) if times else "not timed"
