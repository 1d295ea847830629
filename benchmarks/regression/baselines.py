"""Stored sessions of one device: `benchmarks/baselines/<device fingerprint>/steps.json`.

steps.json:
    {"schema", "device": {"name", "kind", "fingerprint"}, "threads", "torch",
     "cases": {case: what `benchmarks.step_cases.StepCase.as_json` says of it},
     "sessions": [{"commit", "date" (ISO 8601, UTC), "environment", "rejected" (blocks), "contention",
                   "floors": {case: of `benchmarks.limits.floor`, by the peaks that were measured along with it},
                   "seconds": {case: {"textbook" | "ours": {phase or "step": [median of each block]}}}}]}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from benchmarks import records
from benchmarks.environment import commit, device_facts, environment, resolve_device
from benchmarks.interleaved import Recording
from benchmarks.limits import floor
from benchmarks.peaks import Peaks, measure
from benchmarks.regression.measures import Table, table_of
from gan_losses.errors import UsageError

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "baselines"
FILE = "steps.json"


@dataclass(frozen=True)
class Baseline:
    """What is stored of a device.

    Attributes:
        device: name, kind and fingerprint.
        threads: of torch.
        torch: its version.
        cases: name -> the case, as JSON.
        sessions: one or more.
    """

    device: Mapping[str, Any]
    threads: int
    torch: str
    cases: Mapping[str, Json]
    sessions: tuple[Json, ...]

    @property
    def tables(self) -> list[Table]:
        """The block medians of each session."""
        return [session["seconds"] for session in self.sessions]


def path_of(device: Mapping[str, Any], folder: Path) -> Path:
    """Where a device's baseline lies."""
    return folder / str(device["fingerprint"]) / FILE


def this_device(name: str, threads: int) -> Json:
    """Name, kind and fingerprint of the device here: of its model, the threads and torch's version."""
    return device_facts(resolve_device(name), threads)


def read(path: Path) -> Baseline:
    """A stored baseline.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        content = records.read_json(path, "device", "threads", "torch", "cases", "sessions")
    except records.RecordError as error:
        raise UsageError(str(error)) from error
    sessions = tuple(content["sessions"])
    return Baseline(content["device"], content["threads"], content["torch"], content["cases"], sessions)


def present(folder: Path) -> list[Path]:
    """Every baseline that is there, in order of its fingerprint."""
    return sorted(folder.glob(f"*/{FILE}"))


def baseline_for(device: Mapping[str, Any], threads: int, cases: Sequence[Json], folder: Path) -> Baseline:
    """The baseline that these cases can be held against on this device.

    Raises:
        UsageError: there is none of this device, or it was measured with other settings or another torch.
    """
    path = path_of(device, folder)
    if not path.exists():
        there = ", ".join(each.parent.name for each in present(folder)) or "none"
        raise UsageError(
            f"no baseline of this device ({device['fingerprint']}: {device['name']}, {threads} threads, torch "
            f"{torch.__version__}); there are: {there}. Measure one with update, or two trees with --against REV."
        )
    stored = read(path)
    for what, before, now in (("torch", stored.torch, torch.__version__), ("threads", stored.threads, threads)):
        if before != now:
            raise UsageError(
                f"the baseline {path.parent.name} was measured with {what} {before}, not {now}; measure it anew with update."
            )
    for case in cases:
        changed = _difference(stored.cases.get(case["name"], case), case)
        if changed:
            raise UsageError(
                f"the baseline {path.parent.name} was measured with other settings of {case['name']} ({changed}); "
                "measure it anew with update, or two trees with --against REV."
            )
    return stored


def _difference(before: Json, now: Json) -> str:
    flat = [
        {**{key: each for key, each in case.items() if key != "settings"}, **case["settings"]} for case in (before, now)
    ]
    old, new = ({key: list(each) if isinstance(each, tuple) else each for key, each in case.items()} for case in flat)
    changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return ", ".join(f"{key} {old.get(key)} → {new.get(key)}" for key in changed)


def floors_of(cases: Sequence[Json], threads: int) -> Json:
    """Case -> the least that its step can take on this device, whose peaks are measured for it."""
    found = {}
    peaks: dict[tuple[str, str], Peaks] = {}
    for case in cases:
        kind = case["device"], case["precision"]
        if kind not in peaks:
            peaks[kind] = measure(resolve_device(kind[0]), kind[1], threads)
        found[case["name"]] = floor(case, peaks[kind])
    return found


def session_of(recording: Recording, cases: Sequence[Json], device: str, threads: int) -> Json:
    """What is stored of one recording with the sides "textbook" and "ours"."""
    return {
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(resolve_device(device), commit()),
        "rejected": recording.rejected,
        "contention": recording.contention,
        "floors": floors_of(cases, threads),
        "seconds": table_of(recording),
    }


def write(
    device: Mapping[str, Any], threads: int, cases: Sequence[Json], sessions: Sequence[Json], folder: Path
) -> Path:
    """Write a device's baseline, and return where."""
    path = path_of(device, folder)
    content = {
        "device": dict(device),
        "threads": threads,
        "torch": torch.__version__,
        "cases": {case["name"]: case for case in cases},
        "sessions": list(sessions),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    records.write_json(path, content)
    return path
