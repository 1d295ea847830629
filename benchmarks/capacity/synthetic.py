"""A run of any number of records, made out of a finished one: what a report has to cope with, without the training."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from benchmarks import records
from benchmarks.records import RECORD, SEAL, Json

SEEDS = 30  # of a data set, from which on there is a further data set
FEWEST = 5  # seeds that a loss has before there is a further loss
SPREAD = 0.05  # the standard deviation of the logarithm of what a copy's numbers are multiplied by
CURVES = "curves.jsonl"
# Shares, rates and cosines, which no factor may lift above 1, and ratios of differences.
BOUNDED = ("share", "fraction", "accuracy", "rate", "signal", "overfitting", "ratio")


@dataclass(frozen=True)
class Origin:
    """A cell of the source that others are made of.

    Attributes:
        record: its record.
        points: its log points.
        samples: its grids, or those of another seed of its loss.
    """

    record: Json
    points: Sequence[Json]
    samples: Sequence[Path]


def multiply(source: Path, out: Path, count: int, seeds: int = SEEDS) -> None:
    """Write a run's folder of `count` records, each a cell of the source or one made of it.

    A data set has up to `seeds` seeds of each recipe and loss of the source, in the source's order of folders; then the next one begins,
    "digits-2", "digits-3", …, with ladder, real images and timing of its own. A run too small for all losses has fewer losses rather than
    fewer than `FEWEST` seeds. Numbers of further seeds and data sets are those of a seed of the source times a factor that hangs on the
    cell's id alone: equal calls write equal records. Samples are links to the source's where links can be made.

    Args:
        source: a finished run of one data set, weights and checkpoints not needed.
        out: a folder that is not there yet.
        count: of records, 1 or more.
        seeds: of a data set.
    """
    origins = _origins(source)
    out.mkdir(parents=True)
    identities, names = [], {}
    for data, key, seed in places(list(origins), count, seeds):
        own = origins[key]
        origin = own[seed % len(own)]
        names[data] = str(origin.record["cell"]["data"])
        identities.append(_write_cell(out, origin, data, seed))
    for data, name in names.items():
        _write_shared(source, out, name, data)
    _write_request(source, out, identities, list(names))


def places(keys: Sequence[str], count: int, seeds: int = SEEDS) -> Iterator[tuple[int, str, int]]:
    """(number of the data set, one of the keys, seed) of each record.

    Example:
        >>> list(places(["a", "b"], 5, 2))
        [(0, 'a', 0), (0, 'b', 0), (0, 'a', 1), (0, 'b', 1), (1, 'a', 0)]
        >>> [key for _, key, _ in places(["a", "b", "c"], 10)]
        ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']
    """
    kept = keys[: max(1, min(len(keys), -(-count // min(FEWEST, seeds))))]
    for number in range(count):
        turn, place = divmod(number, len(kept))
        yield turn // seeds, kept[place], turn % seeds


def _origins(source: Path) -> dict[str, list[Origin]]:
    """The cells of the source by the folder of their loss, each by seed."""
    folders: dict[str, list[Path]] = {}
    for folder in records.find_records(source):
        folders.setdefault(folder.parent.relative_to(source).as_posix(), []).append(folder)
    return {key: _of_a_loss(own) for key, own in folders.items()}


def _of_a_loss(folders: Sequence[Path]) -> list[Origin]:
    samples = {folder: sorted(folder.glob("samples/*")) for folder in folders}
    spare = next(filter(None, samples.values()), [])
    found = [
        Origin(records.read_json(folder / RECORD), records.read_curves(folder / CURVES), samples[folder] or spare)
        for folder in folders
    ]
    return sorted(found, key=lambda origin: int(origin.record["cell"]["seed"]))


def named(data: str, number: int) -> str:
    """The name of a data set's copy.

    Example:
        >>> named("digits", 0), named("digits", 1)
        ('digits', 'digits-2')
    """
    return f"{data}-{number + 1}" if number else data


def _write_cell(out: Path, origin: Origin, number: int, seed: int) -> str:
    """Write one cell; returns its id."""
    cell = {**origin.record["cell"], "seed": seed}
    cell["data"] = named(cell["data"], number)
    names = [records.slug(str(cell[name])) for name in ("task", "data", "recipe", "loss")]
    identity = "/".join([*names, f"seed{seed}-{records.digest({'cell': cell, 'settings': origin.record['settings']})}"])
    folder = out / identity
    folder.mkdir(parents=True)
    factor = 1.0 if cell == origin.record["cell"] else factor_of(identity)
    curves = b"".join(records.line_of(perturbed(point, factor)) for point in origin.points)
    (folder / CURVES).write_bytes(curves)
    files = {CURVES: hashlib.sha256(curves).hexdigest()} | _linked(origin.samples, folder / "samples")
    content = {**origin.record, "id": identity, "cell": cell, "files": files}
    if content.get("quality"):
        content["quality"] = perturbed(content["quality"], factor)
    _write_sealed(folder / RECORD, content)
    return identity


def _write_sealed(path: Path, content: Json) -> None:
    """As `records.write_json`, which waits for the disk at each file: here nothing is lost that cannot be made again."""
    whole = records.finite({"schema": records.SCHEMA, **content})
    path.write_text(json.dumps({**whole, SEAL: records.seal(whole)}, indent=1) + "\n", encoding="utf-8")


def _linked(samples: Sequence[Path], folder: Path) -> dict[str, str]:
    """Put samples into a folder; returns their digests by their place in the cell."""
    if samples:
        folder.mkdir()
    for path in samples:
        try:
            os.link(path, folder / path.name)
        except OSError:  # another disk, or a system without links
            shutil.copyfile(path, folder / path.name)
    return {f"samples/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in samples}


def factor_of(identity: str) -> float:
    """The exponential of a normal number of mean 0 and deviation `SPREAD`, the same for the same id.

    Example:
        >>> factor_of("dcgan/digits/controlled/bce/seed12") == factor_of("dcgan/digits/controlled/bce/seed12")
        True
    """
    share = (int(hashlib.sha256(identity.encode()).hexdigest()[:12], 16) + 0.5) / 16**12
    return math.exp(SPREAD * NormalDist().inv_cdf(share))


def perturbed(value: Any, factor: float, name: str = "") -> Any:
    """JSON with its broken numbers times a factor, but those whose names say that they are bounded; whole numbers are counts.

    Example:
        >>> perturbed({"step": 100, "terms": {"penalty": 2.0}, "share[0]": 0.5, "best": None}, 1.5)
        {'step': 100, 'terms': {'penalty': 3.0}, 'share[0]': 0.5, 'best': None}
    """
    if isinstance(value, dict):
        return {key: perturbed(item, factor, key) for key, item in value.items()}
    if isinstance(value, list):
        return [perturbed(item, factor, name) for item in value]
    free = isinstance(value, float) and not any(word in name for word in (*BOUNDED, "width", "low"))
    return value * factor if free else value


def _write_shared(source: Path, out: Path, name: str, number: int) -> None:
    """Ladder, real images and timing of a data set."""
    data = named(name, number)
    for kind in ("ladders", "timing"):
        for path in sorted(source.glob(f"{kind}/*.json")):
            content = records.read_json(path)
            if content.get("data") == name:
                content["data"] = data
            content |= {"entries": [{**each, "data": data} for each in content["entries"]]} if kind == "timing" else {}
            records.write_json(out / kind / path.name.replace(name, data), content)
    for path in sorted(source.glob("real/*.png")):
        (out / "real").mkdir(exist_ok=True)
        shutil.copyfile(path, out / "real" / path.name.replace(name, data))


def _write_request(source: Path, out: Path, identities: Sequence[str], numbers: Sequence[int]) -> None:
    request = records.read_json(source / "run.json")
    data = str((request.get("options") or {}).get("data"))
    options = {**(request.get("options") or {}), "data": ",".join(named(data, number) for number in numbers)}
    records.write_json(out / "run.json", {**request, "options": options, "cells": list(identities), "skipped": []})
    shutil.copyfile(source / "losses.json", out / "losses.json")
