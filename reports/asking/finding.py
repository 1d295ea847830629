"""Which cell is meant, and with which others it may be compared."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from benchmarks.records import RecordError
from reports.asking.words import AskError, listed, printable
from reports.loading import NAMES, Cell, Run
from reports.panels import Panel, make_panels

SHOWN = 4  # ids in a sentence
ALIKE = 0.3  # from which on names are near each other


def find_cell(run: Run, part: str) -> Cell:
    """The cell that a part of its id means: the whole id, whole words of it, or any part, whichever comes first.

    Names may be given as they are (`bce+r1:10`) or as they stand in folders' names.

    Raises:
        AskError: no cell or several are meant; the sentence names the nearest.
    """
    asked = part.strip().strip("/")
    for found in (_whole(run, asked), _words(run, asked), _anywhere(run, asked)):
        if len(found) == 1:
            return found[0]
        if found:
            raise AskError(f"{printable(part)} is part of {len(found)} cells ({_ids(found)}); give more of the id.")
    raise AskError(f"no cell's id holds {printable(part)}; the nearest: {_ids(_near(run, asked)[:SHOWN])}.")


def panel_of(panels: Sequence[Panel], cell: Cell) -> Panel | None:
    """The panel that holds a cell; None for a trial, and for one that a later cell stands in for."""
    return next((panel for panel in panels if cell in panel.cells), None)


def panels_of(run: Run) -> list[Panel]:
    """All panels of a run; none where it holds trials alone."""
    try:
        return make_panels(run)
    except RecordError:
        return []


def spelling(cell: Cell) -> str:
    """The cell's id in the names themselves, without the digest."""
    return "/".join(str(getattr(cell, name)) for name in NAMES) + f"/seed{cell.seed}"


def _spellings(cell: Cell) -> tuple[str, str]:
    return cell.identity, spelling(cell)


def _whole(run: Run, asked: str) -> list[Cell]:
    return [cell for cell in run.cells if asked in _spellings(cell)]


def _words(run: Run, asked: str) -> list[Cell]:
    """Those that hold the part between separators: seed1 is no part of seed10, and bce none of bce+r1."""
    sought = re.compile(rf"(?:^|/){re.escape(asked)}(?:$|[/-])") if asked else None
    return [cell for cell in run.cells if sought and any(map(sought.search, _spellings(cell)))]


def _anywhere(run: Run, asked: str) -> list[Cell]:
    return [cell for cell in run.cells if any(asked in text for text in _spellings(cell))]


def _near(run: Run, asked: str) -> list[Cell]:
    by_spelling = {spelling(cell): cell for cell in run.cells} | {cell.identity: cell for cell in run.cells}
    found = [by_spelling[name] for name in get_close_matches(asked, by_spelling, 2 * SHOWN, ALIKE)]
    return list(dict.fromkeys(found)) or list(run.cells)


def _ids(cells: Sequence[Cell]) -> str:
    names = [printable(cell.identity) for cell in cells[:SHOWN]]
    return listed([*names, f"{len(cells) - SHOWN} more"]) if len(cells) > SHOWN else listed(names)
