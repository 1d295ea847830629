"""The ladder: distances of images whose quality is known, to read the others by."""

from statistics import median
from typing import Any

from reports.ladders import ladders_of, of_domain
from reports.loading import Run
from reports.metrics import TRANSLATION, base, split
from reports.numbering import Numbering
from reports.panels import Panel
from reports.passports import ABSENT, parts
from reports.tables.base import Section, Table, make_frame, section
from reports.text import local, number, setting

UNTRAINED = "untrained generator"
NO_LADDER = "The run has no ladder for these features"
NOTE = (
    "Mean ± standard deviation over draws; the untrained generator's row is the median over all cells. The first row is "
    "the floor: real images against other real images, at the same n."
)
COLUMNS = ["task", "data", "features", "row", "n", "metric", "value", "spread"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of ladders: one per task, data set and passport."""
    numbering = Numbering(panels)
    groups: dict[tuple[str, str, str], list[Panel]] = {}
    for panel in panels:
        if panel.passport:
            groups.setdefault((panel.task, panel.data, str(sorted(panel.passport.items(), key=str))), []).append(panel)
    rows, sections = [], []
    for group in groups.values():
        for domain in group[0].targets() or [""]:
            found = rungs(run, group, domain)
            names = [group[0].task, local(group[0].data), _features(group[0])]
            rows += [dict(zip(COLUMNS, [*names, *rung], strict=True)) | numbering.column(group[0]) for rung in found]
            sections.append(_section(group[0], found, domain, numbering, _why_alone(run, group[0])))
    return Table("ladder", "The ladder", sections, make_frame(rows, COLUMNS), NOTE, "No cell has quality values.")


def rungs(run: Run, panels: list[Panel], domain: str = "") -> list[list[Any]]:
    """[row, n, metric, value, spread] of the ladder of panels with one passport, the untrained generator last.

    Args:
        run: that holds the ladder.
        panels: of one passport.
        domain: whose ladder it is; "" where there is but one.
    """
    found: list[list[Any]] = []
    for row in (row for ladder in ladders_of(run, panels[0], domain) for row in ladder.get("rows") or ()):
        found += [
            [row["name"], row["n"], f"{name}@{domain}" if domain else name, entry["mean"], entry["spread"]]
            for name, entry in row["metrics"].items()
        ]
    own = [name for name in panels[0].metrics() if base(name) not in TRANSLATION and split(name)[1] == domain]
    for metric in own:
        values = [cell.metrics("untrained").get(metric) for panel in panels for cell in panel.cells]
        numbers = [value for value in values if value is not None]
        if numbers:
            count = panels[0].passport.get("n_fake", panels[0].passport.get("n", "not stated"))
            size = of_domain(count, domain)
            size = size if isinstance(size, int | str) else setting(size)
            found.append([UNTRAINED, size, metric, median(numbers), f"median of {len(numbers)} cells"])
    return found


def _features(panel: Panel) -> str:
    return ", ".join(str(part.get("extractor", ABSENT)) for part in parts(panel.passport))


def _why_alone(run: Run, panel: Panel) -> str:
    """Why the untrained generator stands alone."""
    known = any(ladder.get("data") == panel.data for ladder in run.ladders)
    return "The run's ladders are of other features or numbers of images" if known else NO_LADDER


def _section(panel: Panel, found: list[list[Any]], domain: str, numbering: Numbering, missing: str) -> Section:
    metrics = list(dict.fromkeys(rung[2] for rung in found))
    values = {(name, metric): _text(value, spread) for name, _, metric, value, spread in found}
    sizes: dict[str, dict[Any, None]] = {}
    for name, size, *_ in found:
        sizes.setdefault(name, {})[size] = None
    lines = [
        [name, ", ".join(map(str, counts)), *(values.get((name, metric), "not measured") for metric in metrics)]
        for name, counts in sizes.items()
    ]
    note = "" if len(sizes) > 1 else f"{missing}: there is no floor to read the values by."
    title = f"{panel.task} on {panel.data}, features {_features(panel)}" + (f", domain {domain}" if domain else "")
    title += f" ({numbering.named(panel)})" if numbering.several else ""
    return section(title, ["images", "n", *(numbering.label(panel, metric) for metric in metrics)], lines, note)


def _text(value: float, spread: float | str) -> str:
    return number(value) if isinstance(spread, str) else f"{number(value)} ± {number(spread)}"
