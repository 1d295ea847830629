"""What is asked for, held against what a machine can hold: a sentence before anything is loaded."""

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import psutil
import torch

from gan_losses.data import default_root
from gan_losses.errors import UsageError
from gan_losses.tasks import TASKS

MOST_CELLS = 100_000
MOST_PIXELS = 8192  # a side
COPIES = 4  # of each weight: itself, its slope and Adam's two moments
PICTURES = 3  # of each image in a step, at least: a real one, a fake one and its slope
BYTES = 4  # of a float32
GIB = 2**30
PROGRAM = Path(__file__).resolve().parent.parent
PACKAGES = tuple(PROGRAM / name for name in ("benchmarks", "gan_losses", "reports"))


def check_cells(counts: Mapping[str, int]) -> None:
    """Refuse more trainings than a plan can be made of.

    Args:
        counts: what is multiplied, by name.

    Raises:
        UsageError: there are too many.

    Example:
        >>> check_cells({"losses": 18, "seeds": 1000, "swept settings": 100})
        Traceback (most recent call last):
        gan_losses.errors.UsageError: 18 losses x 1,000 seeds x 100 swept settings are more than 100,000 trainings; take fewer.
    """
    if prod(counts.values()) > MOST_CELLS:
        asked = " x ".join(f"{count:,} {name}" for name, count in counts.items())
        raise UsageError(f"{asked} are more than {MOST_CELLS:,} trainings; take fewer.")


def check_out(out: Path, data_root: Path | None) -> None:
    """Refuse a folder that is for something else: records and reports would lie among it.

    Raises:
        UsageError: the program's own folder or one around it, one inside its packages, the user's home, the data's folder.

    Example:
        >>> check_out(Path("/"), None)
        Traceback (most recent call last):
        gan_losses.errors.UsageError: --out /: that is the folder of the program, or around it; name one of its own, as in runs/mine.
    """
    real = Path(os.path.realpath(out))
    root = Path(data_root or default_root())
    places = {
        "the folder of the program, or around it": real in (PROGRAM, *PROGRAM.parents),
        "part of the program": any(package in (real, *real.parents) for package in PACKAGES),
        "your home": real == Path(os.path.realpath(Path("~").expanduser())),
        "the folder of the data": real == Path(os.path.realpath(root)),
    }
    for place in (name for name, holds in places.items() if holds):
        raise UsageError(f"--out {out}: that is {place}; name one of its own, as in runs/mine.")


def check_memory(task: str, settings: Mapping[str, Any], batch_size: int, crop: int) -> None:
    """Refuse images, batches and networks that this machine's memory cannot hold; what it may just hold is let through.

    Args:
        task: its name.
        settings: of its networks; of several values, the largest.
        batch_size: images.
        crop: pixels by which training images are larger.

    Raises:
        UsageError: a step needs more than all memory, at the least.
    """
    size = settings["image_size"]
    if size + crop > MOST_PIXELS:
        more = f" and --crop {crop}" if crop else ""
        raise UsageError(f"--image-size {size}{more}: at most {MOST_PIXELS} pixels a side are trained on.")
    memory = psutil.virtual_memory().total
    images = BYTES * PICTURES * len(TASKS[task].domains) * batch_size * size**2
    if images > memory:
        needs = f"need {images / GIB:,.0f} GiB and more, and this machine has {memory / GIB:,.0f}"
        raise UsageError(f"--batch-size {batch_size} at --image-size {size}: the images of a step {needs}; take fewer.")
    weights = count_weights(task, settings)
    if weights is None or COPIES * BYTES * weights > memory:
        needs = "more than can be counted" if weights is None else f"{COPIES * BYTES * weights / GIB:,.0f} GiB"
        raise UsageError(
            f"networks of task {task} of such settings need {needs} to be trained, and this machine has "
            f"{memory / GIB:,.0f} GiB; take smaller ones, as with --width."
        )


def count_weights(task: str, settings: Mapping[str, Any]) -> int | None:
    """The weights of all networks, from their shapes alone; None where these are beyond counting.

    Example:
        >>> count_weights("dcgan", {"image_size": 16, "width": 8}) < 10**6 < count_weights("dcgan", {"width": 10**5})
        True
        >>> count_weights("dcgan", {"width": 10**12}) is None
        True
    """
    try:
        with torch.device("meta"):
            networks = TASKS[task].from_settings(settings, 0).networks()
    except (RuntimeError, TypeError, OverflowError):  # torch's, for a size that is no 64-bit number
        return None
    return sum(weight.numel() for network in networks.values() for weight in network.parameters())
