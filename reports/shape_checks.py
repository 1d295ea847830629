"""What the files of a run must look like, checked once as they are read, so that no table or figure need ask again.

A check takes a value and the place where it stands, and raises `UnfitError` if the value is not what is expected there.
Keys that no check names are let through, for records of later versions may have more.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

LARGEST = 1e100  # no quantity of a run comes near it, and squares of it are still numbers
MOST = 2**53
DEEPEST = 20
PLAIN = frozenset({int, float, type(None)})
Check = Callable[[Any, str], None]
Quick = Callable[[Collection[Any]], bool]


class UnfitError(ValueError):
    """A value that cannot stand where it stands, told in a few words."""

    def __init__(self, place: str, expected: str, value: Any) -> None:
        super().__init__(f"{place or 'it'} should be {expected}, and is {_brief(value)}")


def _brief(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits
        text = f"of type {type(value).__name__}"
    return text if len(text) <= 40 else text[:39] + "…"


def number(value: Any, place: str) -> None:
    """A number that a figure can show."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise UnfitError(place, "a finite number", value)


def seconds(value: Any, place: str) -> None:
    """A number of 0 or more."""
    number(value, place)
    if value < 0:
        raise UnfitError(place, "a number of 0 or more", value)


def integer(value: Any, place: str) -> None:
    """A whole number of either sign."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise UnfitError(place, "a whole number", value)


def count(value: Any, place: str) -> None:
    """A whole number of 0 or more."""
    integer(value, place)
    if value < 0:
        raise UnfitError(place, "a whole number of 0 or more", value)


def positive(value: Any, place: str) -> None:
    """A whole number of 1 or more."""
    integer(value, place)
    if value < 1:
        raise UnfitError(place, "a whole number of 1 or more", value)


def text(value: Any, place: str) -> None:
    """A text, the empty one too."""
    if not isinstance(value, str):
        raise UnfitError(place, "a text", value)


def scalar(value: Any, place: str) -> None:
    """A number, a text, true, false or null."""
    if not (value is None or isinstance(value, str | bool)):
        number(value, place)


def anything(value: Any, place: str, depth: int = 0) -> None:
    """Whatever JSON can hold, of bounded size and depth."""
    if depth > DEEPEST:
        raise UnfitError(place, f"nested at most {DEEPEST} deep", value)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            anything(item, place, depth + 1)
    else:
        scalar(value, place)


def one_of(names: Iterable[str]) -> Check:
    """One of some texts."""
    known = tuple(names)

    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise UnfitError(place, f"one of {', '.join(known)}", value)

    return check


def maybe(inner: Check) -> Check:
    """What another check takes, or null."""
    return lambda value, place: None if value is None else inner(value, place)


def either(first: Check, second: Check) -> Check:
    """What one of two checks takes."""

    def check(value: Any, place: str) -> None:
        try:
            first(value, place)
        except UnfitError:
            second(value, place)

    return check


def plain_numbers(values: Collection[Any]) -> bool:
    """Whether all are numbers that `number` takes, or null; False, too, where that is not seen at a glance.

    Example:
        >>> [plain_numbers(each) for each in ([1, 2.5, None], [True], [float("nan")], ["1"])]
        [True, False, False, False]
    """
    if not PLAIN.issuperset(map(type, values)):
        return False
    return all(-LARGEST <= value <= LARGEST for value in values if value is not None)


def plain_counts(values: Collection[Any]) -> bool:
    """Whether all are numbers that `count` takes.

    Example:
        >>> [plain_counts(each) for each in ([0, 3], [], [-1], [1.0], [True])]
        [True, True, False, False, False]
    """
    return {int}.issuperset(map(type, values)) and (not values or (min(values) >= 0 and max(values) <= MOST))


def several(inner: Check, quick: Quick | None = None) -> Check:
    """A list. Items that are all fit at a `quick` glance are not looked at one by one."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, list):
            raise UnfitError(place, "a list", value)
        if quick is not None and quick(value):
            return
        for index, item in enumerate(value):
            inner(item, f"{place}[{index}]")

    return check


def each(inner: Check, quick: Quick | None = None) -> Check:
    """A mapping whose values are all of one kind. Those that are all fit at a `quick` glance are not looked at one by one."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise UnfitError(place, "a mapping", value)
        if quick is not None and quick(value.values()):
            return
        for name, item in value.items():
            inner(item, f"{place}.{name}")

    return check


def entries(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """A mapping with named entries.

    Example:
        >>> entries({"step": count})({"step": -1}, "best")
        Traceback (most recent call last):
            ...
        reports.shape_checks.UnfitError: best.step should be a whole number of 0 or more, and is -1
    """

    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise UnfitError(place, "a mapping", value)
        missing = [name for name in required if name not in value]
        if missing:
            raise UnfitError(f"{place}.{missing[0]}".lstrip("."), "there", None)
        for name, inner in {**required, **(optional or {})}.items():
            if name in value:
                inner(value[name], f"{place}.{name}".lstrip("."))

    return check
