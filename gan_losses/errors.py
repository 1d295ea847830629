"""The one error that a user's mistake raises."""

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """A user's mistake, told in one sentence: what was expected, what came, what to do.

    The commands print it without a traceback and exit with code 2.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not in a registry; it suggests the nearest one and lists all.

    Example:
        >>> str(unknown_name("loss", "lsgna", ["bce", "lsgan"]))
        "unknown loss 'lsgna': did you mean 'lsgan'? Known: bce, lsgan."
    """
    names = list(known)
    nearest = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    return UsageError(f"unknown {kind} {name!r}: {hint}Known: {', '.join(names)}.")
