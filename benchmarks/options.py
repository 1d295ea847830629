"""The command line and the suite files -> one validated set of options."""

import argparse
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.plan import BOTH, NONE, RECIPES
from benchmarks.task_settings import add_settings, settings_of, sweep_of
from gan_losses.acceleration import AUTO, PACES
from gan_losses.data import DATA
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import get_loss
from gan_losses.metrics import FEATURES
from gan_losses.penalties import get_penalty
from gan_losses.schedule import SCHEDULES
from gan_losses.spelling import parts
from gan_losses.tasks import TASKS
from gan_losses.training import PRECISIONS

SUITES = Path(__file__).parent / "suites"
PROGRAM = "python -m benchmarks.run"
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Options:
    """Everything a run is asked for; the defaults are in the suite files.

    Attributes:
        settings: the task's own, by name.
        sweep: settings of the task that are given several values each, instead of the one in `settings`.
        crop: pixels by which training images are larger than what is cut out of them.
    """

    preset: str
    losses: tuple[str, ...]
    penalties: tuple[str, ...]
    unexamined: bool
    task: str
    data: str
    features: str | None
    bad_images: str
    settings: dict[str, Any]
    sweep: dict[str, tuple[Any, ...]]
    batch_size: int
    schedule: str
    crop: int
    flip: bool
    data_root: Path | None
    steps: int
    seconds: float | None
    seeds: tuple[int, ...]
    recipe: str
    eval_every: int
    log_every: int
    timing_rounds: int
    device: str
    precision: str
    accelerate: str
    workers: int | None
    out: Path
    force: bool
    quiet: bool
    list: bool
    dry_run: bool

    def variants(self) -> Iterator[dict[str, Any]]:
        """The task's settings, once for each combination of what is swept."""
        for values in product(*self.sweep.values()):
            yield {**self.settings, **dict(zip(self.sweep, values, strict=True))}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are a `UsageError`."""

    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        raise UsageError(f"{message}; see {self.prog} --help.")


def presets() -> dict[str, dict[str, Any]]:
    """The suite files by name."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SUITES.glob("*.toml"))}


def make_parser() -> argparse.ArgumentParser:
    """The parser; an option that is not given stays None, and the preset decides."""
    parser = Parser(
        prog=PROGRAM,
        description="Train GAN losses side by side on one harness and report quality, cost and gradient saturation.",
        epilog=f"Example: {PROGRAM} --losses bce,lsgan,wgangp --data images:my_photos --image-size 64",
        allow_abbrev=False,
    )
    _add_comparison(parser)
    _add_training(parser)
    _add_judging_and_place(parser)
    parser.add_argument(
        "--list", action="store_true", help="explain losses, recipes, tasks, data, features and presets, and stop"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the cells and an estimate of time, and stop")
    return parser


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what is compared")
    what.add_argument("--losses", metavar="A,B", help="losses by name or place; + adds a penalty, as in bce+gp:10")
    what.add_argument("--penalties", metavar="A,B", help="cross every loss with these, as in none,r1,gp:5")
    what.add_argument("--task", metavar="NAME", help=f"kind of GAN: {', '.join(TASKS)}")
    what.add_argument("--data", metavar="NAME[:ARG]", help="images: digits, images:FOLDER, unpaired:FOLDER, … (--list)")
    what.add_argument("--recipe", metavar="NAME", help=f"{', '.join(RECIPES)} or {BOTH}: how the losses are trained")
    what.add_argument("--seeds", metavar="LIST", help="0,1,2 or 0-4; a verdict needs 6 or more")
    what.add_argument(
        "--preset", metavar="NAME", default="quick", help=f"defaults of all options: {', '.join(presets())}"
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    size = parser.add_argument_group("how much")
    size.add_argument("--steps", type=positive(int), metavar="N", help="generator steps of each training")
    size.add_argument("--seconds", type=positive(float), metavar="S", help="time of each training, in place of --steps")
    size.add_argument("--batch-size", type=positive(int), metavar="N", help="images per update")
    how = parser.add_argument_group("how it is trained")
    add_settings(how)
    how.add_argument("--sweep", action="append", metavar="NAME=A,B", help="several values of such a setting in one run")
    how.add_argument(
        "--schedule", choices=list(SCHEDULES), help="of the learning rate: linear decays in the second half"
    )
    how.add_argument("--crop", type=natural, metavar="PX", help="train on random crops of images larger by PX pixels")
    how.add_argument("--flip", action=argparse.BooleanOptionalAction, help="mirror half of the training images")


def _add_judging_and_place(parser: argparse.ArgumentParser) -> None:
    judge = parser.add_argument_group("how it is judged")
    judge.add_argument("--features", metavar="NAME", help=f"of the Fréchet distance: {', '.join(FEATURES)}")
    judge.add_argument("--eval-every", type=positive(int), metavar="N", help="steps between evaluations")
    judge.add_argument("--log-every", type=positive(int), metavar="N", help="steps between log points")
    judge.add_argument("--timing-rounds", type=positive(int), metavar="N", help="interleaved rounds of the timing pass")
    judge.add_argument("--bad-images", choices=["stop", "skip"], help="what an unreadable file does (default: stop)")
    where = parser.add_argument_group("where")
    where.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument("--precision", metavar="NAME", help=f"{', '.join(PRECISIONS)} (default: fp32)")
    where.add_argument(
        "--accelerate", metavar="NAME", help=f"auto, {', '.join(PACES)} (default: auto: CUDA graphs on a GPU, else off)"
    )
    where.add_argument(
        "--data-root", type=Path, metavar="DIR", help="where downloads are kept (default: the user's cache)"
    )
    where.add_argument("--workers", metavar="N", help="trainings side by side (default: auto)")
    where.add_argument("--out", type=Path, metavar="DIR", help="records and report (default: runs/<preset>)")
    where.add_argument("--force", action="store_true", help="train again what is already there")
    where.add_argument("--unexamined", action="store_true", help="train losses of your own that fail the examination")
    where.add_argument("--quiet", action="store_true", help="print nothing but the report's path and errors")


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
    "sweep": (),
    "data_root": None,
    "features": None,
    "bad_images": "stop",
    "seconds": None,
    "device": "auto",
    "precision": "fp32",
    "accelerate": "auto",
    "workers": "auto",
    "out": None,
}


def _check(options: Options) -> None:
    for kind, name, names in (
        ("recipe", options.recipe, [*RECIPES, BOTH]),
        ("precision", options.precision, list(PRECISIONS)),
        ("acceleration", options.accelerate, [AUTO, *PACES]),
        ("data", options.data.partition(":")[0], list(DATA)),
    ):
        if name not in names:
            raise unknown_name(kind, name, names)
    if options.features is not None and options.features not in FEATURES:
        raise unknown_name("features", options.features, FEATURES)


def natural(text: str) -> int:
    """An argparse type: a whole number of 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def positive(kind: type) -> Any:
    """An argparse type: a number of that kind above 0."""

    def convert(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < float("inf"):
            noun = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"expected a positive {noun}, got {text!r}")
        return value

    return convert


_EXAMPLES = {"losses": "bce,lsgan,wgangp", "penalties": "none,r1,gp"}


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
