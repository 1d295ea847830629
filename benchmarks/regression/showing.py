"""`show`: what is stored, for reading."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.regression import baselines, outputs
from benchmarks.regression.baselines import Baseline
from benchmarks.regression.judge import STEP
from benchmarks.regression.measures import OURS, REFERENCE_LOSS, TEXTBOOK, reference_of
from gan_losses.errors import UsageError
from gan_losses.timing import PHASES

Json = dict[str, Any]


def show(folder: Path = baselines.FOLDER) -> int:
    """Print every stored baseline.

    Raises:
        UsageError: there is none.
    """
    found = baselines.present(folder)
    if not found:
        raise UsageError(f"{folder} holds no baseline; measure this device's with update.")
    print("\n\n".join("\n".join(lines_of(baselines.read(path))) for path in found))
    return 0


def lines_of(stored: Baseline) -> Iterator[str]:
    """A title, a table, and where each session comes from."""
    device = stored.device
    yield f"{device['fingerprint']}: {device['name']}, {stored.threads} threads, torch {stored.torch}"
    headings = ("case", STEP, *PHASES, f"{STEP} / {REFERENCE_LOSS}", f"{STEP} / {TEXTBOOK}", "limit / step")
    yield from outputs.table([_row(stored, case) for case in stored.cases], headings)
    for session in stored.sessions:
        yield (
            f"{session['date']}, commit {session['commit'] or 'unknown'}, {session['rejected']} blocks rejected"
            + ("" if session["contention"] is None else f", contention {100 * session['contention']:.1f} %")
        )


def _row(stored: Baseline, case: str) -> list[str]:
    ours = {phase: _pooled(stored, case, OURS, phase) for phase in (STEP, *PHASES)}
    step = ours[STEP]
    times = [f"{1e3 * seconds:.3f} ms" if seconds else "–" for seconds in ours.values()]
    ratios = [_ratio(stored, case, *other) for other in ((reference_of(case), OURS), (case, TEXTBOOK))]
    floor = median(
        [session["floors"][case]["seconds"] for session in stored.sessions if case in session["floors"]] or [0]
    )
    limit = f"{100 * floor / step:.0f} %" if step and floor else "–"
    return [case, *times, *ratios, limit]


def _pooled(stored: Baseline, case: str, side: str, phase: str) -> float | None:
    values: Sequence[float] = [
        value for table in stored.tables for value in table.get(case, {}).get(side, {}).get(phase, ())
    ]
    return median(values) if values else None


def _ratio(stored: Baseline, case: str, other: str, side: str) -> str:
    """The step over another case's or side's of the same block."""
    values = [
        own / their
        for table in stored.tables
        if case in table and other in table
        for own, their in zip(table[case][OURS][STEP], table[other][side][STEP], strict=False)
    ]
    return f"{median(values):.3f}" if values else "–"
