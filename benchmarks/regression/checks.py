"""`check` and `update`: measure, judge, tell."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import interleaved
from benchmarks.interleaved import Recording, Side
from benchmarks.lock import machine_lock
from benchmarks.records import write_bytes, write_json
from benchmarks.regression import baselines, outputs, trees
from benchmarks.regression.cases import guarded_cases
from benchmarks.regression.judge import ALPHA, NEW, STEP, Quantity, Verdict, judge
from benchmarks.regression.measures import (
    OURS,
    TEXTBOOK,
    Table,
    paired_quantities,
    stored_quantities,
    table_of,
    with_launches,
)
from benchmarks.regression.ranks import least_blocks
from gan_losses.errors import UsageError
from gan_losses.timing import PHASES

Json = dict[str, Any]


def cases_of(options: argparse.Namespace) -> list[Json]:
    """The cases that are asked for.

    Raises:
        UsageError: no such device, or too few blocks for any difference to be told.
    """
    baselines.this_device(options.device, options.threads)  # refused at once where it is not there
    cases = [case.as_json() for case in guarded_cases(options.tasks, options.losses, options.device)]
    enough_blocks(len(cases), options.blocks * options.launches)
    return cases


def enough_blocks(cases: int, blocks: int) -> None:
    """Refuse a check that could not fail: with few blocks no rank test reaches the level."""
    most = cases * (len(PHASES) + 2)  # a case's step, its phases, its ratio to the reference
    if blocks < least_blocks(most, ALPHA):
        raise UsageError(
            f"--blocks times --launches is {blocks}: {least_blocks(most, ALPHA)} are needed for a difference to show at "
            f"{100 * ALPHA:g} % among up to {most} quantities."
        )


@contextmanager
def alone() -> Iterator[None]:
    """Hold the machine, and say so where that means to wait."""
    with machine_lock(alone=True, waiting=lambda: tell("Waiting for other runs on this machine.")):
        yield


def tell(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


def told(done: int, total: int) -> None:
    """The progress of a recording: on a terminal at each block, in a log at each tenth."""
    if sys.stderr.isatty():
        print(f"\rblock {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif 10 * done // total > 10 * (done - 1) // total:
        tell(f"block {done} of {total}")


def _record(sides: Sequence[Side], options: argparse.Namespace) -> Recording:
    recording = interleaved.record(sides, options.blocks, launches=options.launches, threads=options.threads, told=told)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(options.out, recording.to_json())
    return recording


def check(options: argparse.Namespace, folder: Path = baselines.FOLDER, root: Path = trees.ROOT) -> int:
    """Measure and judge.

    Args:
        options: of the parser.
        folder: of the baselines.
        root: of the repository, for `--against`.

    Returns:
        0, or 1 where something regressed or is missing.

    Raises:
        UsageError: there is nothing to hold the steps against.
    """
    cases = cases_of(options)
    made = _against_tree(options, cases, root) if options.against else _against_stored(options, cases, folder)
    threshold = options.threshold / 100
    verdicts = [*judge(made.quantities, threshold), *made.unknown]
    report(verdicts, measured(made.recording, options, made.base, threshold), options)
    return int(any(verdict.fails for verdict in verdicts))


@dataclass(frozen=True)
class _Made:
    recording: Recording
    quantities: list[Quantity]
    base: str
    unknown: tuple[Verdict, ...] = ()


def _against_tree(options: argparse.Namespace, cases: Sequence[Json], root: Path) -> _Made:
    with trees.unpacked(options.against, root) as tree, alone():
        known = trees.buildable(tree, cases, options.against)
        both = tuple(case for case in cases if case["name"] in known)
        recording = _record([Side("base", both, tree=tree), Side("new", both)], options)
    unknown = (case["name"] for case in cases if case["name"] not in known)
    return _Made(
        recording,
        with_launches(paired_quantities(table_of(recording), "base", "new"), recording),
        f"revision {options.against} ({trees.resolve(options.against, root)[:10]})",
        tuple(Verdict(Quantity(name, STEP, STEP, (), ()), NEW) for name in unknown),
    )


def _against_stored(options: argparse.Namespace, cases: Sequence[Json], folder: Path) -> _Made:
    device = baselines.this_device(options.device, options.threads)
    stored = baselines.baseline_for(device, options.threads, cases, folder)
    with alone():
        recording = _record(textbook_and_ours(cases), options)
    asked = [_asked_for(table, cases, options) for table in stored.tables]
    # A processor's clock drifts from session to session, so there only shares of the textbook's step can be held together.
    quantities = stored_quantities(asked, table_of(recording), absolute=device["kind"] != "cpu")
    quantities = with_launches(quantities, recording)
    return _Made(recording, quantities, f"{len(asked)} stored session(s) of {device['fingerprint']}")


def _asked_for(table: Table, cases: Sequence[Json], options: argparse.Namespace) -> Table:
    """The stored cases that `--tasks` and `--losses` do not leave out; of the others none is missing."""
    names = {case["name"] for case in cases}
    tasks = {case["task"] for case in cases} if options.tasks else {name.partition("/")[0] for name in table}
    whole = set() if options.losses else tasks
    return {case: sides for case, sides in table.items() if case in names or case.partition("/")[0] in whole}


def textbook_and_ours(cases: Sequence[Json]) -> list[Side]:
    """The two sides of a session that is stored or held against a stored one."""
    return [Side(TEXTBOOK, tuple({**case, "step": TEXTBOOK} for case in cases)), Side(OURS, tuple(cases))]


def update(options: argparse.Namespace, folder: Path = baselines.FOLDER) -> int:
    """Measure and store this device's baseline, and say where."""
    cases = cases_of(options)
    device = baselines.this_device(options.device, options.threads)
    before: tuple[Json, ...] = ()
    if options.add and baselines.path_of(device, folder).exists():
        before = baselines.baseline_for(device, options.threads, cases, folder).sessions
    with alone():
        recording = _record(textbook_and_ours(cases), options)
        session = baselines.session_of(recording, cases, options.device, options.threads)
    print(baselines.write(device, options.threads, cases, [*before, session], folder))
    return 0


def measured(recording: Recording, options: argparse.Namespace, base: str, threshold: float) -> outputs.Measured:
    """How a recording was made."""
    return outputs.Measured(
        against=base,
        device=baselines.this_device(options.device, options.threads)["name"],
        blocks=options.blocks * options.launches,
        rejected=recording.rejected,
        contention=recording.contention,
        threshold=threshold,
        threads=options.threads,
        torch=torch.__version__,
    )


def report(verdicts: Sequence[Verdict], how: outputs.Measured, options: argparse.Namespace) -> None:
    """Print the table and write the files that are asked for."""
    print("\n".join(outputs.table(map(outputs.cells, verdicts))))
    print(f"\n{how.sentence()}\n{outputs.headline(verdicts)}")
    for path, content in ((options.junit, outputs.junit), (options.markdown, outputs.markdown)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content(verdicts, how).encode())
