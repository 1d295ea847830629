"""A data set as a folder of arrays that every process maps, so that all share the same pixels in memory.

One `.npy` file per split and domain, and `facts.json` with what else there is to know and the sha256 of every file.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan_losses.data.base import DataSet, Split
from gan_losses.data.digest import PIECE, pixel_digest
from gan_losses.data.draft import SPLITS, Draft
from gan_losses.data.places import appearing
from gan_losses.data.stored import check_facts, check_splits, map_array
from gan_losses.regular import open_regular, read_regular

FORMAT = 1
FACTS = "facts.json"
MOST_FACTS = 1 << 30  # bytes: it lists the files that were left out

Array = NDArray[Any]


def save_dataset(data: DataSet, path: Path) -> None:
    """Write `data` to the folder `path`, which appears complete or not at all; one that is there is replaced.

    Raises:
        OSError: if it cannot be written; nothing is left behind.
    """
    arrays: dict[str, Tensor] = {}
    for name in SPLITS:
        split: Split = getattr(data, name)
        for kind in ("images", "truth", "masks"):
            arrays |= {f"{name}-{kind}-{domain}": images for domain, images in getattr(split, kind).items()}
        if split.labels is not None:
            arrays[f"{name}-labels"] = split.labels
    facts = {key: getattr(data, key) for key in ("name", "classes", "features", "digest", "skipped")}
    with appearing(path) as content:
        for name, tensor in arrays.items():
            write_array(content / f"{name}.npy", (piece.numpy() for piece in tensor.split(PIECE)))
        _write_facts(content, facts, arrays)
        shutil.rmtree(path, ignore_errors=True)


def save_draft(draft: Draft, content: Path) -> None:
    """Decode a draft into the empty folder `content`, never more of it in memory than a piece.

    Raises:
        OSError: if it cannot be written.
    """
    names: list[str] = []
    for split in SPLITS:
        for domain, pieces in draft.images[split].items():
            names.append(f"{split}-images-{domain}")
            write_array(content / f"{names[-1]}.npy", pieces())
        if split in draft.labels:
            names.append(f"{split}-labels")
            write_array(content / f"{names[-1]}.npy", [draft.labels[split]])
    digest = pixel_digest(_splits(content, names).values())
    facts = {"name": draft.name, "classes": draft.classes, "features": "random", "digest": digest}
    _write_facts(content, facts | {"skipped": [*draft.skipped], "remarks": [*draft.remarks]}, names)


def load_dataset(path: Path) -> DataSet:
    """Map what `save_dataset` or a cache wrote: nothing is read until it is used, and pages are shared by processes.

    What is written to the tensors is this process's own and never reaches the files.

    Raises:
        OSError: no such folder, or it cannot be read.
        ValueError: it is no stored data set.
    """
    facts = read_facts(path)
    names = {key: facts[key] for key in ("name", "features", "digest")}
    several = {key: tuple(facts[key]) for key in ("classes", "skipped")}
    data = DataSet(**_splits(path, facts["files"]), **names, **several)  # type: ignore[arg-type]
    return replace(data, path=path)


def check_dataset(path: Path) -> bool:
    """Whether the folder holds a stored data set of which every file has its sha256. Reads everything once."""
    try:
        files = read_facts(path)["files"]
        if not all(_hash(path / f"{name}.npy") == digest for name, digest in files.items()):
            return False
        load_dataset(path)
    except (OSError, ValueError):
        return False
    return True


def read_facts(path: Path) -> dict[str, Any]:
    """What `facts.json` in the folder says.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not one of this format.
    """
    try:
        facts = json.loads(read_regular(path / FACTS, MOST_FACTS))
        if isinstance(facts, dict) and facts.get("format") == FORMAT and facts.pop("sha256", "") == _digest(facts):
            check_facts(facts)
            return facts
    except RecursionError:  # one bracket in another, many times
        pass
    raise ValueError(f"{str(path)!r} holds no data set of format {FORMAT}")


def write_array(path: Path, pieces: Iterable[Array]) -> None:
    """Write pieces (n, …) of one array (N, …) as they come to a `.npy` file.

    Raises:
        OSError: if it cannot be written.
    """
    count = 0
    with path.open("wb") as stream:
        for piece in pieces:
            if not count:
                _write_header(stream, 0, piece)
            stream.write(np.ascontiguousarray(piece).data)
            count += len(piece)
        stream.seek(0)
        _write_header(stream, count, piece)


def _write_header(stream: BinaryIO, count: int, like: Array) -> None:
    """The header has the same length whatever `count`: numpy leaves room for the first axis to grow."""
    descr = np.lib.format.dtype_to_descr(like.dtype)
    facts = {"descr": descr, "fortran_order": False, "shape": (count, *like.shape[1:])}
    np.lib.format.write_array_header_1_0(stream, facts)


def _write_facts(content: Path, facts: Mapping[str, Any], names: Iterable[str]) -> None:
    files = {name: _hash(content / f"{name}.npy") for name in names}
    whole = {"format": FORMAT, "remarks": [], **facts, "files": files}
    text = json.dumps({**whole, "sha256": _digest(whole)}, indent=1)
    (content / FACTS).write_text(text, encoding="utf-8")


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _splits(path: Path, names: Iterable[str]) -> dict[str, Split]:
    mapped = {name: torch.from_numpy(map_array(path / f"{name}.npy", name)) for name in names}

    def parts(prefix: str) -> Iterator[tuple[str, Tensor]]:
        return ((name.removeprefix(prefix), array) for name, array in mapped.items() if name.startswith(prefix))

    splits = {
        name: Split(
            dict(parts(f"{name}-images-")),
            mapped.get(f"{name}-labels"),
            dict(parts(f"{name}-truth-")),
            dict(parts(f"{name}-masks-")),
        )
        for name in SPLITS
    }
    check_splits(splits)
    return splits
