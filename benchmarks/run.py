"""Run a comparison: python -m benchmarks.run --losses bce,lsgan,wgangp."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import io
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path

from benchmarks import declaration, drawn, environment, listing, preparation, records, tuning
from benchmarks.budget import take_timing, with_budgets
from benchmarks.console import Console, duration, short
from benchmarks.events import Event, Work
from benchmarks.executors.registry import EXECUTORS
from benchmarks.grounds import Ground, load_grounds
from benchmarks.lock import folder_lock
from benchmarks.options import Options, read_options
from benchmarks.parser import PROGRAM
from benchmarks.plan import Cell, in_order
from benchmarks.signals import signalled, signals_raised
from gan_losses.allocator import tune_allocator
from gan_losses.command_line import run_command, shortened
from gan_losses.data import default_root
from gan_losses.errors import UsageError
from gan_losses.metrics import Place
from gan_losses.training import check_precision


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
    except KeyboardInterrupt as error:
        asked = signalled(error)
        print(f"\n{asked.word}. {_continue(given)}", file=sys.stderr)
        return asked.exit_code


def _list() -> int:
    Console().result(listing.everything())
    return 0


def _continue(given: Sequence[str]) -> str:
    kept = [argument for argument in given if argument != "--force"]
    return f"What is trained is kept; continue with: {shlex.join([*PROGRAM.split(), *kept])}"


class Run:
    """One run: plan, timing pass, trials if anything is tuned, cells, report."""

    def __init__(self, options: Options, given: Sequence[str]) -> None:
        self.options, self.given, self.out = options, list(given), options.out
        self.console, self.made = Console(options.quiet), set[str]()
        self.executor = EXECUTORS[options.executor](options, self.console.say)
        self.watch = _watcher(options)
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
        with self.executor:
            return self._go()

    def _go(self) -> int:
        self.options = drawn.with_points(self.options, self.console.say)
        device = self.executor.device()
        check_precision(self.options.precision, device)
        grounds = load_grounds(self.options, device, self.place)
        if self.options.dry_run:
            return self._dry_run([self._with_trials(ground) for ground in grounds])
        preparation.check_folder(self.out, self.console.say)
        with self._folder():
            self.options = declaration.declared(self.options, self.console.say)
            grounds = self._prepare(grounds)
        if self.options.tuned:
            self._train(grounds, [*_merged(ground.trials for ground in grounds), *_merged(g.certain for g in grounds)])
            with self._folder():
                grounds = tuple(self._choose(ground) for ground in grounds)
                self._write_request(grounds)
        self._train(grounds, _merged(ground.plan.cells for ground in grounds))
        return self._finish(grounds)

    def _folder(self) -> AbstractContextManager[None]:
        waiting = "Waiting for another run that prepares the folder."
        return folder_lock(self.out, waiting=lambda: self.console.say(waiting))

    def _prepare(self, grounds: Sequence[Ground]) -> tuple[Ground, ...]:
        """All that has to be there before the first cell is trained: the data's folders, the cells with their budgets."""
        grounds = [self._stored(ground) for ground in grounds]
        self._write_request(grounds)
        grounds = [self._with_trials(self._budgeted(ground)) for ground in grounds]
        self._write_request(grounds)
        for ground in grounds:
            self._tell(ground.plan.skipped)
            preparation.write_skipped(self.out, ground.plan.skipped)
        return tuple(grounds)

    def _stored(self, ground: Ground) -> Ground:
        plan = ground.plan
        store = preparation.prepare(self.out, ground.data, plan.cells[0], plan.facts, self.place, self.console)
        return replace(ground, store=store)

    def _budgeted(self, ground: Ground) -> Ground:
        timings = take_timing(ground, self.out, self.options.timing_rounds, self.options.force, self.executor)
        return with_budgets(ground, timings, self.out, self.options.seconds, self.options.force)

    def _with_trials(self, ground: Ground) -> Ground:
        return replace(ground, trials=tuning.trials(ground.tuned, self.options.search))

    def _choose(self, ground: Ground) -> Ground:
        """Recipe `tuned` by the trials, which all have their records."""
        if not ground.tuned:
            return replace(ground, chosen=True)
        choices = tuning.choose(self.out, ground.tuned, self.options.search)
        tuning.write(self.out, ground.tuned[0], choices, self.options.search, self.console.say)
        cells, skipped = tuning.settled(ground.tuned, choices)
        self._tell(skipped)  # and no record: other trials may find something
        plan = replace(ground.plan, cells=in_order([*ground.certain, *cells]), skipped=(*ground.plan.skipped, *skipped))
        return replace(ground, plan=plan, chosen=True)

    def _tell(self, skipped: Sequence[tuple[Cell, str]]) -> None:
        for cell, reason in skipped:
            self.console.say(f"{short(cell)}: skipped, because {reason}")

    def _write_request(self, grounds: Sequence[Ground]) -> None:
        declaration.write_request(self.options, [*PROGRAM.split(), *self.given], grounds)

    def _dry_run(self, grounds: Sequence[Ground]) -> int:
        for line in chain.from_iterable(map(listing.planned, grounds)):
            self.console.result(line)
        counts = [len(ground.trials) + len(ground.plan.cells) for ground in grounds]
        trials = sum(len(ground.trials) for ground in grounds)
        workers = self.executor.workers(sum(counts))
        seconds = sum(listing.estimate([*ground.trials, *ground.plan.cells], ground.data) for ground in grounds)
        cells = f"{sum(counts) - trials} cells" + (f" and {trials} trials" if trials else "")
        self.console.result(f"{cells}, {workers} at a time: about {duration(seconds / workers)} of training.")
        return 0

    def _train(self, grounds: Sequence[Ground], cells: Sequence[Cell]) -> None:
        self._make_room(cells)
        missing = preparation.missing_cells(self.out, cells, self.console.say)
        self.console.say(f"{len(cells)} cells, {len(cells) - len(missing)} already there.")
        absent = {cell.folder for cell in missing}
        for cell in cells:
            if cell.folder not in absent:
                self.watch(Event("ended", cell))
        if not missing:
            return
        workers = self.executor.workers(len(missing))
        self.console.say(f"Training {len(missing)} cells, {workers} at a time, records in {self.out}.")
        with self.console.progress(len(missing), sum(cell.settings["steps"] for cell in missing)) as progress:
            for event in self.executor.run(missing, self._work(grounds)):
                self._take(event)
                progress.update(event)

    def _work(self, grounds: Sequence[Ground]) -> Work:
        return Work(
            self.out,
            {ground.data.name: ground.store for ground in grounds if ground.store is not None},
            environment.commit(),
            1 if self.executor.device() == "cpu" else 4,
            {each.name: getattr(self.place, each.name) for each in fields(Place) if each.name != "say"},
            self.options.checkpoint_every,
        )

    def _make_room(self, cells: Sequence[Cell]) -> None:
        """Take away what is to be trained again; a cell that this run has trained is not."""
        anew = [cell for cell in cells if cell.folder not in self.made]
        self.made.update(cell.folder for cell in anew)
        if self.options.force:  # so that an interrupted run is continued without the option
            preparation.forget(self.out, anew)
        preparation.retry(self.out, anew, self.options.retry)

    def _take(self, event: Event) -> None:
        if event.kind == "stopped":
            raise StoppedError(f"stopped, because of {event.detail}. {_continue(self.given)}")
        if event.kind == "died":
            preparation.write_failure(self.out, event.cell, str(event.detail))
        self.watch(event)
        if event.kind in ("said", "taken"):
            detail = event.detail if event.kind == "said" else f"{event.detail} is training it."
            self.console.say(f"{short(event.cell)}: {detail}")

    def _finish(self, grounds: Sequence[Ground]) -> int:
        self._report()
        for ground in grounds:
            if ground.plan.cells:
                losses = [facts.name for facts in ground.plan.facts]
                self.console.table(*listing.final_table(self.out, ground.plan.cells, losses))
        trials = self._statuses(ground.trials for ground in grounds)
        if set(trials) - {"done"}:
            self.console.say(f"Trials: {_counted(trials)}; what was not trained to its end counts as worst.")
        statuses = self._statuses(ground.plan.cells for ground in grounds)
        del statuses["done"]
        if statuses:
            self.console.result(f"Not all cells are done: {_counted(statuses)}; the report says why.")
        if statuses["failed"] or trials["failed"]:
            self.console.result("Failed cells are left as they are; --retry failed trains them again.")
        self.console.result(f"Report: {self.out / 'report' / 'index.html'}")
        return 1 if statuses or trials["failed"] else 0

    def _statuses(self, cells: Iterable[Iterable[Cell]]) -> Counter[str]:
        paths = [self.out / cell.folder / records.RECORD for cell in chain.from_iterable(cells)]
        return Counter(records.read_json(path)["status"] for path in paths)

    def _report(self) -> None:
        report = self.out / "report"
        call = [sys.executable, "-m", "reports.build", str(self.out.resolve()), "--out", str(report.resolve())]
        built = subprocess.run(call, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
        if built.returncode:
            raise StoppedError(f"the report was not built: {built.stderr.strip() or built.stdout.strip()}")


def _watcher(options: Options) -> Callable[[Event], None]:
    """Who else is told what the cells tell."""
    if not options.tensorboard:
        return lambda event: None
    try:
        from benchmarks.boards import Boards
    except ImportError as error:
        raise UsageError("--tensorboard needs the package tensorboard: pip install -e '.[tensorboard]'.") from error
    return Boards(options.out).take


def _merged(cells: Iterable[Sequence[Cell]]) -> tuple[Cell, ...]:
    """The cells of several data sets in one order."""
    return in_order(chain.from_iterable(cells))


def _counted(statuses: Counter[str]) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))


if __name__ == "__main__":
    sys.exit(main())
