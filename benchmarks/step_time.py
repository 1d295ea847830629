"""The timing pass: steps of all losses interleaved, alone on the machine, as a record of its own.

python -m benchmarks.step_time --against textbook    our step beside the tutorials' plain one, same networks
python -m benchmarks.step_time --memory              the most memory alive at once in either
python -m benchmarks.step_time --probes              what the saturation probe costs, interleaved on and off
python -m benchmarks.step_time --harness             what the whole loop costs around a step
python -m benchmarks.step_time --clock               what the clock of phases costs, and whether they add up
"""

import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks import records
from benchmarks.cells import acceleration_of, build_training, placement_of
from benchmarks.contention import ATTEMPTS, LIMIT, Contention
from benchmarks.environment import commit, device_facts, environment
from benchmarks.executors.processes import call_alone
from benchmarks.lock import machine_lock
from benchmarks.plan import Cell
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import run_command
from gan_losses.data.base import DataSet
from gan_losses.data.store import load_dataset
from gan_losses.losses import get_loss
from gan_losses.timing import PHASES, PhaseClock
from gan_losses.training import Training, check_precision

Json = dict[str, Any]
WARMUP = 5
MARK = b"%8d"  # the index of the cell at work, as `time_steps` leaves it


def variants(cells: Sequence[Cell]) -> list[Cell]:
    """One cell for each step that is different, in order: the first seed stands for all.

    Cells whose step differs in nothing (same task, loss and step settings) are timed once.
    """
    first: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        first.setdefault((cell.recipe, cell.step_digest), cell)
    return list(first.values())


def step_period(cell: Cell) -> int:
    """Steps after which the cost of a step repeats: more than 1 with lazy penalties, which count updates of D."""
    updates = get_loss(cell.spelling).period
    return updates // math.gcd(updates, cell.settings["n_critic"])


def needed_rounds(cells: Sequence[Cell], rounds: int) -> int:
    """`rounds`, or two periods of the laziest penalty where that is more."""
    return max([rounds, *(2 * step_period(cell) for cell in variants(cells) if step_period(cell) > 1)])


def timing_path(out: Path, cell: Cell, threads: int) -> Path:
    """Where the timing record of this device, data set and image size lies."""
    return timing_file(out, cell, device_facts(torch.device(cell.settings["device"]), threads)["fingerprint"])


def timing_file(out: Path, cell: Cell, fingerprint: str) -> Path:
    """Where the timing record of a device with that fingerprint lies."""
    return out / "timing" / f"{fingerprint}-{records.slug(cell.data)}-{cell.settings['image_size']}.json"


def interleave(steps: Sequence[Callable[[int], None]], rounds: int, told: Callable[[int], None]) -> None:
    """Call every step once per round, A B C then C B A, so that a drift of the machine hits all alike."""
    for index in range(rounds):
        for step in list(steps)[:: -1 if index % 2 else 1]:
            step(index)
        told(index + 1)


def time_steps(
    send: Callable[[Json], None], cells: Sequence[Cell], store: Path, rounds: int, mark: Path | None = None
) -> None:
    """Measure every cell's step and send `{"round": k}` along the way and the entries at last.

    Runs in a process of its own with all threads that torch takes.

    Args:
        send: to the one who asked.
        cells: one for each kind of step.
        store: the data set's folder.
        rounds: how often each is measured.
        mark: a file in which the index of the cell at work stands, for the case that it takes the process with it.
    """
    data = load_dataset(store)
    timed, failed = [], []
    for index, cell in enumerate(cells):
        marked = partial(_set_mark, mark, index)
        marked()
        try:
            timed.append(_warm(cell, data, marked))
        except Exception as error:  # the cell will tell; the others are timed all the same
            failed.append(_failed(cell, f"{type(error).__name__}: {error}"))
    told = _quiet_rounds(timed, rounds, lambda count: send({"round": count}))
    entries = [entry.entry() for entry in timed]
    send({"entries": entries, "failed": failed, "threads": torch.get_num_threads(), **told})


def _quiet_rounds(timed: Sequence["_Timed"], rounds: int, told: Callable[[int], None]) -> Json:
    """Time all steps in turns; what others disturbed is thrown away and repeated, up to `ATTEMPTS` times as many rounds."""
    span = math.lcm(*(step_period(entry.cell) for entry in timed))  # so that samples stay in the order of a period
    turns, attempts, rejected = math.ceil(rounds / span), ATTEMPTS * math.ceil(rounds / span), 0
    shares, steps = list[float](), [entry.step for entry in timed]
    while len(shares) < turns and timed:
        with Contention(timed[0].clock.device.type, torch.get_num_threads()) as contention:
            interleave(steps[:: -1 if len(shares) % 2 else 1], span, lambda index: None)
        attempts -= 1
        if (contention.share or 0.0) > LIMIT and attempts >= turns - len(shares):
            rejected += span
            for entry in timed:
                entry.drop(span)
            continue
        shares.append(contention.share or 0.0)
        told(min(span * len(shares), rounds))
    return {"contention": statistics.fmean(shares) if shares else 0.0, "rejected": rejected}


def _set_mark(mark: Path | None, index: int) -> None:
    if mark is not None:
        with mark.open("r+b") as file:  # in place and of one width: a kill in between leaves a number
            file.write(MARK % index)


def _failed(cell: Cell, reason: str) -> Json:
    key = {name: value for name, value in cell.key.items() if name != "seed"}
    return {**key, "digest": cell.step_digest, "reason": reason}


