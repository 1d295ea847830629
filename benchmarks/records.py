"""The files in which a run is kept, and the only meeting point of running and reporting. Standard library only.

Under the output folder of a run:

    run.json                         what was asked for: {"schema", "command", "options", "cells": [ids],
                                     "skipped": [{"cell": {as in a record}, "reason"}],
                                     "waiting": how many more cells wait for their trials; absent if none do,
                                     "published": figures that the suite quotes (below); absent if none,
                                     "drawn": the points that trials were drawn from (below); absent if none were}
    losses.json                      shapes and facts of every registered loss and of the run's own (below)
    ladders/<data>-<size>-<features>.json   rows to read quality by (below)
    real/<data>-<size>.png           a grid of real test images
                                     (with several domains one of each, <…>-<domain>.json, <…>-<domain>.png)
    timing/<device fingerprint>.json the timing pass, a record of its own (below)
    tuning/<task>-<data>.json        what recipe `tuned` was chosen by (below); its trials are cells of recipe `trial`
    <task>/<data>/<recipe>/<loss>/seed<k>-<digest>/
        record.json                  what is stored of a cell (below)
        checkpoints/step000800.checkpoint   all that a killed training goes on from (`benchmarks.checkpoint`); the two
                                     latest, and none once the record is written
        curves.jsonl                 one line per log point
        samples/step000800.png       grids from the same latents for every loss; step000800-<domain>.png of translations
        maps.json, maps/<domain>.png patch-wise slopes of the last state (below), where D judges patches
        best.safetensors, final.safetensors    the generator's weights; best-averaged.…, final-averaged.… with --ema
        traceback.txt                where the cell failed
    .identity                        what a node of a cluster knows the folder by, where cells ran on one
    report/                          the report, with manifest.json: what it was made from and its files' sha256

Every JSON file but the curves ends in "sha256", the digest of the rest of it (`seal`). A file that was found damaged stands
beside its successor as <name>.damaged-<n>.

Terms are named `discriminator_<domain>`, `penalty_<domain>`, `adversarial_<domain>` and what a task adds (`cycle_a`, …);
DCGAN's only domain is `image`, CycleGAN's are `a` and `b`. With several domains a metric ends in the one it is of:
`fid[shapes]@b` is of the fakes of b, `cycle_psnr@a` of the way from a and back (see `gan_losses.metrics.translation`).

record.json:
    schema, id ("dcgan/digits/published/wgangp/seed0-1a2b3c4d"), status (one of STATUSES), reason (None when done),
    step (last one trained), step_digest (of what a step's time depends on; timing entries carry the same)
    fault     {"kind", "step", "cause"} of a cell whose training went wrong (statuses collapsed, stalled, diverged); else absent
    files     {name in the cell's folder: sha256} of all that was written of the cell
    cell      {"task", "data", "recipe", "loss", "seed"}
    settings  every resolved setting: steps, batch_size, image_size, channels, width, latents, generator_norm,
              discriminator_norm, n_critic, optimizer, learning_rate, betas, precision, device, features, eval_every,
              log_every, data_digest, schedule, flip, train_size, the task's own (cycle_weight, pixel, pool, …), …
    quality   {"passport": {…}, "selection": how `best` was chosen, "selection_metric": "kid[digits]",
               "best" | "final" | "untrained": {"step", "metrics": {"fid[digits]", "kid[digits]", "copy_rate", "share[0]", …}} on test,
               "repeats" in best and final: {distance: [values with further latents]}; absent without --repeats
               "averaged": {"decay", "best", "final"} of the averaged weights; absent without --ema
               "along": [{"step", "discriminator_updates", "images", "metrics": {…}, "spread": {domain: …},
                         "averaged": {…}}, …] on validation; how unlike each other fakes are, 1: as real images}
              Distances carry their features' name, `kid[digits]`, but those of Inception are plain `fid` and `kid`. With
              several features the passport is the first's, and has those of the others as "further": [{…}, …].
    saturation {"generator" or a domain: {statistic: {"early", "late"}}}: medians over the log points of steps 50-200 and of the last quarter
    acceleration {"used": "off" | "graph" | "compile", "why_not": what kept updates from it, or None}; absent where nothing was trained
    memory    {"peak_host_bytes", "peak_device_bytes" (None without a GPU)}
    environment {"python", "torch", "device", "processor", "threads", "commit", …}
    time      {"started", "finished" (ISO 8601, UTC), "seconds", "seconds_judging" (of them, spent on evaluation),
               "seconds_saving" (likewise, on checkpoints), "resumed" (how often it went on from a checkpoint)}; the seconds
               are those of all parts of an interrupted training
run.json's "options" hold, beside all others, what was declared before the first cell was trained: "equivalence" (the share
    within which losses count as equivalent), "target" ({metric: value}) and "tune_by" (the metric that recipe `tuned` chooses by)
run.json's "drawn":
    {"space": {"learning_rate" | "beta1" | "beta2": {"low", "high", "log"} | [values]}, "sampler" (in words),
     "points": [{"learning_rate", "betas"}] in the order in which they were drawn; more than "options" has as "tune", if there
     were more before}
run.json's "published":
    [{"loss", "network", "data", "metric", "value", "spread" (may be absent), "settings", "source" (texts)}]
maps.json:
    {"schema", "step", "domains": {domain: {"logits" | "slopes": [k][h][w]}}}: D's patch map on k fakes of test images, and the
    slope of the unaveraged loss of G at each logit; maps/<domain>.png shows those fakes side by side
A line of curves.jsonl:
    {"step", "discriminator_updates", "images", "terms": {term: mean since the last log point},
     "saturation": {"generator" or a domain: {statistic: value | None}}, "layers": {"generator" or a domain: {layer: gradient norm}},
     "histograms": {domain: {"slope" | "gradient": {"low", "width", "counts"}}}}
     A histogram is of log₁₀ of the sizes: counts below `low`, in bins of `width` from there on, and above the last; absent in older ones.
     The generator's statistics hold `gradient_norm_<kind>` for each kind of its terms, and `adversarial_to_<kind>`.
timing/*.json:
    {"schema", "status", "reason", "device": {"name", "kind", "fingerprint"}, "threads", "rounds", "warmup", "environment",
     "contention" (share of the rounds' time that other processes took), "disturbed" (too much of it), "rejected" (rounds
     thrown away and repeated for that; absent in older ones),
     "entries": [{"task", "data", "recipe", "loss", "digest" (of the step's settings), "n_critic", "batch_size",
                  "period" (steps after which their cost repeats, with penalties that are due every so often; absent: 1),
                  "wall": [seconds of each step, in their order], "device": [seconds] | None,
                  "phases": {phase: {"wall": [seconds], "device": [seconds] | None}}, "peak_device_bytes": int | None,
                  "acceleration": as in record.json}]}
tuning/*.json:
    {"schema", "task", "data", "rule" (in words), "choices": [{"loss", "group" (digest of the settings that are not chosen),
     "metric", "grid": {"learning_rate": [...], "beta1": [...]} or "space" and "sampler" as in "drawn", "tuning_seeds": [...],
     "trials": [{"learning_rate", "betas", "scores": {seed: value | None}, "statuses": {seed: status}, "median": value | None}] in
     the order of the grid or of the draws, in which a point may stand twice,
     "chosen": {"learning_rate", "betas"} | None, "reason" (why nothing is chosen, or None)}]}
ladders/*.json:
    {"schema", "data", "passport", "rows": [{"name", "n", "metrics": {metric: {"mean", "spread"}}}]}
losses.json:
    {"schema", "losses": [{"name", "base" (the name without the penalties that were added), "penalties": [those, as spelled],
     "paper", "summary", "definition", "equilibrium": {"discriminator", "generator": value | [low, high] | None},
     "shape": {"logit": [...], "real" | "fake" | "generator" | "slope": [...] | None}}]}   None: the loss needs pairs of logits;
     "real" and "fake" are D's loss relative to its value at logit 0
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from statistics import fmean, median
from typing import Any

SCHEMA = 2  # 1 knew neither collapsed nor stalled, and had no "sha256" and no "files"
SCORED = ("done", "collapsed", "stalled")  # trained to the end and measured
STATUSES = (*SCORED, "diverged", "failed", "skipped")
SEAL = "sha256"
RECORD = "record.json"
TRIAL, TUNED = (
    "trial",
    "tuned",
)  # recipes: of what a recipe is chosen by, which no verdict is of, and of what was chosen
CHOSEN = ("learning_rate", "betas")  # the settings that are
Json = dict[str, Any]
CELLS = "*/*/*/*/seed*"
# Everything in a run that a report may be made from.
INPUTS = (
    "run.json",
    "losses.json",
    "ladders/*.json",
    "timing/*.json",
    "tuning/*.json",
    "real/*.png",
    *(
        f"{CELLS}/{name}"
        for name in (
            "record.json",
            "curves.jsonl",
            "maps.json",
            "maps/*.png",
            "samples/step*.png",
            "samples/step*.webp",
        )
    ),
)


class RecordError(Exception):
    """A record that cannot be read, told in one sentence."""


class DamagedError(RecordError):
    """A record that is no longer what was written: it can be set aside and made again."""


def digest(settings: Json) -> str:
    """8 hexadecimal digits that stand for the settings, whatever their order.

    Example:
        >>> digest({"steps": 800, "seed": 0}) == digest({"seed": 0, "steps": 800})
        True
    """
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def slug(name: str) -> str:
    """A file-name-safe form of a name; names that had to be changed get a hash so that they stay apart.

    Example:
        >>> slug("wgangp"), slug("images:/tmp/a b")
        ('wgangp', 'images-tmp-a-b-94c185')
    """
    safe = re.sub(r"[^A-Za-z0-9._+]+", "-", name).strip("-.")[-60:]
    try:
        raw = name.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half of a character that no file name has
        raw = name.encode(errors="surrogatepass")
    return safe if safe == name else f"{safe}-{hashlib.sha256(raw).hexdigest()[:6]}"


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all: temporary name, flush to disk, rename.

    Its folder is made if need be, but none above it: an output folder that has vanished is an error and not made anew.
    """
    path.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, so that what is written later is never there without it."""
    with suppress(OSError):  # a system or a file system on which folders cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what a process that was killed inside of `write_bytes` has left in the folder, but not in those below it."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Give a damaged file another name, so that a new one can be made and nothing is lost; returns that name."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            path.rename(aside)
            return aside
    raise AssertionError


def write_json(path: Path, content: Json) -> None:
    """Write `content` with the current schema number and its own sha256, atomically. NaN and infinities become None."""
    whole = finite({"schema": SCHEMA, **content})
    text = json.dumps({**whole, SEAL: seal(whole)}, indent=1, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def seal(content: Json) -> str:
    """The sha256 of a record, of everything in it but the seal itself; layout and order do not matter.

    Example:
        >>> seal({"a": 1, "b": 2.5}) == seal({"b": 2.5, "a": 1, "sha256": "…"})
        True
    """
    kept = {name: value for name, value in content.items() if name != SEAL}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_json(path: Path, *required: str) -> Json:
    """Read one of the files above; its seal, where it has one, is checked and left out.

    Args:
        path: of the file.
        required: keys without which it is of no use.

    Raises:
        DamagedError: not JSON, changed since it was written, or without a required key.
        RecordError: unreadable, no record, or of a newer schema.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror or error}); mend that or delete it.") from error
    return parse_json(path, raw, *required)


