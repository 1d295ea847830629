"""What stands in the output folder before the first cell is trained."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from benchmarks import cell_folder, records
from benchmarks.candidates import loss_facts
from benchmarks.console import Console, short
from benchmarks.environment import at_hand
from benchmarks.evaluation import GRID, make_meters
from benchmarks.lock import TakenError, cell_lock
from benchmarks.plan import Cell, LossFacts
from benchmarks.records import TRIAL, TUNED
from benchmarks.tuning import FOLDER
from benchmarks.writing import describe, save_picture
from gan_losses.data.base import DataSet, to_float
from gan_losses.data.store import check_dataset, save_dataset
from gan_losses.errors import UsageError
from gan_losses.losses import LOSSES, GANLoss, definition, get_loss, is_registered, slope
from gan_losses.metrics import Place, QualityMeter
from gan_losses.metrics.ladder import ladder
from gan_losses.sampling import grid

Json = dict[str, Any]
SHARED = ("real", "ladders", "timing", FOLDER)  # folders whose files are of no cell
SHAPE_LIMIT, SHAPE_POINTS = 8.0, 80  # on either side of 0


def prepare(out: Path, data: DataSet, first: Cell, losses: Iterable[LossFacts], place: Place, console: Console) -> Path:
    """Write the data set, losses.json, the ladder and a grid of real images.

    Returns:
        The data set's folder, which the workers map: the cache's, or one in the output folder.
    """
    for folder in (out, *(out / part for part in SHARED)):
        records.sweep(folder)
    name = f"{records.slug(data.name)}-{data.image_size}"
    store = data.path or out / "data" / f"{name}-{data.digest}"
    if data.path is None and not check_dataset(store):
        save_dataset(data, store)
    if data.skipped:
        console.say(f"{len(data.skipped)} unreadable files are left out: {', '.join(data.skipped[:5])}")
    _write_losses(out / "losses.json", losses, console)
    for domain, images in data.test.images.items():
        suffix = "" if len(data.domains) == 1 else f"-{domain}"
        save_picture(out / "real" / f"{name}{suffix}.png", grid(to_float(images[:GRID])))
    for meter in make_meters(first, data, at_hand(first.settings["device"]), place):
        for domain in data.domains:
            suffix = "" if len(data.domains) == 1 else f"-{domain}"
            path = out / "ladders" / f"{name}-{records.slug(meter.extractor.name)}{suffix}.json"
            _write_ladder(path, meter, domain, console)
    return store


def _write_losses(path: Path, losses: Iterable[LossFacts], console: Console) -> None:
    """Every registered loss, those of this run, and those that earlier runs into the folder have described."""
    written = records.intact(path, console.say, "losses") or {"losses": []}
    known = {loss["name"]: loss for loss in written["losses"]}
    known |= {facts.name: loss_shape(facts) for facts in map(loss_facts, LOSSES)}
    known |= {facts.name: loss_shape(facts) for facts in losses if not facts.conflict}
    records.write_json(path, {"losses": list(known.values())})


def check_folder(out: Path, say: Callable[[str], None]) -> None:
    """Make the output folder, or say in a sentence why it cannot be used.

    Args:
        out: the folder.
        say: called with a sentence about what is damaged in it.

    Raises:
        UsageError: it is a file, or not writable.
        RecordError: it holds records of a newer schema.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written ({error.strerror}); name another folder.") from error
    records.intact(out / "run.json", say)


def _write_ladder(path: Path, meter: QualityMeter, domain: str, console: Console) -> None:
    data = meter.data
    passport = meter.passport("test", {domain: meter.count("test", domain)})
    known = records.intact(path, console.say)
    if known is not None and known.get("passport") == passport:
        return
    of = f" (domain {domain})" if len(data.domains) > 1 else ""
    console.say(f"Measuring the ladder{of}: what the distance says of real images, copies and noise.")
    records.write_json(path, {"data": data.name, "passport": passport, "rows": ladder(meter, domain)})


def loss_shape(facts: LossFacts) -> Json:
    """Facts of a loss, and its generator's value and slope against the logit."""
    loss = get_loss(facts.spelling or facts.name)
    equilibrium = loss.equilibrium
    return {
        "name": facts.name,
        "base": facts.base,
        "penalties": list(facts.penalties),
        "paper": loss.paper,
        "summary": loss.summary,
        "definition": facts.definition,
        "equilibrium": {"discriminator": equilibrium.discriminator, "generator": equilibrium.generator},
        "shape": _curves(loss),
    }


def _curves(loss: GANLoss) -> Json:
    logits = torch.arange(-SHAPE_POINTS, SHAPE_POINTS + 1, dtype=torch.float64) * (SHAPE_LIMIT / SHAPE_POINTS)
    shape: Json = {"logit": logits.tolist(), "real": None, "fake": None, "generator": None, "slope": None}
    if loss.pairs_logits:
        return shape
    origin = torch.zeros(1, dtype=torch.float64)
    # A discriminator's loss is a sum over real and fake; each part is drawn relative to its value at logit 0.
    base = loss.discriminator(origin, origin)
    shape["real"] = [(loss.discriminator(logit[None], origin) - base).item() for logit in logits]
    shape["fake"] = [(loss.discriminator(origin, logit[None]) - base).item() for logit in logits]
    shape["generator"] = [loss.generator(logit[None]).item() for logit in logits]
    shape["slope"] = slope(loss, logits).tolist()
    return shape


