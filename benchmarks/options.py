"""The command line and the suite files -> one validated set of options."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.evaluation import selecting
from benchmarks.parser import RETRIED, make_parser, presets
from benchmarks.plan import BOTH, NONE, RECIPES
from benchmarks.task_settings import settings_of, sweep_of
from gan_losses.acceleration import AUTO, PACES
from gan_losses.data import DATA
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import get_loss
from gan_losses.metrics import DEFAULT, FEATURES, METRICS
from gan_losses.penalties import get_penalty
from gan_losses.spelling import parts
from gan_losses.tasks import TASKS
from gan_losses.training import PRECISIONS

MOST_SEEDS = 1000


@dataclass(frozen=True)
class Options:
    """Everything a run is asked for; the defaults are in the suite files.

    Attributes:
        settings: the task's own, by name.
        sweep: settings of the task that are given several values each, instead of the one in `settings`.
        crop: pixels by which training images are larger than what is cut out of them.
        features: that distances are taken in; None are those that suit the data.
        fakes: in a result; None are as many as there are real images.
        retry: statuses of cells that are trained again.
        checkpoint_every: seconds of training from one checkpoint to the next; 0: only where a run is told to stop.
        deterministic: whether a GPU is to give the same numbers for the same run.
        published: figures of the literature that a suite file quotes, for the table beside ours.
    """

    preset: str
    losses: tuple[str, ...]
    penalties: tuple[str, ...]
    unexamined: bool
    task: str
    data: str
    classes: tuple[str, ...]
    bad_images: str
    data_root: Path | None
    download: bool
    settings: dict[str, Any]
    sweep: dict[str, tuple[Any, ...]]
    batch_size: int
    schedule: str
    crop: int
    flip: bool
    augment: str
    ema: float
    steps: int
    seconds: float | None
    seeds: tuple[int, ...]
    recipe: str
    features: tuple[str, ...] | None
    weights: Path | None
    weights_sha256: str | None
    feature_precision: str
    metrics: tuple[str, ...]
    real: str
    fakes: int | None
    eval_every: int
    log_every: int
    timing_rounds: int
    device: str
    precision: str
    accelerate: str
    workers: int | None
    out: Path
    force: bool
    retry: tuple[str, ...]
    checkpoint_every: float
    deterministic: bool
    quiet: bool
    list: bool
    dry_run: bool
    published: tuple[dict[str, Any], ...] = ()

    def variants(self) -> Iterator[dict[str, Any]]:
        """The task's settings, once for each combination of what is swept."""
        for values in product(*self.sweep.values()):
            yield {**self.settings, **dict(zip(self.sweep, values, strict=True))}


def read_options(arguments: list[str] | None) -> Options:
    """Parse, fill in from the preset, check.

    Raises:
        UsageError: anything that cannot be meant, in one sentence.
    """
    given = vars(make_parser().parse_args(arguments))
    known = presets()
    if given["preset"] not in known:
        raise unknown_name("preset", given["preset"], known)
    given = {name: value for name, value in given.items() if value is not None}
    values = {**_FALLBACKS, **_defaults(known[given["preset"]], given), **given}
    if values["task"] not in TASKS:
        raise unknown_name("task", values["task"], list(TASKS))
    values["settings"] = settings_of(values)
    values["sweep"] = sweep_of(values)
    values["crop"] = int(values["crop"])
    values["losses"] = _names("losses", values["losses"], get_loss)
    values["penalties"] = _names("penalties", values["penalties"], _check_penalty)
    values["metrics"] = _names("metrics", values["metrics"], lambda name: _check_known("metric", name, METRICS))
    values["features"] = values["features"] and _names("features", values["features"], _check_features)
    values["retry"] = _retry(str(values["retry"]))
    values["classes"] = tuple(part.strip() for part in str(values["classes"]).split(",") if part.strip())
    values["published"] = tuple(values["published"])
    values["seeds"] = _seeds(str(values["seeds"]))
    values["workers"] = _workers(str(values["workers"]))
    values["out"] = Path(values["out"] or Path("runs") / values["preset"])
    if given.get("seconds") and given.get("steps"):
        raise UsageError("--steps and --seconds exclude each other: give one budget.")
    options = Options(**{field.name: values[field.name] for field in fields(Options)})
    _check(options)
    return options