def parse_json(path: Path, raw: bytes, *required: str) -> Json:
    """As `read_json`, of a file that was read already.

    Args:
        path: that errors name.
        raw: its content.
        required: keys without which it is of no use.
    """
    try:
        content: Json = json.loads(raw.decode())
        sealed = seal(content) if isinstance(content, dict) else None
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} is damaged ({error}); delete it and run again.") from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if sealed is not None and content.pop(SEAL, sealed) != sealed:
        raise DamagedError(f"{path} is not as it was written: its sha256 differs; delete it and run again.")
    if not isinstance(schema, int):
        raise RecordError(f"{path} has no schema number, so it is no record of this suite; choose another folder.")
    if schema > SCHEMA:
        raise RecordError(
            f"{path} has schema {schema}, newer than {SCHEMA}, which this version reads; update gan-losses."
        )
    missing = [key for key in required if key not in content]
    if missing:
        raise DamagedError(f"{path} has no {missing[0]!r}, so it is damaged; delete it and run again.")
    return content


def intact(path: Path, say: Callable[[str], None], *required: str) -> Json | None:
    """What a file of the run says; None if there is none, or a damaged one, which is set aside with a word.

    Raises:
        RecordError: it is of a newer schema, or cannot be read.
    """
    if not path.exists():
        return None
    try:
        return read_json(path, *required)
    except DamagedError as error:
        say(f"{error} It is set aside as {set_aside(path).name}.")
        return None