def frozen_steps(out: Path, cells: Sequence[Cell]) -> dict[tuple[str, str], int]:
    """(recipe, step digest) -> the steps that an earlier run froze for the same seconds, so that it is not run again."""
    frozen = {}
    for cell in recorded_cells(out, cells):
        if cell.settings.get("seconds") == cells[0].settings["seconds"]:
            frozen[cell.recipe, cell.step_digest] = cell.settings["steps"]
    return frozen


def forget(out: Path, cells: Iterable[Cell]) -> None:
    """Take away all that is there of cells that are to be trained again.

    Raises:
        UsageError: another run works at one of them.
    """
    for cell in cells:
        folder = out / cell.folder
        if folder.exists():
            with _alone(cell, folder):
                shutil.rmtree(folder)


def retry(out: Path, cells: Iterable[Cell], statuses: Sequence[str]) -> None:
    """Take away the records with one of these statuses, so that their cells are trained again: from a checkpoint if there is one.

    Raises:
        UsageError: another run works at one of them.
    """
    for cell in cells:
        folder = out / cell.folder
        if _recorded(folder) in statuses:
            with _alone(cell, folder):
                (folder / records.RECORD).unlink(missing_ok=True)


def _recorded(folder: Path) -> str | None:
    """The status in the record; None where there is none or a damaged one, which is left for `missing_cells` to tell of."""
    with suppress(records.DamagedError):
        if (folder / records.RECORD).exists():
            return str(records.read_json(folder / records.RECORD, "status")["status"])
    return None


@contextmanager
def _alone(cell: Cell, folder: Path) -> Iterator[None]:
    try:
        with cell_lock(folder):
            yield
    except TakenError as error:
        raise UsageError(f"{short(cell)} is being trained by {error}; wait for it, or stop it first.") from error


def missing_cells(out: Path, cells: Iterable[Cell], say: Callable[[str], None]) -> list[Cell]:
    """The cells without a record; one that is damaged is set aside, with a word."""
    missing = []
    for cell in cells:
        folder = out / cell.folder
        there = (folder / records.RECORD).exists()
        status = cell_folder.status(folder)
        if status is None:
            missing.append(cell)
            if there:
                say(f"{short(cell)}: its record was damaged and is set aside; it is trained again.")
        elif status != "failed":
            cell_folder.drop_checkpoints(folder)  # of a run that was killed between its record and this
    return missing


def recorded_cells(out: Path, asked: Sequence[Cell]) -> list[Cell]:
    """Cells whose records lie in the folder and could be timed beside those asked for (same data and device).

    A record names the file that its loss came from. Only losses of this suite and those that the user asks for now are
    made from it: a folder that came from elsewhere must not have a file of its choice run.
    """
    like, trusted, cells = asked[0], {cell.spelling for cell in asked}, []
    for folder in records.find_records(out):
        try:
            content = records.read_json(folder / records.RECORD, "settings", "cell", "status")
        except records.DamagedError:  # `missing_cells` tells if it was asked for, the report lists it if not
            continue
        settings, key = content["settings"], content["cell"]
        key |= {"recipe": TUNED} if key["recipe"] == TRIAL else {}  # whose step it has
        alike = all(settings.get(name) == like.settings[name] for name in ("data_digest", "image_size", "device"))
        cell = Cell(**key, settings=settings)
        if alike and content["status"] in (*records.SCORED, "diverged") and _unchanged(cell, trusted):
            cells.append(cell)
    return cells


def _unchanged(cell: Cell, trusted: set[str]) -> bool:
    if not (is_registered(cell.spelling) or cell.spelling in trusted):
        return False
    try:
        return definition(get_loss(cell.spelling)) == cell.settings.get("loss_definition")
    except UsageError:  # recorded by another version, or a file that is gone
        return False


def write_skipped(out: Path, skipped: Iterable[tuple[Cell, str]]) -> None:
    """A record for each cell that the plan skips, with its reason."""
    for cell, reason in skipped:
        _write_unrun(out, cell, "skipped", reason)


def write_failure(out: Path, cell: Cell, reason: str) -> None:
    """The record of a cell whose process died; what was known of its end stays in its folder."""
    _write_unrun(out, cell, "failed", reason)


def _write_unrun(out: Path, cell: Cell, status: str, reason: str) -> None:
    folder = out / cell.folder
    content = describe(cell, status, reason, time.time(), None, 0)
    content["memory"] = {"peak_host_bytes": None, "peak_device_bytes": None}  # this process is not the cell's
    folder.mkdir(parents=True, exist_ok=True)
    content["files"] = cell_folder.digests(folder)
    records.write_json(folder / records.RECORD, content)
