"""The command line and the suite files -> one validated set of options."""

import argparse
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.plan import BOTH, NONE, RECIPES
from gan_losses.data import DATA
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import get_loss
from gan_losses.metrics import FEATURES
from gan_losses.networks.dcgan import SIZES
from gan_losses.penalties import get_penalty
from gan_losses.spelling import parts
from gan_losses.tasks import TASKS
from gan_losses.training import PRECISIONS

SUITES = Path(__file__).parent / "suites"
PROGRAM = "python -m benchmarks.run"
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Options:
    """Everything a run is asked for; the defaults are in the suite files."""

    preset: str
    losses: tuple[str, ...]
    penalties: tuple[str, ...]
    unexamined: bool
    task: str
    data: str
    features: str | None
    bad_images: str
    image_size: int
    width: int
    latents: int
    batch_size: int
    steps: int
    seconds: float | None
    seeds: tuple[int, ...]
    recipe: str
    eval_every: int
    log_every: int
    timing_rounds: int
    device: str
    precision: str
    workers: int | None
    out: Path
    force: bool
    quiet: bool
    list: bool
    dry_run: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        raise UsageError(f"{message}; see {PROGRAM} --help.")


def presets() -> dict[str, dict[str, Any]]:
    """The suite files by name."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SUITES.glob("*.toml"))}


def make_parser() -> argparse.ArgumentParser:
    """The parser; an option that is not given stays None, and the preset decides."""
    parser = _Parser(
        prog=PROGRAM,
        description="Train GAN losses side by side on one harness and report quality, cost and gradient saturation.",
        epilog=f"Example: {PROGRAM} --losses bce,lsgan,wgangp --data images:my_photos --image-size 64",
        allow_abbrev=False,
    )
    add = parser.add_argument
    what = parser.add_argument_group("what is compared")
    what.add_argument("--losses", metavar="A,B", help="losses by name or place; + adds a penalty, as in bce+gp:10")
    what.add_argument("--penalties", metavar="A,B", help="cross every loss with these, as in none,r1,gp:5")
    what.add_argument("--task", metavar="NAME", help=f"kind of GAN: {', '.join(TASKS)}")
    what.add_argument("--data", metavar="NAME[:ARG]", help="images: digits, or images:FOLDER for your own")
    what.add_argument("--recipe", metavar="NAME", help=f"{', '.join(RECIPES)} or {BOTH}: how the losses are trained")
    what.add_argument("--seeds", metavar="LIST", help="0,1,2 or 0-4; a verdict needs 6 or more")
    what.add_argument(
        "--preset", metavar="NAME", default="quick", help=f"defaults of all options: {', '.join(presets())}"
    )
    size = parser.add_argument_group("how much")
    size.add_argument("--steps", type=positive(int), metavar="N", help="generator steps of each training")
    size.add_argument("--seconds", type=positive(float), metavar="S", help="time of each training, in place of --steps")
    size.add_argument("--image-size", type=positive(int), metavar="PX", help=", ".join(map(str, SIZES)))
    size.add_argument("--width", type=positive(int), metavar="N", help="channels of the networks' outer layers")
    size.add_argument("--latents", type=positive(int), metavar="N", help="length of the latent vector")
    size.add_argument("--batch-size", type=positive(int), metavar="N", help="images per update")
    judge = parser.add_argument_group("how it is judged")
    judge.add_argument("--features", metavar="NAME", help=f"of the Fréchet distance: {', '.join(FEATURES)}")
    judge.add_argument("--eval-every", type=positive(int), metavar="N", help="steps between evaluations")
    judge.add_argument("--log-every", type=positive(int), metavar="N", help="steps between log points")
    judge.add_argument("--timing-rounds", type=positive(int), metavar="N", help="interleaved rounds of the timing pass")
    judge.add_argument("--bad-images", choices=["stop", "skip"], help="what an unreadable file does (default: stop)")
    where = parser.add_argument_group("where")
    where.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument("--precision", metavar="NAME", help=f"{' or '.join(PRECISIONS)} (default: fp32)")
    where.add_argument("--workers", metavar="N", help="trainings side by side (default: auto)")
    where.add_argument("--out", type=Path, metavar="DIR", help="records and report (default: runs/<preset>)")
    where.add_argument("--force", action="store_true", help="train again what is already there")
    where.add_argument("--unexamined", action="store_true", help="train losses of your own that fail the examination")
    where.add_argument("--quiet", action="store_true", help="print nothing but the report's path and errors")
    add("--list", action="store_true", help="explain losses, recipes, tasks, data, features and presets, and stop")
    add("--dry-run", action="store_true", help="print the cells and an estimate of time, and stop")
    return parser


def read_options(arguments: list[str] | None) -> Options:
    """Parse, fill in from the preset, check.

    Raises:
        UsageError: anything that cannot be meant, in one sentence.
    """
    given = vars(make_parser().parse_args(arguments))
    known = presets()
    if given["preset"] not in known:
        raise unknown_name("preset", given["preset"], known)
    defaults = {name.replace("-", "_"): value for name, value in known[given["preset"]].items()}
    values = {**_FALLBACKS, **defaults, **{name: value for name, value in given.items() if value is not None}}
    values["losses"] = _names("losses", values["losses"], get_loss)
    values["penalties"] = _names("penalties", values["penalties"], _check_penalty)
    values["seeds"] = _seeds(str(values["seeds"]))
    values["workers"] = _workers(str(values["workers"]))
    values["out"] = Path(values["out"] or Path("runs") / values["preset"])
    if given["seconds"] and given["steps"]:
        raise UsageError("--steps and --seconds exclude each other: give one budget.")
    options = Options(**{field.name: values[field.name] for field in fields(Options)})
    _check(options)
    return options


_FALLBACKS: dict[str, Any] = {
    "penalties": NONE,
    "features": None,
    "bad_images": "stop",
    "seconds": None,
    "device": "auto",
    "precision": "fp32",
    "workers": "auto",
    "out": None,
}


def _check(options: Options) -> None:
    for kind, name, names in (
        ("task", options.task, list(TASKS)),
        ("recipe", options.recipe, [*RECIPES, BOTH]),
        ("precision", options.precision, list(PRECISIONS)),
        ("data", options.data.partition(":")[0], list(DATA)),
    ):
        if name not in names:
            raise unknown_name(kind, name, names)
    if options.features is not None and options.features not in FEATURES:
        raise unknown_name("features", options.features, FEATURES)
    if options.image_size not in SIZES:
        raise UsageError(f"--image-size {options.image_size}: expected one of {', '.join(map(str, SIZES))}.")


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
