"""A check's verdicts as a console table, as a comment for a pull request, and as JUnit XML."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from xml.etree import ElementTree

from benchmarks.regression.judge import MISSING, NEW, NOT_JUDGED, REGRESSED, STATUSES, Verdict

HEADINGS = ("case", "measure", "base", "new", "new / base", "95 % interval", "p", "verdict")


@dataclass(frozen=True)
class Measured:
    """How a check was measured, in words.

    Attributes:
        against: what the base is.
        device: its name.
        blocks: of each case that count.
        rejected: blocks that were thrown away and repeated because others used the machine.
        contention: median share of the machine that others took in the blocks that count; NaN where it cannot be told.
        threshold: 0.03 for 3 %.
        threads: of torch.
        torch: its version.
    """

    against: str
    device: str
    blocks: int
    rejected: int
    contention: float
    threshold: float
    threads: int
    torch: str

    def sentence(self) -> str:
        """All of it."""
        taken = "" if isnan(self.contention) else f" (in the others {100 * self.contention:.1f} %)"
        return (
            f"Against {self.against} on {self.device}, torch {self.torch}, {self.threads} thread(s): {self.blocks} "
            f"interleaved blocks of each case, {self.rejected} more rejected because others used the machine{taken}. "
            f"A regression is dearer by {100 * self.threshold:g} % or more (Hodges-Lehmann), and by more than half of that "
            "for certain (rank test, p < 0.01 after Holm's correction) and in every launch."
        )


def headline(verdicts: Sequence[Verdict]) -> str:
    """The outcome in one line.

    Example:
        >>> headline([])
        'No regression: nothing was compared.'
    """
    counts = Counter(verdict.status for verdict in verdicts)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status]) or "nothing was compared"
    failed = counts[REGRESSED] + counts[MISSING]
    return f"{'REGRESSION' if failed else 'No regression'}: {told}."


def cells(verdict: Verdict) -> tuple[str, ...]:
    """One row of the table, under `HEADINGS`."""
    quantity = verdict.quantity
    ratio, interval = "", ""
    if verdict.ratio is not None:
        ratio, interval = f"{verdict.ratio:.3f}", f"{verdict.low:.3f} … {verdict.high:.3f}"
    values = (_typical(values, quantity.seconds) for values in (quantity.base, quantity.new))
    p = "" if verdict.p is None else f"{verdict.p:.1g}"
    return (quantity.case, quantity.measure, *values, ratio, interval, p, verdict.status)


def _typical(values: Sequence[float], seconds: bool) -> str:
    if not values:
        return "–"
    middle = sorted(values)[len(values) // 2]
    return f"{1e3 * middle:.3f} ms" if seconds else f"{middle:.3f}"


def table(rows: Iterable[Sequence[str]], headings: Sequence[str] = HEADINGS) -> list[str]:
    """Rows as lines of even columns.

    Example:
        >>> table([("1", "longer")], ("number", "word"))
        ['number  word', '1       longer']
    """
    every = [headings, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in every)
    return [line.rstrip() for line in lines]


def markdown(verdicts: Sequence[Verdict], measured: Measured) -> str:
    """A comment for a pull request: what came out, the table, how it was measured."""
    telling = [verdict for verdict in verdicts if verdict.status != NOT_JUDGED]
    lines = [f"**Step time. {escaped(headline(verdicts))}**", "", *_rows(telling), "", escaped(measured.sentence())]
    shown = [verdict for verdict in verdicts if verdict.status == NOT_JUDGED]
    if shown:
        lines += ["", "<details><summary>Shown, not judged</summary>", "", *_rows(shown), "", "</details>"]
    return "\n".join(lines) + "\n"


def _rows(verdicts: Sequence[Verdict]) -> list[str]:
    lines = [HEADINGS, ["---"] * len(HEADINGS)]
    rows = [[*map(escaped, cells(verdict))] for verdict in verdicts]
    for row, verdict in zip(rows, verdicts, strict=True):
        row[-1] = f"**{row[-1]}**" if verdict.fails else row[-1]
    return [f"| {' | '.join(row)} |" for row in (*lines, *rows)]


def escaped(text: str) -> str:
    r"""Text that Markdown and HTML leave as it is, names of people and issues included.

    Example:
        >>> print(escaped("a|b_<c> @d"))
        a\|b\_&lt;c&gt; &#64;d
    """
    plain = escape(" ".join(text.split()), quote=False)
    marked = re.sub(r"([\\`*_{}\[\]()|~!])", r"\\\1", plain)
    return re.sub(r"@|(?<!&)#", lambda found: f"&#{ord(found[0])};", marked)


def junit(verdicts: Sequence[Verdict], measured: Measured) -> str:
    """A test case per quantity; what fails is a failure, what is not judged or new is skipped."""
    counts = Counter(verdict.status for verdict in verdicts)
    suite = ElementTree.Element(
        "testsuite",
        name="benchmarks.regression",
        tests=str(len(verdicts)),
        failures=str(counts[REGRESSED] + counts[MISSING]),
        errors="0",
        skipped=str(counts[NOT_JUDGED] + counts[NEW]),
    )
    for verdict in verdicts:
        quantity = verdict.quantity
        case = ElementTree.SubElement(
            suite, "testcase", classname=_printable(quantity.case), name=_printable(quantity.measure)
        )
        told = _printable("  ".join(cells(verdict)))
        if verdict.fails:
            ElementTree.SubElement(case, "failure", message=told, type=verdict.status).text = measured.sentence()
        elif verdict.status in (NOT_JUDGED, NEW):
            ElementTree.SubElement(case, "skipped", message=told)
        else:
            ElementTree.SubElement(case, "system-out").text = told
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return "".join(character for character in text if character.isprintable())
