"""Every resolved setting."""

from reports.loading import Run
from reports.panels import Panel
from reports.tables.base import Section, Table, make_frame, names_of, section
from reports.text import local, setting

VARIES = "varies by seed"


def settings(run: Run, panels: list[Panel]) -> Table:
    """Every setting; those that differ between the losses of a panel in a table of their own."""
    rows = [
        {**names_of(panel), "setting": name, "loss": loss, "value": value}
        for panel in panels
        for name, values in resolved(panel).items()
        for loss, value in values.items()
    ]
    frame = make_frame(rows, [*names_of(panels[0]), "setting", "loss", "value"])
    note = "What differs between the losses of a panel stands first, what they share second." + interrupted(run)
    return Table("settings", "Settings", [part for panel in panels for part in _sections(panel)], frame, note)


def interrupted(run: Run) -> str:
    """How many cells were not trained in one go; "" if all were."""
    count = sum(cell.resumed > 0 for cell in run.cells)
    cells, times = ("cell", "its times are") if count == 1 else ("cells", "their times are")
    return f" {count} {cells} went on after a break; {times} the sum of the parts." if count else ""


def resolved(panel: Panel) -> dict[str, dict[str, str]]:
    """Setting -> loss -> value as text; a loss without any record of its settings is left out."""
    found: dict[str, dict[str, str]] = {}
    for loss in panel.losses:
        every = [cell.settings for cell in panel.of(loss) if cell.settings]
        for name in sorted({name for part in every for name in part}):
            values = {local(setting(part.get(name))) for part in every}
            found.setdefault(name, {})[loss] = values.pop() if len(values) == 1 else VARIES
    return dict(sorted(found.items()))


def _sections(panel: Panel) -> list[Section]:
    every = resolved(panel)
    known = [loss for loss in panel.losses if any(loss in values for values in every.values())]
    unlike = {name: values for name, values in every.items() if len({values.get(loss) for loss in known}) > 1}
    differing = [[name, *(values.get(loss, "not set") for loss in known)] for name, values in unlike.items()]
    shared = [[name, next(iter(values.values()))] for name, values in every.items() if name not in unlike]
    return [
        Section(f"{panel.title}: what differs", ["setting", *known], differing, wide=True, panel=panel, unlike=True),
        section(f"{panel.title}: shared by all losses", ["setting", "value"], shared),
    ]
