"""What a run says while it works: progress bars on a terminal, plain lines elsewhere, next to nothing when quiet."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from benchmarks.events import LAST, Event
from benchmarks.plan import Cell
from benchmarks.records import TRIAL

PLAIN_SECONDS = 10.0
LONG_NAME = 20
BESIDE = 6  # lines of a terminal that are left to others than running cells


class Console:
    """Tells the user.

    Args:
        quiet: print only results asked for and errors.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.out = RichConsole(highlight=False, soft_wrap=True)
        self.quiet = quiet

    def say(self, text: str) -> None:
        """A line, unless quiet."""
        if not self.quiet:
            self.out.print(text, markup=False)

    def result(self, text: str) -> None:
        """A line that is printed always."""
        self.out.print(text, markup=False)

    def table(self, title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """A table, unless quiet."""
        if self.quiet:
            return
        table = Table(title=escape(title), title_justify="left", title_style="bold")
        lines = [list(row) for row in rows]
        for index, column in enumerate(columns):
            # Names keep their width, up to a point: long ones are folded rather than cut.
            longest = max([len(column), *(len(line[index]) for line in lines)])
            least = min(longest, LONG_NAME) if index < 2 else None
            table.add_column(escape(column), justify="left" if index < 2 else "right", overflow="fold", min_width=least)
        for line in lines:
            table.add_row(*map(escape, line))
        self.out.print(table)

    def progress(self, cells: int, steps: int) -> "CellProgress":
        """Progress over cells and their steps."""
        return CellProgress(self, cells, steps)


def terms_text(terms: dict[str, Any]) -> str:
    """Live terms in short.

    Example:
        >>> terms_text({"discriminator_image": 0.5, "adversarial_image": 1.25})
        'discriminator_image 0.5  adversarial_image 1.25'
    """
    return "  ".join(f"{name} {value:.3g}" for name, value in terms.items())


class _RateColumn(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


class CellProgress:
    """Nested progress: all steps of all cells above, each running cell below."""

    def __init__(self, console: Console, cells: int, steps: int) -> None:
        self.console, self.cells, self.steps = console, cells, steps
        self.done: dict[str, int] = {}
        self.ended = self.together = 0
        self.began = self.told = time.monotonic()
        self.bars: Progress | None = None
        self.tasks: dict[str, Any] = {}
        if console.out.is_terminal and not console.quiet:
            self.bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                _RateColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                console=console.out,
                transient=True,
            )
            self.all = self.bars.add_task(f"0/{cells} cells", total=steps, note="steps")

    def __enter__(self) -> Self:
        if self.bars is not None:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.bars is not None:
            self.bars.stop()

    def update(self, event: Event) -> None:
        """Take in news of a cell."""
        if event.kind not in ("progress", *LAST):
            return
        name = event.cell.folder
        now = event.step if event.kind == "progress" else event.cell.settings["steps"]
        self.together += now - self.done.get(name, 0)
        self.done[name] = now
        self.ended += event.kind != "progress"
        if self.bars is not None:
            self._draw(self.bars, event)
        else:
            self._print(event)

    def _draw(self, bars: Progress, event: Event) -> None:
        name = event.cell.folder
        if event.kind != "progress":
            if name in self.tasks:
                bars.remove_task(self.tasks.pop(name))
        elif name in self.tasks or len(self.tasks) < self.console.out.height - BESIDE:
            # A cluster runs more cells than a terminal has lines; the steps of the others count above.
            if name not in self.tasks:
                self.tasks[name] = bars.add_task(escape(short(event.cell)), total=event.cell.settings["steps"], note="")
            bars.update(self.tasks[name], completed=event.step, note=terms_text(event.detail))
        bars.update(self.all, description=f"{self.ended}/{self.cells} cells", completed=self.together)

    def _print(self, event: Event) -> None:
        now = time.monotonic()
        if event.kind != "progress":
            self.console.say(f"[{self.ended}/{self.cells}] {short(event.cell)}: {event.detail}")
        elif now - self.told > PLAIN_SECONDS:
            rate = self.together / (now - self.began)
            left = (self.steps - self.together) / rate if rate else float("inf")
            terms = terms_text(event.detail)
            self.console.say(
                f"    {self.together}/{self.steps} steps, {rate:.0f} per second, {duration(left)} left; "
                f"{short(event.cell)} step {event.step}  {terms}"
            )
        else:
            return
        self.told = now


def short(cell: Cell) -> str:
    """What a cell is called on the console; a trial by its point of the grid, too."""
    point = f" ({cell.settings['learning_rate']:g}, {cell.settings['betas'][0]:g})" if cell.recipe == TRIAL else ""
    data = cell.data if len(cell.data) <= LONG_NAME else f"…{cell.data[1 - LONG_NAME :]}"
    return f"{data}/{cell.recipe}/{cell.loss}/seed{cell.seed}{point}"


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> duration(75), duration(4000), duration(9)
        ('1 min 15 s', '1 h 6 min', '9 s')
    """
    if seconds == float("inf"):
        return "unknown time"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
