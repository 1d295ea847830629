"""The text of an option -> its value, or one sentence."""

from collections.abc import Callable, Iterable
from functools import partial
from math import inf
from typing import Any

from benchmarks.executors.registry import EXECUTORS
from benchmarks.parser import RETRIED
from benchmarks.plan import BOTH, NONE, RECIPES, recipe_names
from benchmarks.tuning_grid import number_between, read_grid
from benchmarks.tuning_space import MOST_TRIALS, read_space
from gan_losses.acceleration import AUTO, PACES
from gan_losses.command_line import whole
from gan_losses.data import DATA
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import get_loss
from gan_losses.metrics import FEATURES, METRICS
from gan_losses.penalties import get_penalty
from gan_losses.spelling import parts
from gan_losses.training import PRECISIONS

MOST_SEEDS = 1000
LARGEST_SEED = 2**63 - 1
MOST_WORKERS = 1024


def _check_known(kind: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise unknown_name(kind, name, names)


def _known(kind: str, names: Iterable[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        _check_known(kind, text, names)
        return text

    return read


def data_specs(text: str) -> tuple[str, ...]:
    """The data sets that a text names; a comma before anything but the name of a source is part of a folder's name.

    Raises:
        UsageError: an unknown source, or a data set that stands twice.

    Example:
        >>> data_specs("digits,images:cats, dogs,textures:grass,gravel")
        ('digits', 'images:cats, dogs', 'textures:grass,gravel')
    """
    specs: list[str] = []
    for part in text.split(","):
        name = part.strip().partition(":")[0]
        if specs and name not in DATA and DATA[_source(specs[-1])].argument and ":" in specs[-1]:
            specs[-1] += f",{part}"
        else:
            specs.append(part.strip())
            _check_known("data", name, DATA)
    _check_once("data", specs)
    return tuple(specs)


def _source(spec: str) -> str:
    return spec.partition(":")[0]


def _recipes(text: str) -> str:
    known = _names("recipe", text, lambda name: _check_known("recipe", name, [*RECIPES, BOTH]))
    _check_once("recipe", recipe_names(",".join(known)))
    return ",".join(known)


def _margin(value: float) -> float:
    if not value > 0:
        raise UsageError(f"--equivalence {value:g}: expected a number above 0 and below 1, as in 0.1.")
    return value


def _targets(texts: Iterable[str]) -> dict[str, float]:
    """Metric -> value, from texts as `fid[digits]=9.3,kid[digits]=0.02`."""
    found: dict[str, float] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        metric, _, value = (word.strip() for word in part.rpartition("="))
        number = number_between(value, 0.0, inf)
        if not metric or not number:
            raise UsageError(f"--target {part}: expected a metric and a value above 0, as in fid[digits]=9.3.")
        if metric in found:
            raise UsageError(f"--target: {metric} stands more than once; name it once.")
        found[metric] = number
    return found


def _check_features(name: str) -> None:
    if ":" not in name:  # else the place of the user's own
        _check_known("features", name, FEATURES)


_EXAMPLES = {
    "losses": "bce,lsgan,wgangp",
    "penalties": "none,r1,gp",
    "metrics": "fid,kid,prdc",
    "features": "inception,dinov2",
    "recipe": "controlled,tuned",
}


def _names(option: str, text: str, check: Callable[[str], object]) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--{option}: expected at least one name, as in {_EXAMPLES[option]}.")
    _check_once(option, names)
    for name in names:
        check(name)
    return tuple(names)


def _check_once(option: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UsageError(f"--{option}: {', '.join(doubled)} stands more than once; name each once.")


def _retry(text: str) -> tuple[str, ...]:
    statuses = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for status in statuses:
        _check_known("status for --retry", status, RETRIED)
    return statuses


def _check_penalty(text: str) -> None:
    if text != NONE:
        for part in parts(text):
            get_penalty(part)


def _seeds(text: str, option: str = "seeds") -> tuple[int, ...]:
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low = whole(first, LARGEST_SEED)
        high = whole(last, LARGEST_SEED) if dash else low
        if low is None or high is None or high < low:
            most = f" up to {LARGEST_SEED}" if text.isascii() and max(map(len, text.split(","))) > 18 else ""
            raise UsageError(f"--{option} {text}: expected numbers and ranges{most}, as in 0,1,2 or 0-4.")
        if high - low + len(seeds) >= MOST_SEEDS:
            raise UsageError(f"--{option} {text}: expected at most {MOST_SEEDS} seeds.")
        seeds += range(low, high + 1)
    if len(seeds) != len(set(seeds)):
        raise UsageError(f"--{option} {text}: a seed stands more than once; name each seed once.")
    return tuple(seeds)


def _workers(text: str) -> int | None:
    if text == "auto":
        return None
    number = whole(text, MOST_WORKERS)
    if not number:
        raise UsageError(f"--workers {text}: expected auto or a positive whole number, at most {MOST_WORKERS}.")
    return number


def _tune(text: str | None) -> int | None:
    if text is None:
        return None
    number = whole(text.strip(), MOST_TRIALS)
    if not number:
        raise UsageError(f"--tune {text}: expected a whole number of trials from 1 to {MOST_TRIALS:,}.")
    return number


def _tune_by(text: str | None) -> str | None:
    if text is not None:
        _check_known("metric for --tune-by", text, [name for name, metric in METRICS.items() if metric.selects])
    return text


def _classes(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


# Option -> what makes its value of the text that was given.
READERS: dict[str, Callable[[Any], Any]] = {
    "losses": partial(_names, "losses", check=get_loss),
    "penalties": partial(_names, "penalties", check=_check_penalty),
    "metrics": partial(_names, "metrics", check=lambda name: _check_known("metric", name, METRICS)),
    "features": lambda text: text and _names("features", text, _check_features),
    "data": data_specs,
    "recipe": _recipes,
    "grid": read_grid,
    "tune": _tune,
    "space": read_space,
    "tune_by": _tune_by,
    "tuning_seeds": partial(_seeds, option="tuning-seeds"),
    "equivalence": _margin,
    "target": _targets,
    "precision": _known("precision", list(PRECISIONS)),
    "accelerate": _known("acceleration", [AUTO, *PACES]),
    "classes": _classes,
    "retry": _retry,
    "seeds": _seeds,
    "executor": _known("executor", EXECUTORS),
    "workers": _workers,
}
