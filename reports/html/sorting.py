"""What a table's cell is sorted by."""

import math
import re

NUMBER = re.compile(
    r"(?P<below><\s*)?\[?(?P<number>[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=$|[\s%×,\])±(])"
)
PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def key_of(text: str) -> float | None:
    """The number that a text begins with, or None where it is none: words stand last, whichever way a table is sorted.

    Example:
        >>> [key_of(text) for text in ("1,230", "3.20e-09", "12.3 [1, 2]", "99 %", "[0.9, 1.1]", "7 of 8")]
        [1230.0, 3.2e-09, 12.3, 99.0, 0.9, 7.0]
        >>> [key_of(text) for text in ("not measured", "16x16", "0: 8.60", "3f2c")], key_of("< 0.01") < 0.01
        ([None, None, None, None], True)
    """
    found = NUMBER.match(text.strip())
    if not found:
        return None
    value = float(found["number"].replace(",", "").replace("−", "-"))
    return math.nextafter(value, -math.inf) if found["below"] else value


def spelled(text: str) -> str | None:
    """The number that a cell is sorted by, where its text is not that number as a script reads it; None where it is.

    Example:
        >>> spelled("1,230"), spelled("0.5"), spelled("bce")
        ('1230.0', None, None)
    """
    key = key_of(text)
    return None if key is None or PLAIN.fullmatch(text) else repr(key)
