"""The command line's parser; its defaults are in the suite files."""

import argparse
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.plan import BOTH, RECIPES
from benchmarks.records import STATUSES
from benchmarks.task_settings import add_settings
from gan_losses.acceleration import PACES
from gan_losses.augmentation import AUGMENTATIONS
from gan_losses.command_line import Parser, natural, path, positive, seconds, share
from gan_losses.metrics import FEATURES, METRICS
from gan_losses.networks import NORMS
from gan_losses.schedule import SCHEDULES
from gan_losses.tasks import TASKS
from gan_losses.training import PRECISIONS

SUITES = Path(__file__).parent / "suites"
PROGRAM = "python -m benchmarks.run"
SOURCES, TARGETS = "NAME[:ARG],…", "METRIC=VALUE"
SPLITS = ("train", "validation", "test")
STORAGE = ("auto", "shared", "streamed")
RETRIED = tuple(status for status in STATUSES if status not in ("done", "skipped"))


def presets() -> dict[str, dict[str, Any]]:
    """The suite files by name."""
    return {name: read_preset(name) for name in preset_names()}


def preset_names() -> list[str]:
    """What `--preset` takes, beside files."""
    return sorted(path.stem for path in SUITES.glob("*.toml"))


def read_preset(name: str) -> dict[str, Any]:
    """One suite file."""
    return tomllib.loads((SUITES / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def make_parser() -> Parser:
    """The parser; an option that is not given stays None, and the preset decides."""
    parser = Parser(
        prog=PROGRAM,
        description="Train GAN losses side by side on one harness and report quality, cost and gradient saturation.",
        epilog=f"Example: {PROGRAM} --losses bce,lsgan,wgangp --data images:my_photos --image-size 64",
        allow_abbrev=False,
    )
    _add_comparison(parser)
    _add_images(parser)
    _add_training(parser)
    _add_judging(parser)
    _add_place(parser)
    _add_cluster(parser)
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
    what.add_argument("--recipe", metavar="A,B", help=f"{', '.join(RECIPES)} or {BOTH}: how the losses are trained")
    what.add_argument("--seeds", metavar="LIST", help="0,1,2 or 0-4; a verdict needs 6 or more")
    what.add_argument(
        "--grid",
        action="append",
        metavar="NAME=A,B",
        help="values of learning-rate or beta1 from which recipe tuned chooses for each loss by trials",
    )
    what.add_argument(
        "--tune", metavar="N", help="take N points drawn at random in place of a grid: equal trials for all"
    )
    what.add_argument(
        "--space",
        action="append",
        metavar="NAME=LOW..HIGH|A,B",
        help="where they are drawn from: learning-rate (its logarithm), beta1 or beta2; a range or values",
    )
    what.add_argument(
        "--tune-by", metavar="METRIC", help="what recipe tuned chooses by (default: as the best weights); declared, too"
    )
    what.add_argument("--tuning-seeds", metavar="LIST", help="seeds of these trials (default: 1000,1001)")
    what.add_argument(
        "--equivalence",
        type=share,
        metavar="SHARE",
        help="losses that differ by less count as equivalent; declared before the run (default: 0.1)",
    )
    what.add_argument(
        "--target", action="append", metavar=TARGETS, help="a value to be reached, as in fid[digits]=9.3; declared, too"
    )
    what.add_argument(
        "--preset",
        metavar="NAME|FILE.toml",
        default="quick",
        help=f"defaults of all options: {', '.join(preset_names())}, or a suite file of your own (--list)",
    )


def _add_images(parser: argparse.ArgumentParser) -> None:
    images = parser.add_argument_group("on which images")
    images.add_argument(
        "--data", metavar=SOURCES, help="digits, cifar10, images:FOLDER, unpaired:FOLDER, … (--list); one or several"
    )
    images.add_argument("--classes", metavar="A,B", help="only these classes of the data, as in cat,dog")
    images.add_argument(
        "--data-root",
        type=path,
        metavar="DIR",
        help="where data, weights and caches are kept (default: the user's cache)",
    )
    images.add_argument("--download", action="store_true", help="fetch data and weights that are missing")
    images.add_argument("--bad-images", choices=["stop", "skip"], help="what an unreadable file does (default: stop)")


def _add_training(parser: argparse.ArgumentParser) -> None:
    size = parser.add_argument_group("how much")
    size.add_argument("--steps", type=positive(int), metavar="N", help="generator steps of each training")
    size.add_argument("--seconds", type=positive(float), metavar="S", help="time of each training, in place of --steps")
    size.add_argument("--batch-size", type=positive(int), metavar="N", help="images per update")
    equal = " in the recipes that hold all but the loss equal"
    size.add_argument("--n-critic", type=positive(int), metavar="N", help=f"discriminator updates per step{equal}")
    how = parser.add_argument_group("how it is trained")
    add_settings(how)
    how.add_argument("--discriminator-norm", choices=list(NORMS), help=f"its norm{equal}")
    how.add_argument("--sweep", action="append", metavar="NAME=A,B", help="several values of such a setting in one run")
    how.add_argument(
        "--schedule",
        choices=list(SCHEDULES),
        help="of the learning rate: linear decays in the second half, decay from the start",
    )
    how.add_argument("--crop", type=natural, metavar="PX", help="train on random crops of images larger by PX pixels")
    how.add_argument("--flip", action=argparse.BooleanOptionalAction, help="mirror half of the training images")
    how.add_argument(
        "--augment", choices=list(AUGMENTATIONS), help="what the discriminator sees of real and fake, in both phases"
    )
    how.add_argument(
        "--ema", type=share, metavar="DECAY", help="average the generator's weights, as in 0.999, and judge these, too"
    )


def _add_judging(parser: argparse.ArgumentParser) -> None:
    judge = parser.add_argument_group("how it is judged")
    judge.add_argument(
        "--features",
        metavar="A,B",
        help=f"that distances are taken in: {', '.join(FEATURES)}, or file.py:function; the first choose the best weights",
    )
    judge.add_argument("--weights", type=path, metavar="FILE", help="weights of the features, checked by hash")
    judge.add_argument("--weights-sha256", metavar="HEX", help="the hash that such a file of your own has")
    judge.add_argument(
        "--feature-precision", choices=["fp32", "bf16"], help="of the features (default: fp32); a passport names it"
    )
    judge.add_argument("--metrics", metavar="A,B", help=f"what is measured: {', '.join(METRICS)}")
    judge.add_argument("--real", choices=SPLITS, help="the real images that results are compared with (default: test)")
    judge.add_argument(
        "--fakes", type=positive(int), metavar="N", help="fakes in a result (default: as many as there are real images)"
    )
    judge.add_argument(
        "--repeats",
        type=natural,
        metavar="N",
        help="further draws of latents that the best and final weights are scored on",
    )
    judge.add_argument("--eval-every", type=positive(int), metavar="N", help="steps between evaluations")
    judge.add_argument("--log-every", type=positive(int), metavar="N", help="steps between log points")
    judge.add_argument("--timing-rounds", type=positive(int), metavar="N", help="interleaved rounds of the timing pass")


def _add_place(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument("--precision", metavar="NAME", help=f"{', '.join(PRECISIONS)} (default: fp32)")
    where.add_argument(
        "--accelerate", metavar="NAME", help=f"auto, {', '.join(PACES)} (default: auto: CUDA graphs on a GPU, else off)"
    )
    where.add_argument("--workers", metavar="N", help="trainings side by side (default: auto)")
    where.add_argument("--out", type=path, metavar="DIR", help="records and report (default: runs/<preset>)")
    where.add_argument("--force", action="store_true", help="train again what is already there")
    where.add_argument("--retry", metavar="A,B", help=f"train cells with these statuses again: {', '.join(RETRIED)}")
    where.add_argument(
        "--checkpoint-every",
        type=seconds,
        metavar="S",
        help="seconds of training that a killed run may lose (default: 30); 0: only a run that is told to stop saves",
    )
    where.add_argument(
        "--deterministic",
        action="store_true",
        default=None,
        help="on a GPU: equal runs give equal numbers, bit for bit, in somewhat slower steps",
    )
    where.add_argument("--unexamined", action="store_true", help="train losses of your own that fail the examination")
    where.add_argument(
        "--tensorboard", action="store_true", help="also write what TensorBoard shows, as it comes: OUT/tensorboard"
    )
    where.add_argument("--quiet", action="store_true", help="print nothing but the report's path and errors")


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    cluster = parser.add_argument_group("beyond one machine")
    cluster.add_argument("--executor", metavar="NAME", help="where cells run: local or ray (default: local)")
    cluster.add_argument(
        "--address",
        metavar="A",
        help="of a running Ray cluster: auto, ray://HOST:PORT or HOST:PORT (default: one of its own)",
    )
    cluster.add_argument(
        "--cpus-per-cell", type=positive(int), metavar="N", help="cores that a cell takes (default: 1)"
    )
    cluster.add_argument(
        "--gpus-per-cell",
        type=positive(float),
        metavar="N",
        help="GPUs that a cell takes, 0.5 for two cells on each (default: 1 with --device cuda, else none)",
    )
    cluster.add_argument(
        "--storage",
        choices=STORAGE,
        help="shared: all nodes see the output folder; streamed: cells send home what they write (default: auto, looks)",
    )
    cluster.add_argument(
        "--node-retries",
        type=natural,
        metavar="N",
        help="times that a cell goes on after its node was lost (default: 3)",
    )