def _warm(cell: Cell, data: DataSet, marked: Callable[[], None]) -> "_Timed":
    timed = _Timed(cell, data, marked)
    for index in range(max(WARMUP, (timed.training.pace.eager_first + 1) * step_period(cell))):
        timed.step(index)
    timed.forget()
    return timed


class _Timed:
    """A training whose steps are timed; `marked` is called before each, outside of its time."""

    def __init__(self, cell: Cell, data: DataSet, marked: Callable[[], None] = lambda: None) -> None:
        self.cell, self.marked = cell, marked
        self.clock = PhaseClock(placement_of(cell.settings).device)
        self.training: Training = build_training(cell, data, self.clock, probed=False)
        self.index = 0
        self.peak = 0

    def step(self, index: int) -> None:
        self.marked()
        cuda = self.clock.device.type == "cuda"
        if cuda:
            torch.cuda.reset_peak_memory_stats(self.clock.device)
        self.training.step(self.index)
        self.clock.finish()
        self.index += 1
        if cuda:
            self.peak = max(self.peak, torch.cuda.max_memory_allocated(self.clock.device))

    def forget(self) -> None:
        self.clock.wall.clear()
        self.clock.device_time.clear()

    def drop(self, steps: int) -> None:
        """Forget the last steps."""
        for samples in (*self.clock.wall.values(), *self.clock.device_time.values()):
            del samples[-steps:]

    def entry(self) -> Json:
        wall, device = self.clock.wall, self.clock.device_time
        phases = {
            phase: {"wall": wall[phase], "device": device[phase] if device else None}
            for phase in PHASES
            if phase in wall
        }
        return {
            **{name: value for name, value in self.cell.key.items() if name != "seed"},
            "digest": self.cell.step_digest,
            "n_critic": self.cell.settings["n_critic"],
            "period": step_period(self.cell),
            "batch_size": self.cell.settings["batch_size"],
            "wall": wall["step"],
            "device": device["step"] if device else None,
            "phases": phases,
            "peak_device_bytes": self.peak or None,
            "acceleration": acceleration_of(self.training),
        }


def read_timing(
    path: Path, wanted: Sequence[Cell], rounds: int = 0, say: Callable[[str], None] = lambda text: None
) -> Json | None:
    """The timing record, if it is there, whole, of enough rounds, and holds every wanted step."""
    content = records.intact(path, say, "status", "rounds", "entries")
    if content is None:
        return None
    known = [*content["entries"], *content.get("failed", [])]
    present = {(entry.get("recipe"), entry.get("digest")) for entry in known}
    complete = content["status"] == "done" and all((cell.recipe, cell.step_digest) in present for cell in wanted)
    return content if complete and content["rounds"] >= rounds else None


def timing_pass(
    cells: Sequence[Cell], out: Path, store: Path, rounds: int, progress: Callable[[int], None] = lambda index: None
) -> Json:
    """Time the steps of `cells` in a fresh process and write the record."""
    path = timing_path(out, cells[0], torch.get_num_threads())
    records.write_json(path, measure(cells, store, rounds, progress))
    return records.read_json(path)


def measure(
    cells: Sequence[Cell], store: Path, rounds: int, progress: Callable[[int], None] = lambda index: None
) -> Json:
    """Time the steps of `cells` in a fresh process; returns what a timing record holds.

    A cell whose step kills that process is noted as failed, and the others are timed without it.
    """
    device = torch.device(cells[0].settings["device"])
    result = _time_survivors(variants(cells), store, rounds, progress)
    return {
        "status": "done",
        "reason": None,
        "device": device_facts(device, result["threads"]),
        "rounds": rounds,
        "warmup": WARMUP,
        "disturbed": result["contention"] > LIMIT,
        "environment": environment(device, commit()),
        **result,
    }


def _time_survivors(cells: Sequence[Cell], store: Path, rounds: int, progress: Callable[[int], None]) -> Json:
    left, killed = list(cells), list[Json]()
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder) / "mark"
        while True:
            mark.write_bytes(MARK % 0)
            result, cause = _try(left, store, rounds, mark, progress)
            if not cause:
                return {**result, "failed": [*result["failed"], *killed]}
            killed.append(_failed(left.pop(int(mark.read_bytes())), cause))


def _try(
    cells: Sequence[Cell], store: Path, rounds: int, mark: Path, progress: Callable[[int], None]
) -> tuple[Json, str]:
    """What `time_steps` found, or why its process ended without a result."""
    result: Json = {}
    try:
        for message in call_alone(time_steps, cells, store, rounds, mark):
            if "round" in message:
                progress(message["round"])
            else:
                result = message
    except ChildProcessError as error:
        return {}, str(error)
    return result, "" if result else "its process ended without a word"


def median_steps(timing: Json) -> dict[tuple[str, str], float]:
    """(recipe, step digest) -> typical seconds of a step: device time on a GPU, wall clock otherwise."""
    return {
        (entry["recipe"], entry["digest"]): records.typical_step(entry["device"] or entry["wall"], entry["period"])
        for entry in timing["entries"]
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    return run_command("benchmarks.step_time", lambda: _compare(arguments))


def _compare(arguments: Sequence[str] | None) -> int:
    from benchmarks import comparisons

    tune_allocator()
    options = comparisons.make_parser((__doc__ or "").split("\n")[0]).parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    check_precision(options.precision, "cpu")
    comparison = comparisons.Comparison(options)
    with machine_lock(alone=True, waiting=lambda: print("Waiting for other runs on this machine.", file=sys.stderr)):
        for line in getattr(comparison, options.way or options.against)():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
