"""SVG's path data in fewer letters: hundredths of a point, straight lines as steps from point to point."""

import re
from collections.abc import Iterator

KNOWN = frozenset("MLCQzZ")
TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def short(data: str) -> str:
    """The same path to a hundredth. Steps are of rounded places, so that no error adds up.

    Args:
        data: of `KNOWN` commands, as matplotlib writes them; any other path is given back as it is.

    Example:
        >>> short("M 10.001 20 L 11.5 20 L 11.5 19.5 z"), short("M 0 0 C 1 2 3 4 5.128 6")
        ('M10 20l1.5 0 0-.5z', 'M0 0C1 2 3 4 5.13 6')
    """
    if {letter for letter in data if letter.isalpha() and letter not in "eE"} - KNOWN:
        return " ".join(data.split())
    found: list[str] = []
    start, place, previous = (0, 0), (0, 0), ""
    for command, values in commands(data):
        if command == "L" and len(values) == 2:
            steps = joined([values[0] - place[0], values[1] - place[1]])
            found.append(("" if steps.startswith("-") else " ") + steps if previous == "L" else "l" + steps)
        else:
            found.append(command + joined(values))
        place = (values[-2], values[-1]) if len(values) > 1 else start
        start, previous = (place if command == "M" else start), command
    return "".join(found)


def commands(data: str) -> Iterator[tuple[str, list[int]]]:
    """Every command with its numbers in hundredths."""
    parts = TOKEN.findall(data)
    starts = [place for place, part in enumerate(parts) if part.isalpha()]
    for start, end in zip(starts, [*starts[1:], len(parts)], strict=True):
        yield parts[start], [round(100 * float(part)) for part in parts[start + 1 : end]]


def joined(values: list[int]) -> str:
    """Hundredths as numbers, with a blank only where two would run together.

    Example:
        >>> joined([1250, -50, 3])
        '12.5-.5 .03'
    """
    words = [hundredths(value) for value in values]
    return "".join(("" if place == 0 or word.startswith("-") else " ") + word for place, word in enumerate(words))


def hundredths(value: int) -> str:
    """An integer of hundredths as a number in as few letters as can be.

    Example:
        >>> hundredths(1250), hundredths(-50), hundredths(0), hundredths(700)
        ('12.5', '-.5', '0', '7')
    """
    whole, rest = divmod(abs(value), 100)
    fraction = f".{rest:02d}".rstrip("0") if rest else ""
    return ("-" if value < 0 else "") + ((str(whole) if whole else "") + fraction or "0")
