"""Figures of the literature in a suite file, to be shown beside ours: the tables [[published]]."""

from math import isfinite
from typing import Any

from gan_losses.command_line import check_text
from gan_losses.errors import UsageError, unknown_name

TEXTS = ("loss", "network", "data", "metric", "settings", "source")
NUMBERS = ("value", "spread")
OPTIONAL = ("spread",)


def quoted(value: Any) -> tuple[dict[str, Any], ...]:
    """The rows, each with all that a reader needs to compare it.

    Raises:
        UsageError: they are no tables, or a key is missing, unknown or of another type.

    Example:
        >>> quoted([{"loss": "bce"}])
        Traceback (most recent call last):
        gan_losses.errors.UsageError: network is missing; a figure has loss, network, data, metric, settings, source, value.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise UsageError(f"expected tables, [[published]], got {value!r:.60}.")
    for row in value:
        _check(row)
    return tuple(value)


def _check(row: dict[str, Any]) -> None:
    known = [*TEXTS, *NUMBERS]
    for key in row:
        if key not in known:
            raise unknown_name("key", key, known)
    for key in known:
        if key in row:
            _check_value(key, row[key])
        elif key not in OPTIONAL:
            needed = ", ".join(each for each in known if each not in OPTIONAL)
            raise UsageError(f"{key} is missing; a figure has {needed}.")


def _check_value(key: str, value: Any) -> None:
    if key in TEXTS:
        if not isinstance(value, str):
            raise UsageError(f"{key}: expected a text, got {value!r:.60}.")
        check_text(value)
    elif isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UsageError(f"{key}: expected a number, got {value!r:.60}.")
