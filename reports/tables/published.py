"""Figures that the literature gives, beside ours and never among them."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports import aggregate
from reports.loading import Json, Run
from reports.metrics import is_signed
from reports.numbering import Numbering
from reports.panels import Panel
from reports.passports import ABSENT
from reports.tables.base import Row, Table, make_frame, section, why_missing
from reports.text import local, number

NOTE = (
    "Figures quoted from the literature, in columns of their own: they enter no median, no comparison and no verdict of ours. "
    "Compare the settings before the figures: features and their weights, numbers of images, split, batch size and steps all move "
    "them; theirs stand under *What was quoted*, ours under *How quality was measured* and *Settings*. Ours: the median over "
    "the seeds trained to the end [smallest–largest]; the ratio is ours over the published one, where the networks are the same."
)
NAMES = ("loss", "network", "data", "metric")
TEXTS = (*NAMES, "settings", "source")
OURS = ("panel", "our network", "of", "seeds", "median", "low", "high", "ratio")
NOT_RUN = "not run"
HEADER = [*NAMES, "published", "our panel", "of", "seeds", "ours", "ours / published"]


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of published figures; None where the run quotes none."""
    quotes = [_quote(entry) for entry in run.request.get("published") or ()]
    if not quotes:
        return None
    numbering = Numbering(panels)
    rows = [row for quote in quotes for row in list(_beside(quote, panels, numbering)) or [_alone(quote)]]
    sources = [
        [*(quote[name] for name in NAMES), _published(quote), quote["settings"], quote["source"]] for quote in quotes
    ]
    parts = [
        section("Beside ours", HEADER, [_line(row) for row in rows]),
        section("What was quoted", [*NAMES, "published", "settings", "source"], sources),
    ]
    shown = [{name: local(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows]
    return Table("published", "Published figures beside ours", parts, make_frame(shown), NOTE)


def _quote(entry: Json) -> Row:
    texts = {name: str(entry.get(name) or ABSENT) for name in TEXTS}
    return {**texts, "value": entry.get("value", ABSENT), "spread": entry.get("spread") or ABSENT}


def _alone(quote: Row) -> Row:
    return {**quote, **dict.fromkeys(OURS, NOT_RUN), "seeds": 0}


def _beside(quote: Row, panels: Sequence[Panel], numbering: Numbering) -> Iterator[Row]:
    """The quoted figure beside ours: a row for every panel with the loss on these data, and for every moment."""
    for panel in panels:
        if panel.data == quote["data"] and quote["loss"] in panel.losses:
            place = f"{panel.task}, {panel.label}{numbering.mark(panel, quote['metric'])}"
            for moment in panel.moments():
                yield {**quote, "panel": place, **_ours(quote, panel, moment)}


def _ours(quote: Row, panel: Panel, moment: str) -> Row:
    cells, network = panel.of(quote["loss"]), _network(panel, quote["loss"])
    found = sorted(aggregate.values(panel, quote["loss"], quote["metric"], moment).values())
    middle = aggregate.middle(panel, quote["loss"], quote["metric"], moment)
    names = {"our network": network, "of": moment, "seeds": len(found)}
    if middle is None:
        return {**names, **dict.fromkeys(("median", "low", "high", "ratio"), why_missing(cells))}
    return {**names, "median": middle, "low": found[0], "high": found[-1], "ratio": _ratio(quote, middle, network)}


def _network(panel: Panel, loss: str) -> str:
    """The networks of the loss's cells, in words."""
    settings = [cell.settings for cell in panel.of(loss) if cell.settings]
    return ", ".join(dict.fromkeys(str(part.get("network", ABSENT)) for part in settings)) or ABSENT


def _ratio(quote: Row, middle: float, network: str) -> float | str:
    """Ours over theirs, or why there is none."""
    value = quote["value"]
    if ABSENT not in (network, quote["network"]) and network != quote["network"]:
        return f"another network: {network}"
    positive = isinstance(value, int | float) and value > 0 and middle > 0
    return middle / value if positive and not is_signed(quote["metric"]) else "no ratio"


def _published(quote: Row) -> str:
    return _number(quote["value"]) + ("" if isinstance(quote["spread"], str) else f" ± {number(quote['spread'])}")


def _line(row: Row) -> list[Any]:
    ours = _number(row["median"])
    if not isinstance(row["median"], str):
        ours += f" [{number(row['low'])}–{number(row['high'])}]"
    names = [row[name] for name in NAMES]
    return [*names, _published(row), row["panel"], row["of"], row["seeds"], ours, _number(row["ratio"])]


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else number(value)
