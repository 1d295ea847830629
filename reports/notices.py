"""What speaks against reading a report's figures as they stand, a sentence each."""

from collections.abc import Iterator, Sequence

from reports import aggregate
from reports.films import files_of
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.summary import SEEDS
from reports.text import escape
from reports.timings import step_times


def notices(run: Run, panels: Sequence[Panel]) -> list[str]:
    """Sentences of Markdown; none for a whole run of enough seeds on one machine."""
    return [*run.notices, *_seeds(panels), *_trained(run, panels), *_places(run, panels), *_files(run)]


def _seeds(panels: Sequence[Panel]) -> Iterator[str]:
    for panel in panels:
        most = max((len(panel.scored(loss)) for loss in panel.losses), default=0)
        where = f"**{escape(panel.title)}**"
        if most == 0:
            yield f"{where}: no cell was trained to its end, so that there is nothing to compare."
        elif most == 1:
            yield f"{where}: one seed a loss. Nothing here has an interval, and nothing is judged: two seeds of one loss differ, too."
        elif most < SEEDS:
            yield f"{where}: {most} seeds a loss are too few for an interval of 95 % or a verdict; {SEEDS} are the least."
        if most and not any(files_of(cell.folder) for cell in panel.cells):
            yield f"{where}: the run holds no samples of it."


def _trained(run: Run, panels: Sequence[Panel]) -> Iterator[str]:
    for panel in panels:
        wrong = sum(aggregate.failures(panel, loss)[0] for loss in panel.losses)
        if wrong:
            counted = f"{wrong} of {len(panel.cells)} cells went wrong"
            yield f"**{escape(panel.title)}**: {counted}; *Cells that went wrong or were not run* says which and why."
    if run.unrecorded:
        yield f"{len(run.unrecorded)} cells of the run have no record yet; the run's command trains what is missing."


def _places(run: Run, panels: Sequence[Panel]) -> Iterator[str]:
    """Unlike devices and passports."""
    for panel in panels:
        found: dict[str, int] = {}
        for cell in panel.cells:
            if cell.scored:
                place = cell.record.get("environment") or {}
                name = str(place.get("device") or place.get("processor") or "a device that is not recorded")
                found[name] = found.get(name, 0) + 1
        if len(found) > 1:
            counted = ", ".join(f"{escape(name)} ({count})" for name, count in found.items())
            yield f"**{escape(panel.title)}**: its cells were trained on unlike devices: {counted}. Rounding sets them apart, too."
        if len({time.device for time in step_times(run, panel)}) > 1:
            yield f"**{escape(panel.title)}**: timed on several devices, each in a table of its own; seconds are of the first."
    if Numbering(panels).several:
        yield (
            "Quality was measured in several ways; each value says with which *passport*, and unlike ones stand in no column "
            "together."
        )


def _files(run: Run) -> Iterator[str]:
    if run.damages:
        yield f"{len(run.damages)} file{'s' if len(run.damages) > 1 else ''} could not be read and were left out."
