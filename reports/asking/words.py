"""Plain text for a terminal: no Markdown, no control characters, lines that fit, columns that align."""

import html
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

WIDTH = 100
_ESCAPED = re.compile(r"\\(.)")
# What stands in place of a character that the terminal does not know.
SIMPLE = {"→": "->", "…": "...", "×": "x", "−": "-", "–": "-", "—": "-", "²": "^2", "₁₀": "10", "‖": "||", "Δ": "d"}
SIMPLE |= {"∇": "grad ", "≤": "<=", "≥": ">=", "θ": "theta", "é": "e"}


class AskError(Exception):
    """A question that cannot be answered, told in one sentence."""


def printable(text: Any) -> str:
    r"""The text on one line without characters that would steer a terminal.

    Example:
        >>> printable("a\x1b[31mb\n c")
        'a?[31mb c'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(str(text).split()))


def unmarked(text: str) -> str:
    r"""Text that `reports.text.escape` made, or that holds such text, as it was before.

    Example:
        >>> from reports.text import escape
        >>> unmarked(escape("<b> *x*_ \\ | &amp; a_b"))
        '<b> *x*_ \\ | &amp; a_b'
    """
    return printable(html.unescape(_ESCAPED.sub(r"\1", text)))


def paragraph(sentences: Iterable[str], indent: str = "") -> str:
    """Sentences as lines of at most `WIDTH` letters; "" are left out."""
    words = " ".join(sentence for sentence in sentences if sentence)
    return textwrap.fill(
        words, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def columns(rows: Sequence[Sequence[Any]], indent: str = "") -> str:
    """Rows whose columns stand below each other, two spaces apart.

    Example:
        >>> print(columns([["loss", "n"], ["lsgan", 8]], "> "))
        > loss   n
        > lsgan  8
    """
    texts = [[printable(item) for item in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*texts, fillvalue="")]
    lines = ["  ".join(item.ljust(width) for item, width in zip(row, widths, strict=False)) for row in texts]
    return "\n".join((indent + line).rstrip() for line in lines)


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names in a sentence.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
        ('a, b and c', 'a', 'nothing')
    """
    if not names:
        return "nothing"
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]


def count(value: Any) -> str:
    """A whole number with all its digits.

    Example:
        >>> count(12345), count(None)
        ('12,345', 'unknown')
    """
    return f"{value:,}" if isinstance(value, int) else "unknown"


def ordinal(place: int) -> str:
    """A place in an order.

    Example:
        >>> [ordinal(place) for place in (1, 2, 3, 4, 11, 22, 113)]
        ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def encodable(text: str, encoding: str | None, simple: Mapping[str, str] | None = None) -> str:
    """The text in letters that an encoding has.

    Args:
        text: in whatever letters.
        encoding: of the output; None is taken for ASCII.
        simple: what stands in place of letters that it lacks; None is `SIMPLE`.

    Example:
        >>> encodable("0.9 → 0.5 ☃", "ascii"), encodable("0.9 → 0.5", "utf-8")
        ('0.9 -> 0.5 ?', '0.9 → 0.5')
    """
    for letter, plain in (SIMPLE if simple is None else simple).items():
        if letter in text and not knows(encoding, letter):
            text = text.replace(letter, plain)
    return text.encode(encoding or "ascii", errors="replace").decode(encoding or "ascii")


def knows(encoding: str | None, letters: str) -> bool:
    """Whether an encoding has all of the letters.

    Example:
        >>> knows("utf-8", "▁█"), knows("latin-1", "▁█"), knows(None, "a")
        (True, False, True)
    """
    try:
        letters.encode(encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
