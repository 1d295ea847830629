"""Values and names as text: numbers of three digits, Markdown that no name can break, no paths of this machine."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "none"
_SPECIAL = re.compile(r"([\\`*|~$])|(\](?=\())|((?<![^\W_])_|_(?![^\W_]))")
_FOLDERS = re.compile(r"(?<![\w.…/])(?:~|[A-Za-z]:)?(?:[/\\][^/\\\s'\"`|,;()]+)+(?=[/\\])")


def number(value: Any) -> str:
    """A number with 3 significant digits.

    Example:
        >>> number(0.0123456), number(1234.5), number(2), number(None), number(3.2e-9)
        ('0.0123', '1,230', '2.00', 'none', '3.20e-09')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    rounded = float(f"{value:.2e}")
    size = math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, 2 - size)}f}" if -4 <= size < 6 else f"{rounded:.2e}"


def interval(low: float | None, high: float | None) -> str:
    """An interval in square brackets, or why there is none.

    Example:
        >>> interval(0.5, 2.0), interval(None, None)
        ('[0.500, 2.00]', 'too few seeds (n < 6)')
    """
    if low is None or high is None:
        return "too few seeds (n < 6)"
    return f"[{number(low)}, {number(high)}]"


def probability(value: float | None) -> str:
    """A p value.

    Example:
        >>> probability(0.0078125), probability(0.0), probability(None)
        ('0.00781', '< 0.0001', 'none')
    """
    return "< 0.0001" if value is not None and value < 1e-4 else number(value)


def local(text: str) -> str:
    r"""The text on one line, with the folders of absolute paths left out.

    Example:
        >>> local("no file /home/me/data/a.png  here"), local("dcgan/digits/published")
        ('no file …/a.png here', 'dcgan/digits/published')
    """
    return _FOLDERS.sub("…", " ".join(str(text).split()))


def escape(text: Any) -> str:
    r"""Text that Markdown shows as it is: one line, no markup, no table separators, no HTML, no absolute path.

    Example:
        >>> print(escape("a|b *c* <d>"), escape("real_logit"))
        a\|b \*c\* &lt;d&gt; real_logit
    """
    safe = _SPECIAL.sub(r"\\\g<0>", local(text))
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def setting(value: Any) -> str:
    """A setting's value as text, numbers unrounded.

    Example:
        >>> setting([0.5, 0.999]), setting("adam"), setting(None), setting({"a": 200, "b": 180})
        ('[0.5, 0.999]', 'adam', 'none', 'a: 200, b: 180')
    """
    if value is None:
        return MISSING
    if isinstance(value, dict) and value:
        return ", ".join(f"{name}: {setting(part)}" for name, part in sorted(value.items()))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; cells are escaped.

    Example:
        >>> print(markdown(["loss", "n"], [["bce", 8]]))
        | loss | n |
        | --- | --- |
        | bce | 8 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(escape(item) for item in line) + " |" for line in lines)
