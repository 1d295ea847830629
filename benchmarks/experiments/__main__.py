"""Experiments whose answers are known: python -m benchmarks.experiments NAME [--out DIR]."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks import environment, records
from benchmarks.experiments import EXPERIMENTS
from benchmarks.experiments.base import FULL, LONG, SHORT, Experiment, Result
from benchmarks.experiments.workplace import ROOT, Workplace
from benchmarks.lock import folder_lock
from benchmarks.signals import Signalled, signals_raised
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import Parser, path, positive, run_command
from gan_losses.errors import UsageError, unknown_name

PROGRAM = "python -m benchmarks.experiments"
EVERY = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 all bands met, 1 one was missed, 2 a user's mistake, 128 + n stopped by a signal n."""
    tune_allocator()
    with signals_raised():
        try:
            return run_command("benchmarks.experiments", lambda: _command(arguments))
        except Signalled as signalled:
            print(f"\n{signalled.word}. The same command goes on where it was.", file=sys.stderr)
            return signalled.exit_code
        except records.RecordError as error:
            print(f"benchmarks.experiments: {error}", file=sys.stderr)
            return 2


def _command(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n\n".join(map(_described, EXPERIMENTS.values())))
        return 0
    chosen = {each.name: each for name in options.names for each in _chosen(name, options.scale)}
    if not chosen:
        raise UsageError(f"name an experiment ({', '.join(EXPERIMENTS)}) or {EVERY}; --list explains them.")
    if options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out {options.out} is a file; give a folder.")
    options.out.mkdir(parents=True, exist_ok=True)
    missed = []
    with folder_lock(options.out, waiting=lambda: print("Waiting for another command in this folder.", flush=True)):
        for experiment in chosen.values():
            missed += _perform(experiment, options)
        _draw(options.out)
    for line in missed:
        print(line)
    print(f"Page: {options.out / 'experiments.md'}")
    return 1 if missed else 0


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description="Experiments whose answers are known; exit code 1 when a band is missed.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(EXPERIMENTS)}, or {EVERY}")
    parser.add_argument("--list", action="store_true", help="explain the experiments")
    parser.add_argument("--scale", choices=(SHORT, FULL, LONG), default=FULL, help="seconds, minutes, or a GPU")
    parser.add_argument(
        "--out", type=path, default=Path("runs/experiments"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument("--workers", type=positive(int), metavar="N", help="processes side by side (default: cores)")
    parser.add_argument("--force", action="store_true", help="measure anew what is there")
    return parser


def _chosen(name: str, scale: str) -> list[Experiment]:
    if name == EVERY:
        return [each for each in EXPERIMENTS.values() if scale in each.scales]
    if name not in EXPERIMENTS:
        raise unknown_name("experiment", name, [*EXPERIMENTS, EVERY])
    if scale not in EXPERIMENTS[name].scales:
        raise UsageError(f"{name} has no scale {scale}; take {' or '.join(EXPERIMENTS[name].scales)}.")
    return [EXPERIMENTS[name]]


def _described(experiment: Experiment) -> str:
    return (
        f"{experiment.name}: {experiment.summary}\n  known: {experiment.source}\n"
        f"  figure: {experiment.reading}\n  on 2 cores: {experiment.cost}"
    )


def _perform(experiment: Experiment, options: Any) -> list[str]:
    """Measure, record, and tell; returns a line for every required band that was missed."""
    folder, settings = options.out / experiment.name, experiment.scales[options.scale]
    if options.force:
        _forget(folder)
    workplace = Workplace(
        folder, options.workers or environment.available_cores(), lambda line: print(line, flush=True)
    )
    print(f"{experiment.name}, {options.scale}: {experiment.summary}", flush=True)
    began = time.perf_counter()
    result = experiment.measure(settings, workplace)
    records.write_json(
        folder / records.RECORD,
        _record(experiment, options.scale, settings, result, time.perf_counter() - began),
    )
    for check in result.checks:
        verdict = "met" if check.met else ("MISSED" if check.required else "not met, not required")
        print(f"  {check.what}: {_figure(check.ours)} {_band(check.low, check.high)} {verdict}")
    return [
        f"{experiment.name}: {check.what} is {_figure(check.ours)}, outside {_band(check.low, check.high)}"
        for check in result.checks
        if check.required and not check.met
    ]


def _record(experiment: Experiment, scale: str, settings: Any, result: Result, seconds: float) -> dict[str, Any]:
    return {
        "schema": records.SCHEMA,
        "experiment": experiment.name,
        "summary": experiment.summary,
        "source": experiment.source,
        "reading": experiment.reading,
        "command": f"{PROGRAM} {experiment.name}" + ("" if scale == FULL else f" --scale {scale}"),
        "scale": scale,
        "settings": asdict(settings),
        "rows": result.rows,
        "checks": [check.as_json() for check in result.checks],
        "shown": result.shown,
        "seconds": seconds,
        "environment": environment.environment(torch.device("cpu"), environment.commit()),
    }


def _forget(folder: Path) -> None:
    for old in [folder / records.RECORD, *folder.glob("pieces/*.json")]:
        old.unlink(missing_ok=True)


def _figure(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4g}"


def _band(low: float | None, high: float | None) -> str:
    return f"[{'-∞' if low is None else f'{low:g}'}, {'∞' if high is None else f'{high:g}'}]"


def _draw(out: Path) -> None:
    """Figures, tables and the page, from the records alone."""
    call = [sys.executable, "-m", "reports.experiments", str(out.resolve())]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"the page was not made: {done.stderr.strip() or done.stdout.strip()}")


if __name__ == "__main__":
    sys.exit(main())
