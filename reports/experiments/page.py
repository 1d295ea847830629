"""Experiments as one Markdown page: what is published beside what came out here, with the deviation."""

from collections.abc import Sequence
from typing import Any

from reports.text import escape, markdown, number

Json = dict[str, Any]
HEADER = ["what", "published", "ours", "required", "met", "remark"]
LISTS = ("values",)  # columns for table.csv alone
LONGEST = 40  # rows of a table on the page; all are in table.csv
HEAD = """\
# Experiments with known answers

Each compares what this suite measures with a figure that is published or derived. *met* says whether ours lies within the
band that was required; what is not required is reported as it came out.
"""


def make_page(found: Sequence[Json]) -> str:
    """The page of some records."""
    return "\n".join([HEAD, _summary(found), *map(_section, found)])


def _summary(found: Sequence[Json]) -> str:
    rows = []
    for record in found:
        needed = [check for check in record["checks"] if check["required"]]
        met = sum(check["met"] for check in needed)
        rows.append([record["experiment"], record["scale"], f"{met} of {len(needed)}", record["summary"]])
    return markdown(["experiment", "scale", "bands met", "question"], rows) + "\n"


def _section(record: Json) -> str:
    name = record["experiment"]
    lines = [
        f"## {escape(name)}",
        f"{escape(record['summary'])} Known from: {escape(record['source'])}. Made by `{record['command']}`.",
        f"![{escape(name)}]({name}/figure.png)",
        f"*{escape(record['reading'])}*",
        markdown(HEADER, map(check_cells, record["checks"])) if record["checks"] else "Nothing to hold it against.",
        _table(record),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def check_cells(check: Json) -> list[str]:
    """The cells of a check's row, under `HEADER`."""
    met = "yes" if check["met"] else "missed" if check["required"] else "no"
    return [check["what"], check["published"], number(check["ours"]), band(check), met, check["note"]]


def band(check: Json) -> str:
    """The band that a figure had to lie in.

    Example:
        >>> band({"low": 3.0, "high": None, "required": True}), band({"low": 1.0, "high": 2.0, "required": False})
        ('at least 3.00', '(1.00 to 2.00)')
    """
    low, high = check["low"], check["high"]
    if low is None and high is None:
        return "reported only"
    if low is None or high is None:
        words = f"at most {number(high)}" if low is None else f"at least {number(low)}"
    else:
        words = f"{number(low)} to {number(high)}"
    return words if check["required"] else f"({words})"


def _table(record: Json) -> str:
    rows = record["rows"]
    if not rows:
        return ""
    shown = [name for name in rows[0] if name not in LISTS]
    lines = [[_cell(row[name]) for name in shown] for row in rows[:LONGEST]]
    more = (
        f"\n\n{len(rows) - LONGEST} more rows are in `{record['experiment']}/table.csv`." if len(rows) > LONGEST else ""
    )
    return markdown(shown, lines) + more


def _cell(value: Any) -> str:
    if isinstance(value, int):  # a count
        return f"{value:,}"
    return value if isinstance(value, str) else number(value)
