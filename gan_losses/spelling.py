"""How losses and penalties are spelled: "lsgan", "gp:5", "lsgan:-1:1:0", "r1:10:every=16"."""

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

from gan_losses.errors import UsageError

Made = TypeVar("Made")


def parts(text: str) -> list[str]:
    """What stands between the pluses; the plus of an exponent is none.

    Example:
        >>> parts("wgangp:1e+3+r1:5")
        ['wgangp:1e+3', 'r1:5']
    """
    return re.split(r"(?<![0-9.][eE])\+", text)


def make(kind: str, text: str, factory: Callable[..., Made], values: list[str]) -> Made:
    """Call `factory` with values as the user wrote them: bare ones in the order of its fields, others as field=value.

    Args:
        kind: "loss" or "penalty", for errors.
        text: the whole of what the user wrote, for errors.
        factory: a class or function of these fields; a default's type is the value's.
        values: what stood between the colons after the name.

    Raises:
        UsageError: a field that is not there, a value of another type, or one that the factory refuses.

    Example:
        >>> def circle(radius: float = 1.0, filled: bool = False): return radius, filled
        >>> make("shape", "circle:2:filled=yes", circle, ["2", "filled=yes"])
        (2.0, True)
    """
    fields = inspect.signature(factory).parameters
    given: dict[str, Any] = {}
    for place, value in enumerate(values):
        name, equals, written = value.partition("=")
        if not equals:
            name, written = list(fields)[place] if place < len(fields) else "", value
        if name not in fields or name in given:
            known = ", ".join(fields) or "none"
            raise UsageError(f"{kind} {text!r}: {value!r} is no field that is still free; its fields: {known}.")
        given[name] = _convert(kind, text, name, written, _type(fields[name]))
    missing = [name for name, field in fields.items() if field.default is field.empty and name not in given]
    if missing:
        raise UsageError(f"{kind} {text!r}: {missing[0]} has no default; give it, as in {text}:{missing[0]}=1.")
    return factory(**given)


def _type(field: inspect.Parameter) -> type:
    """A default's type, or the annotation; numbers where neither says more."""
    kind = field.annotation if field.default is field.empty else type(field.default)
    return kind if kind in (bool, int, str) else float


_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _convert(kind: str, text: str, name: str, written: str, wanted: type) -> Any:
    try:
        return _WORDS[written.lower()] if wanted is bool else wanted(written)
    except (ValueError, KeyError):
        expected = {bool: "yes or no", int: "a whole number"}.get(wanted, "a number")
        raise UsageError(f"{kind} {text!r}: expected {expected} for {name}, got {written!r}.") from None
