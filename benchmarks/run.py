"""Run a comparison: python -m benchmarks.run --losses bce,lsgan,wgangp."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import io
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks import environment, listing, preparation, records, step_time
from benchmarks.candidates import candidates, examine_own, task_facts
from benchmarks.console import Console, duration, short
from benchmarks.events import Event, Work
from benchmarks.executors import default_workers, run_local
from benchmarks.lock import folder_lock, machine_lock
from benchmarks.options import Options, read_options
from benchmarks.parser import PROGRAM
from benchmarks.plan import Cell, DataFacts, Plan, make_plan
from benchmarks.signals import Signalled, signals_raised
from gan_losses.acceleration import resolve_acceleration
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import run_command, shortened
from gan_losses.data import DATA, DataSet, default_root, load_data
from gan_losses.errors import UsageError
from gan_losses.metrics import Place, get_features
from gan_losses.tasks import TASKS
from gan_losses.training import check_precision

Json = dict[str, Any]


class StoppedError(Exception):
    """The run cannot go on (a full disk, say); what is written stays valid."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0 all cells done, 1 some are not, 2 a user's mistake, 128 + n stopped by a signal n."""
    tune_allocator()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # on a terminal that has no "²"
    given = list(sys.argv[1:] if arguments is None else arguments)
    with signals_raised():
        return _main(given)


