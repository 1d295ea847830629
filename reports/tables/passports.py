"""What the quality values depend on: every passport of the run, numbered as the other tables name them."""

from collections.abc import Sequence

from reports.loading import Json, Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.passports import parts
from reports.tables.base import Row, Table, make_frame, section
from reports.text import local, setting

NOTE = "All that a quality value depends on beside the images; values with unlike passports are never put side by side."
FURTHER = (
    " Features that were measured besides have passports of their own. Cells stand side by side only where all of their "
    "passports agree, those of further features too."
)


def build(run: Run, panels: list[Panel]) -> Table:
    """One row per distinct passport."""
    rows = [_row(passport, panels) for passport in Numbering(panels).passports]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [[name, *(local(setting(row.get(name))) for row in rows)] for name in names]
    header = ["passport", *(str(number + 1) for number in range(len(rows)))]
    frame = make_frame([{name: local(setting(row.get(name))) for name in names} for row in rows])
    shown = [section("Passports", header, lines)] if rows else []
    further = any(len(parts(panel.passport)) > 1 for panel in panels)
    return Table(
        "passports",
        "How quality was measured",
        shown,
        frame,
        NOTE + (FURTHER if further else ""),
        "No cell has quality values.",
    )


def _row(passport: Json, panels: Sequence[Panel]) -> Row:
    group = [panel for panel in panels if passport in parts(panel.passport)]
    chosen = (cell.quality.get("selection") for cell in group[0].cells if cell.quality)
    main = passport == parts(group[0].passport)[0]
    titles = "; ".join(panel.title for panel in group)
    return {"panels": titles, **passport, "best chosen by": next(chosen, None) if main else "other features"}
