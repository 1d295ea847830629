"""The grid from which recipe `tuned` chooses learning rate and β1: the same points for every loss."""

from collections.abc import Iterable, Mapping
from itertools import product
from math import inf
from typing import Any

from gan_losses.errors import UsageError, unknown_name

Grid = Mapping[str, tuple[float, ...]]
# Half a decade on either side of DCGAN's 2e-4 (arXiv:1511.06434), with its momentum and without (arXiv:1704.00028).
DEFAULT: Grid = {"learning_rate": (5e-5, 1e-4, 2e-4, 5e-4), "beta1": (0.0, 0.5)}
BOUNDS = {"learning_rate": (0.0, 1.0), "beta1": (-inf, 1.0), "beta2": (-inf, 1.0)}  # above the first, below the second
BETA2 = 0.999
EXAMPLE = "as in learning-rate=1e-4,2e-4 or beta1=0,0.5"


def points(grid: Grid) -> list[dict[str, Any]]:
    """The settings of every point, in the grid's order, in which the first of equals is chosen.

    Example:
        >>> points({"learning_rate": (1e-4, 2e-4), "beta1": (0.5,)})[1]
        {'learning_rate': 0.0002, 'betas': [0.5, 0.999]}
    """
    return [
        {"learning_rate": rate, "betas": [beta1, BETA2]}
        for rate, beta1 in product(grid["learning_rate"], grid["beta1"])
    ]


def read_grid(texts: Iterable[str]) -> Grid:
    """The grid that `--grid NAME=A,B` texts say; what they leave out is as in `DEFAULT`.

    Raises:
        UsageError: another name, no values, a value twice or one that Adam cannot have.

    Example:
        >>> read_grid(["beta1=0.5"]) == {**DEFAULT, "beta1": (0.5,)}
        True
    """
    found: dict[str, tuple[float, ...]] = {}
    for text in texts:
        name, _, several = text.partition("=")
        key = name.strip().replace("-", "_")
        if key not in DEFAULT:
            raise unknown_name("setting of --grid", name.strip(), [each.replace("_", "-") for each in DEFAULT])
        if key in found:
            raise UsageError(f"--grid {name.strip()} stands more than once; name all of its values at once.")
        found[key] = _values(text, several, key)
    return {name: found.get(name, values) for name, values in DEFAULT.items()}


def _values(text: str, several: str, key: str) -> tuple[float, ...]:
    numbers = [number_between(part.strip(), *BOUNDS[key]) for part in several.split(",")]
    known = [number for number in numbers if number is not None and number >= 0]
    if len(known) < len(numbers):
        range_ = "above 0 and below 1" if key == "learning_rate" else "of at least 0 and below 1"
        raise UsageError(f"--grid {text}: expected numbers {range_}, {EXAMPLE}.")
    if len(set(known)) < len(known):
        raise UsageError(f"--grid {text}: a value stands more than once; name each once.")
    return tuple(known)


def number_between(text: str, low: float, high: float) -> float | None:
    """The number above `low` and below `high` that the text is; None if it is none.

    Example:
        >>> number_between("1e-4", 0.0, 1.0), number_between("nan", 0.0, 1.0), number_between("٣", 0.0, 9.0)
        (0.0001, None, None)
    """
    try:
        number = float(text) if text.isascii() else low
    except ValueError:
        return None
    return number if low < number < high else None