def _main(given: list[str]) -> int:
    try:
        options = read_options(given)
        if options.list:
            return run_command("benchmarks.run", _list)
        return Run(options, given).go()
    except (UsageError, records.RecordError, StoppedError) as error:
        print(f"benchmarks.run: {shortened(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:
        sentence = f"stopped, because of {error.strerror or error}: {error.filename or 'a file in the output folder'}"
        print(f"benchmarks.run: {sentence}. {_continue(given)}", file=sys.stderr)
        return 2
    except Signalled as signalled:
        print(f"\n{signalled.word}. {_continue(given)}", file=sys.stderr)
        return signalled.exit_code


def _list() -> int:
    Console().result(listing.everything())
    return 0


def _continue(given: Sequence[str]) -> str:
    kept = [argument for argument in given if argument != "--force"]
    return f"What is trained is kept; continue with: {shlex.join([*PROGRAM.split(), *kept])}"


class Run:
    """One run: plan, timing pass, cells, report."""

    def __init__(self, options: Options, given: Sequence[str]) -> None:
        self.options, self.given, self.out = options, list(given), options.out
        self.console = Console(options.quiet)
        self.device = environment.resolve_device(options.device)
        check_precision(options.precision, self.device.type)
        self.accelerate = resolve_acceleration(options.accelerate, self.device.type)
        self.place = Place(
            options.data_root or default_root(),
            options.weights,
            options.weights_sha256,
            options.download,
            options.feature_precision,
            self.console.say,
        )

    def go(self) -> int:
        """Do it and return the exit code."""
        folder = self.options.data.partition(":")[2]
        if folder and os.path.realpath(folder) == os.path.realpath(self.out):  # resolve() raises at a loop of links
            raise UsageError(f"--out {self.out} is the folder of the images; name another one.")
        data = self._load()
        plan = self._plan(data)
        if not plan.cells:
            raise UsageError(
                f"nothing to train: {plan.skipped[0][0].loss} is skipped, because {plan.skipped[0][1].rstrip('.')}."
            )
        if self.options.dry_run:
            return self._dry_run(plan, data)
        preparation.check_folder(self.out, self.console.say)
        with folder_lock(
            self.out, waiting=lambda: self.console.say("Waiting for another run that prepares the folder.")
        ):
            store, cells = self._prepare(plan, data)
        self._train(cells, store)
        return self._finish(cells, [facts.name for facts in plan.facts])

    def _prepare(self, plan: Plan, data: DataSet) -> tuple[Path, tuple[Cell, ...]]:
        """All that has to be there before the first cell is trained: the data's folder, the cells with their budgets."""
        store = preparation.prepare(self.out, data, plan.cells[0], plan.facts, self.place, self.console)
        self._write_run(plan)
        timing = self._time(plan, store)
        cells = self._budget(plan.cells, timing)
        self._write_run(replace(plan, cells=cells))
        for cell, reason in plan.skipped:
            self.console.say(f"{short(cell)}: skipped, because {reason}")
        preparation.write_skipped(self.out, plan.skipped)
        return store, cells

    def _load(self) -> DataSet:
        options, size = self.options, self.options.settings["image_size"]
        name, _, argument = options.data.partition(":")
        wanted, given = TASKS[options.task].domains, DATA[name].domains_of(argument)
        if set(given) != set(wanted):  # before anything is downloaded
            fitting = ", ".join(name for name, source in DATA.items() if source.domains == wanted)
            raise UsageError(
                f"task {options.task} takes data with the domains {', '.join(wanted)}, and {options.data} has "
                f"{', '.join(given)}: take one of {fitting}."
            )
        return load_data(
            options.data,
            size,
            options.bad_images,
            size + options.crop,
            options.data_root,
            self.console.say,
            options.download,
            options.classes,
        )

    def _plan(self, data: DataSet) -> Plan:
        options = self.options
        features = options.features or (data.features,)
        extractors = [get_features(name, data.channels, self.place) for name in features]
        shared: Json = {
            "steps": options.steps,
            "seconds": options.seconds,
            "batch_size": options.batch_size,
            "schedule": options.schedule,
            "flip": options.flip,
            "train_size": data.train_size,
            "precision": options.precision,
            "accelerate": self.accelerate,
            "device": self.device.type,
            "features": ",".join(features),
            "features_digest": ",".join(extractor.weights_digest for extractor in extractors),
            "feature_precision": options.feature_precision,
            "metrics": list(options.metrics),
            "real": options.real,
            "fakes": options.fakes,
            "augment": options.augment,
            "ema": options.ema,
            "eval_every": options.eval_every,
            "log_every": min(options.log_every, options.steps),
            "skipped_images": len(data.skipped),
        }
        if options.deterministic and self.device.type == "cuda":  # no setting elsewhere: a CPU is deterministic
            shared["deterministic"] = True
        facts = candidates(options.losses, options.penalties)
        if not options.unexamined:
            examine_own(options.losses)
        of_data = DataFacts(data.name, data.digest, data.channels, data.image_size, shared["features"])
        settled = TASKS[options.task].settled
        variants = [{**shared, **settled(settings)} for settings in options.variants()]
        return make_plan(partial(task_facts, options.task), options.recipe, options.seeds, variants, facts, of_data)

    def _dry_run(self, plan: Plan, data: DataSet) -> int:
        for cell in plan.cells:
            self.console.result(f"{cell.folder}  {cell.settings['steps']} steps")
        for cell, reason in plan.skipped:
            self.console.result(f"{cell.folder}  skipped: {reason}")
        workers = self._workers(plan.cells)
        seconds = listing.estimate(plan.cells, data, workers)
        self.console.result(f"{len(plan.cells)} cells, {workers} at a time: about {duration(seconds)} of training.")
        return 0

    def _write_run(self, plan: Plan) -> None:
        options = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self.options).items()
            if name not in ("list", "dry_run")
        }
        options["losses"] = [facts.name for facts in plan.facts]
        published = options.pop("published")
        content = {
            "command": shlex.join([*PROGRAM.split(), *self.given]),
            "options": {**options, "out": self.out.name},
            "cells": [cell.folder for cell in plan.cells],
            "skipped": [{"cell": cell.key, "reason": reason} for cell, reason in plan.skipped],
            **({"published": published} if published else {}),
        }
        records.write_json(self.out / "run.json", content)

    def _time(self, plan: Plan, store: Path) -> Json:
        path = step_time.timing_path(self.out, plan.cells[0], torch.get_num_threads())
        cells = [*plan.cells, *preparation.recorded_cells(self.out, plan.cells)]
        rounds = step_time.needed_rounds(cells, self.options.timing_rounds)
        known = step_time.read_timing(path, step_time.variants(cells), rounds, self.console.say)
        if known is not None and not self.options.force:
            return known
        self.console.say(f"Timing pass: {rounds} rounds of {len(step_time.variants(cells))} steps, interleaved, alone.")
        with machine_lock(alone=True, waiting=lambda: self.console.say("Waiting for other runs on this machine.")):
            timing = step_time.timing_pass(cells, self.out, store, rounds)
        if timing["disturbed"]:
            self.console.say("Other work disturbed the timing pass; --force takes it again. The report says so, too.")
        return timing

    def _budget(self, cells: Sequence[Cell], timing: Json) -> tuple[Cell, ...]:
        """With `--seconds S` every cell gets ⌊S / median step⌋ steps; otherwise nothing changes."""
        if self.options.seconds is None:
            return tuple(cells)
        medians = step_time.median_steps(timing)
        frozen = {} if self.options.force else preparation.frozen_steps(self.out, cells)
        budgets = []
        for cell in cells:
            seconds = medians.get((cell.recipe, cell.step_digest))  # None: its steps fail, and so will the cell
            counted = max(1, int(self.options.seconds // seconds)) if seconds else cell.settings["steps"]
            budgets.append(cell.with_steps(frozen.get((cell.recipe, cell.step_digest), counted)))
        return tuple(budgets)

    def _workers(self, cells: Sequence[Cell]) -> int:
        free = psutil.virtual_memory().available
        automatic = default_workers(self.device.type, environment.available_cores(), len(cells), free)
        return self.options.workers or automatic

    def _train(self, cells: Sequence[Cell], store: Path) -> None:
        if self.options.force:  # so that an interrupted run is continued without the option
            preparation.forget(self.out, cells)
        preparation.retry(self.out, cells, self.options.retry)
        missing = preparation.missing_cells(self.out, cells, self.console.say)
        self.console.say(f"{len(cells)} cells, {len(cells) - len(missing)} already there.")
        if not missing:
            return
        workers = self._workers(missing)
        self.console.say(f"Training {len(missing)} cells, {workers} at a time, records in {self.out}.")
        threads = 1 if self.device.type == "cpu" else 4
        work = Work(
            self.out,
            store,
            environment.commit(),
            threads,
            replace(self.place, say=Place().say),
            self.options.checkpoint_every,
        )
        waiting = "Waiting for a timing pass on this machine."
        with (
            machine_lock(alone=False, waiting=lambda: self.console.say(waiting)),
            self.console.progress(len(missing), sum(cell.settings["steps"] for cell in missing)) as progress,
        ):
            for event in run_local(missing, work, workers):
                self._take(event)
                progress.update(event)

    def _take(self, event: Event) -> None:
        if event.kind == "stopped":
            raise StoppedError(f"stopped, because of {event.detail}. {_continue(self.given)}")
        if event.kind == "died":
            preparation.write_failure(self.out, event.cell, str(event.detail))
        if event.kind in ("said", "taken"):
            detail = event.detail if event.kind == "said" else f"{event.detail} is training it."
            self.console.say(f"{short(event.cell)}: {detail}")

    def _finish(self, cells: Sequence[Cell], losses: Sequence[str]) -> int:
        statuses = Counter(records.read_json(self.out / cell.folder / "record.json")["status"] for cell in cells)
        report = self.out / "report"
        call = [sys.executable, "-m", "reports.build", str(self.out.resolve()), "--out", str(report.resolve())]
        built = subprocess.run(call, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
        if built.returncode:
            raise StoppedError(f"the report was not built: {built.stderr.strip() or built.stdout.strip()}")
        self.console.table(*listing.final_table(self.out, cells, losses))
        undone = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()) if status != "done")
        if undone:
            self.console.result(f"Not all cells are done: {undone}; the report says why.")
        if statuses["failed"]:
            self.console.result("Failed cells are left as they are; --retry failed trains them again.")
        self.console.result(f"Report: {report / 'report.md'}")
        return 1 if undone else 0


if __name__ == "__main__":
    sys.exit(main())
