"""What `--tune`, `--space`, `--tune-by`, `--grid` and `--recipe` have to be together, on the command line and in a suite file."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.evaluation import selecting
from benchmarks.plan import recipe_names
from benchmarks.records import TUNED
from gan_losses.errors import UsageError

Values = dict[str, Any]
SPACELESS = "--space says what --tune draws from: say how many trials each loss has, as in --tune 16."


def settled(
    given: Mapping[str, Any], own: Mapping[str, Any], below: str, place: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the command line and the suite file say, without what of the file the command line overrules; `--tune` brings its recipe.

    Args:
        given: on the command line.
        own: in the suite file.
        below: the recipe where neither names one.
        place: what to call the file in an error.

    Raises:
        UsageError: a grid and draws, a space without draws, or draws or their metric for other recipes.

    Example:
        >>> settled({"tune": "8"}, {"recipe": "both", "grid": ["beta1=0"]}, "", "")
        ({'tune': '8', 'recipe': 'tuned'}, {'recipe': 'both'})
    """
    given, own = dict(given), dict(own)
    for values, where in ((given, ""), (own, place)):
        if values.get("grid") and "tune" in values:
            raise UsageError(f"{where}--grid and --tune exclude each other: take the points of a grid, or draw some.")
    if given.get("grid") or ("recipe" in given and "tune" not in given and not _names_tuned(given["recipe"])):
        own = _without(own, "tune", "space")
    if "tune" in given:
        own = _without(own, "grid")
    if "tune" in given or "tune" in own:
        return _with_recipe(given, own, below, place)
    for values, where in ((given, ""), (own, place)):
        if values.get("space"):
            raise UsageError(f"{where}{SPACELESS}")
    if "tune_by" in given and not _names_tuned(str(given.get("recipe", own.get("recipe", below)))):
        raise UsageError(f"--tune-by is for recipe {TUNED}: name it, or leave it out.")
    return given, own


def _with_recipe(given: Values, own: Values, below: str, place: str) -> tuple[Values, Values]:
    """The recipe that a file names for draws of the command line may be any: then `tuned` takes its place."""
    layer, where = (given, "") if "recipe" in given or "tune" in given else (own, place)
    recipe = str(given.get("recipe", own.get("recipe", below)))
    if _names_tuned(recipe):
        return given, own
    if "recipe" in layer:
        raise UsageError(
            f"{where}--tune is for recipe {TUNED}, and --recipe {recipe} has it not: name it, too, as in controlled,{TUNED}."
        )
    layer["recipe"] = TUNED
    return given, own


def _names_tuned(recipe: str) -> bool:
    return TUNED in recipe_names(",".join(name.strip() for name in recipe.split(",")))


def _without(values: Values, *names: str) -> Values:
    return {name: value for name, value in values.items() if name not in names}


def tuned_by(metric: str | None, metrics: Sequence[str]) -> str:
    """The metric that recipe `tuned` chooses by: the one that is asked for, or the one that the best weights are chosen by.

    Args:
        metric: that is asked for.
        metrics: that are measured.

    Raises:
        UsageError: it is not measured.

    Example:
        >>> tuned_by(None, ["fid", "kid"]), tuned_by("fid", ["fid", "kid"])
        ('kid', 'fid')
    """
    if metric is None:
        return selecting(metrics)
    if metric not in metrics:
        raise UsageError(f"--tune-by {metric}: --metrics {','.join(metrics)} has it not; name it there, too.")
    return metric