def read_curves(path: Path) -> list[Json]:
    """The log points of a cell, in order; a torn last line (a run that was killed) is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def line_of(row: Json) -> bytes:
    """A row as one line of JSON; NaN and infinities become None."""
    return (json.dumps(finite(row), allow_nan=False, separators=(",", ":")) + "\n").encode()


def find_records(run: Path) -> Iterator[Path]:
    """The folders of all cells under a run that hold a record, in a fixed order."""
    yield from (path.parent for path in sorted(run.glob(f"{CELLS}/{RECORD}")))


def typical_step(samples: Sequence[float], period: int) -> float:
    """What a step costs in training: the mean over the steps of a period, each by the median of its samples.

    A penalty that is due every 16th step makes that step dearer; the median of all samples would leave it out, and
    their mean would take in every disturbance. Steps of a period that have no sample are left out.

    Args:
        samples: seconds of consecutive steps, one or more.
        period: steps after which the cost repeats; 1 gives the plain median.

    Raises:
        ValueError: no samples, or a period below 1.

    Example:
        >>> typical_step([1.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 5.0], 4)
        2.0
        >>> typical_step([1.0, 2.0, 9.0], 1)
        2.0
    """
    if period < 1 or not len(samples):
        raise ValueError(
            f"one or more samples and a period of at least 1 were expected, {samples!r} and {period} came."
        )
    return fmean(median(samples[first::period]) for first in range(min(period, len(samples))))


def space_in_words(space: Json) -> str:
    """A space that points are drawn from, as it would be typed.

    Example:
        >>> space_in_words({"learning_rate": {"low": 5e-05, "high": 0.0005, "log": True}, "beta1": [0.0, 0.5]})
        'learning-rate=5e-05..0.0005 beta1=0,0.5'
    """
    return " ".join(
        f"{name.replace('_', '-')}="
        + (f"{part['low']:g}..{part['high']:g}" if isinstance(part, dict) else ",".join(f"{each:g}" for each in part))
        for name, part in space.items()
    )


def finite(value: Any) -> Any:
    """`value` as JSON can hold it: NaN and infinities become None, tuples lists, keys texts."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
