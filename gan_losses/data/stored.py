"""What a stored data set has to look like: its files may come from anywhere, and hashes are easily made to fit."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_losses.data.base import Split

# Of the arrays, by the second part of their names: numbers and axes.
KINDS = {"images": (np.uint8, 4), "truth": (np.uint8, 4), "masks": (np.bool_, 4), "labels": (np.int64, 1)}
NAME = re.compile(r"(train|validation|test)-(labels|(images|truth|masks)-[\w.+-]+)")
DIGEST = re.compile("[0-9a-f]*")
TEXTS = ("name", "features", "digest")
LISTS = ("classes", "skipped", "remarks")


def check_facts(facts: Mapping[str, Any]) -> None:
    """Raise for facts that lack something or have something of another type.

    Raises:
        ValueError: they do; it says what.
    """
    files = facts.get("files")
    for fact in TEXTS:
        _require(isinstance(facts.get(fact), str), f"{fact} is no text")
    for fact in LISTS:
        several = facts.get(fact)
        _require(isinstance(several, list) and all(isinstance(each, str) for each in several), f"{fact} is no list")
    _require(DIGEST.fullmatch(facts["digest"]) is not None, "its digest is none")
    _require(all(line.isprintable() for line in facts["remarks"]), "its remarks cannot be shown")
    _require(isinstance(files, dict) and all(NAME.fullmatch(name) for name in files), "its files are of other names")


def map_array(path: Path, name: str) -> NDArray[Any]:
    """Map one array; what is written to it never reaches the file.

    Args:
        path: of the `.npy` file.
        name: of the array, "train-images-a" or "test-labels": says what it has to hold.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else.
    """
    kind, axes = KINDS[name.split("-")[1]]
    try:
        # Copy on write and not read only: torch warns of tensors that must not be written to.
        array = np.lib.format.open_memmap(path, mode="c")
    except OSError:
        raise
    except Exception as error:  # a header may hold anything; objects, which would be unpickled, are refused
        raise ValueError(f"{path.name} is no array: {error}") from error
    _require(
        isinstance(array, np.ndarray) and array.dtype == kind and array.ndim == axes, f"{path.name} is another array"
    )
    return array


def check_splits(splits: Mapping[str, Split]) -> None:
    """Raise for arrays that do not belong together.

    Raises:
        ValueError: they do not.
    """
    domains = {tuple(sorted(split.images)) for split in splits.values()}
    _require(len(domains) == 1 and () not in domains, "the splits have other domains")
    images = [images for split in splits.values() for images in split.images.values()]
    _require(all(len(each) and each.shape[2] == each.shape[3] for each in images), "images are missing or not square")
    _require(len({each.shape[1] for each in images}) == 1, "the images have other channels")
    for split in splits.values():
        _require(split.labels is None or len(split.labels) == len(split), "labels that no image has")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(f"no stored data set: {otherwise}")