def _defaults(preset: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """A suite file's values: what it says of all tasks, then what it says of the one asked for in a table of its own."""
    task = given.get("task", preset["task"])
    tables = {name: values for name, values in preset.items() if name in TASKS}
    if task in TASKS and task not in tables:
        raise UsageError(
            f"preset {given['preset']} is for {' and '.join(tables)}, and --task {task} came: take another."
        )
    common = {name: value for name, value in preset.items() if name not in TASKS}
    return {name.replace("-", "_"): value for name, value in {**common, **tables.get(task, {})}.items()}


_FALLBACKS: dict[str, Any] = {
    "penalties": NONE,
    "schedule": "none",
    "crop": 0,
    "flip": False,
    "augment": "none",
    "ema": 0.0,
    "classes": "",
    "download": False,
    "sweep": (),
    "published": (),
    "data_root": None,
    "features": None,
    "weights": None,
    "weights_sha256": None,
    "feature_precision": "fp32",
    "metrics": ",".join(DEFAULT),
    "real": "test",
    "fakes": None,
    "bad_images": "stop",
    "seconds": None,
    "device": "auto",
    "precision": "fp32",
    "accelerate": "auto",
    "workers": "auto",
    "out": None,
    "retry": "",
    "checkpoint_every": 30.0,
    "deterministic": False,
}


def _check(options: Options) -> None:
    for kind, name, names in (
        ("recipe", options.recipe, [*RECIPES, BOTH]),
        ("precision", options.precision, list(PRECISIONS)),
        ("acceleration", options.accelerate, [AUTO, *PACES]),
        ("data", options.data.partition(":")[0], list(DATA)),
    ):
        _check_known(kind, name, names)
    selecting(options.metrics)
    _check_weights(options)
    if options.task in TASKS and TASKS[options.task].sources and options.fakes:
        raise UsageError(f"--fakes: task {options.task} makes one fake of each real image; leave it out.")


def _check_weights(options: Options) -> None:
    taking = [name for name, features in FEATURES.items() if features.takes_weights]
    if options.weights and not set(taking) & set(options.features or ()):
        raise UsageError(f"--weights is for --features {' or '.join(taking)}: name them, or leave the file out.")
    if options.weights_sha256 and not options.weights:
        raise UsageError("--weights-sha256 names the hash of a file: give the file, too, with --weights FILE.")


def _check_known(kind: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise unknown_name(kind, name, names)


def _check_features(name: str) -> None:
    if ":" not in name:  # else the place of the user's own
        _check_known("features", name, FEATURES)


_EXAMPLES = {
    "losses": "bce,lsgan,wgangp",
    "penalties": "none,r1,gp",
    "metrics": "fid,kid,prdc",
    "features": "inception,dinov2",
}


def _names(option: str, text: str, check: Callable[[str], object]) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--{option}: expected at least one name, as in {_EXAMPLES[option]}.")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UsageError(f"--{option}: {', '.join(doubled)} stands more than once; name each once.")
    for name in names:
        check(name)
    return tuple(names)


def _retry(text: str) -> tuple[str, ...]:
    statuses = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for status in statuses:
        _check_known("status for --retry", status, RETRIED)
    return statuses


def _check_penalty(text: str) -> None:
    if text != NONE:
        for part in parts(text):
            get_penalty(part)


def _seeds(text: str) -> tuple[int, ...]:
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise UsageError(f"--seeds {text}: expected numbers and ranges, as in 0,1,2 or 0-4.")
        if int(last or first) - int(first) >= MOST_SEEDS:
            raise UsageError(f"--seeds {text}: expected at most {MOST_SEEDS} seeds.")
        seeds += range(int(first), int(last or first) + 1)
    if len(seeds) != len(set(seeds)):
        raise UsageError(f"--seeds {text}: a seed stands more than once; name each seed once.")
    return tuple(seeds)


def _workers(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--workers {text}: expected auto or a positive whole number.")
    return int(text)
