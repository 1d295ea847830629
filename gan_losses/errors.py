"""The one error that a user's mistake raises."""

import difflib
import math
from collections.abc import Iterable


class UsageError(ValueError):
    """A user's mistake, told in one sentence: what was expected, what came, what to do.

    The commands print it without a traceback and exit with code 2.
    """


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, or None if none is.

    Example:
        >>> nearest("MyLos", ["torch", "MyLoss"])
        'MyLoss'
    """
    found = difflib.get_close_matches(name.lower(), names := list(known), n=1, cutoff=0.5)
    found = found or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return found[0] if found else None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not in a registry; it suggests the nearest one and lists all.

    Example:
        >>> str(unknown_name("loss", "lsgna", ["bce", "lsgan"]))
        "unknown loss 'lsgna': did you mean 'lsgan'? Known: bce, lsgan."
    """
    names = list(known)
    close = nearest(name, names)
    hint = f"did you mean '{close}'? " if close else ""
    return UsageError(f"unknown {kind} {name!r}: {hint}Known: {', '.join(names)}.")


def require(holds: bool, owner: object, field: str, expected: str) -> None:
    """Raise for a field of `owner` that has a value it must not have.

    Example:
        >>> from types import SimpleNamespace
        >>> require(False, SimpleNamespace(weight=-1), "weight", "a positive number")
        Traceback (most recent call last):
        gan_losses.errors.UsageError: SimpleNamespace: weight has to be a positive number, got -1.
    """
    if not holds:
        raise UsageError(f"{type(owner).__name__}: {field} has to be {expected}, got {getattr(owner, field)!r}.")


def require_positive(owner: object, *fields: str) -> None:
    """Raise for a field of `owner` that is no positive, finite number."""
    for field in fields:
        value = getattr(owner, field)
        require(value > 0 and math.isfinite(value), owner, field, "a positive number")


def require_share(owner: object, *fields: str) -> None:
    """Raise for a field of `owner` outside [0, 1]."""
    for field in fields:
        require(0 <= getattr(owner, field) <= 1, owner, field, "between 0 and 1")
