"""What readers take along with a verdict: texts that have most paragraphs in common, each stored once."""

from collections.abc import Iterable

from markupsafe import Markup

from reports.document import Line
from reports.html.films import data_block

BETWEEN = "\n\n"


def copies(lines: Iterable[Line]) -> Markup:
    r"""JSON of all paragraphs, and for each line the numbers of its own; what is between them is `BETWEEN`.

    Example:
        >>> copies([Line("a", "x\n\nsame"), Line("b", "y\n\nsame")])
        Markup('{"parts":["x","same","y"],"lines":[[0,1],[2,1]]}')
    """
    parts: dict[str, int] = {}
    numbers = [[parts.setdefault(part, len(parts)) for part in line.copied.split(BETWEEN)] for line in lines]
    return data_block({"parts": list(parts), "lines": numbers})
