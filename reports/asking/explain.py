"""What happened to one cell, in a paragraph that is made from its record alone."""

from reports.asking.finding import panel_of, panels_of
from reports.asking.learning import discriminator, gradient, quality
from reports.asking.words import count, paragraph, printable
from reports.loading import Cell, Run
from reports.panels import Panel
from reports.reading import UNREADABLE
from reports.text import number, setting
from reports.timings import StepTime, own_times

# status -> how the cell ended; the step, the cause and the steps that it was given are filled in.
ENDS = {
    "done": "It was trained to its end, step {step}.",
    "collapsed": "It was trained to its end, step {step}, but collapsed{cause}.",
    "stalled": "It was trained to its end, step {step}, but stalled{cause}.",
    "diverged": "It diverged{cause}, and was given up at step {step} of {steps}.",
    "failed": "It failed at step {step} of {steps}{cause}.",
    "skipped": "It was skipped{cause}: nothing was trained.",
    UNREADABLE: "Its record is damaged, so that no more is known; python -m benchmarks.verify says of each file what is wrong.",
}
UNTRAINED = ("skipped", UNREADABLE)
STATED: tuple[str, ...] = ("steps", "batch_size", "n_critic", "optimizer", "learning_rate", "betas")
STATED += ("generator_norm", "discriminator_norm")


def explain(run: Run, cell: Cell) -> str:
    """The paragraph: what the cell was, how it ended, its quality, gradient, discriminator and cost, and where it lies.

    Args:
        run: that holds the cell, its panel, ladders and timings.
        cell: of which the record is told; of one that was not trained there is little to tell.

    Returns:
        Lines of at most `words.WIDTH` letters, and the folder on a line of its own.
    """
    own, compared = home(run, cell)
    parts = [_what(cell), _end(cell)]
    if cell.status not in UNTRAINED:
        apart = "" if compared else "It stands in no panel, so that it is compared with nothing: no verdict is of it."
        parts += [*quality(run, own, cell), apart, *gradient(cell), *discriminator(cell), _cost(run, own, cell)]
    place = f"\nAll of it lies in {printable(cell.folder)}" if cell.folder.is_dir() else ""
    return paragraph([*parts, _damages(run, cell)]) + place


def home(run: Run, cell: Cell) -> tuple[Panel, bool]:
    """(the panel of a cell, True), or (one of itself alone, False) where it stands in none."""
    panel = panel_of(panels_of(run), cell)
    return panel or Panel(cell.task, cell.data, cell.recipe, "", (cell,), (cell.loss,)), panel is not None


def _what(cell: Cell) -> str:
    stated = [f"{name} {setting(cell.settings[name])}" for name in STATED if name in cell.settings]
    settings = f" ({'; '.join(stated)})" if stated else ""
    names = f"task {cell.task}, data {cell.data}, recipe {cell.recipe}, loss {cell.loss}, seed {cell.seed}"
    return printable(f"{cell.identity} is {names}{settings}.")


def _end(cell: Cell) -> str:
    fault = cell.record.get("fault") or {}
    found = fault.get("cause") or cell.record.get("reason")
    at = f" at step {count(fault['step'])}" if fault.get("step") is not None else ""
    cause = at + (f" ({printable(found)})" if found else "")
    steps = {"step": count(cell.record.get("step")), "steps": count(cell.settings.get("steps"))}
    words = ENDS.get(cell.status, f"Its status is {printable(cell.status)}.").format(cause=cause, **steps)
    times = "once" if cell.resumed == 1 else f"{cell.resumed} times"
    return words + (f" Its training was interrupted and went on {times}." if cell.resumed else "")


def _cost(run: Run, panel: Panel, cell: Cell) -> str:
    """The timed step; a worker's own clock is never read, as cells share the machine in training."""
    found = [time for time in own_times(run, panel) if time.loss == cell.loss]
    if not found:
        return "No timing pass holds its steps, so that nothing is known of its cost."
    steps = cell.record.get("step") or 0
    total = f"; its {count(steps)} steps make {number(steps * found[0].typical)} s" if steps else ""
    return f"{step_words(found[0])}, as the timing pass has it on {printable(found[0].device)}{total}."


def step_words(time: StepTime) -> str:
    """What a step takes: median and quartiles, on the wall clock and on the device's own where it has one."""
    device = time.device_time()
    clocks = [(time.wall(), "")] + ([(device, " of device time")] if device else [])
    shown = [
        f"{number(1e3 * mid)} ms [{number(1e3 * low)}, {number(1e3 * high)}]{of}" for (mid, low, high), of in clocks
    ]
    return f"A step takes {' and '.join(shown)}"


def _damages(run: Run, cell: Cell) -> str:
    """Which of the cell's files are damaged, and how."""
    place = cell.folder.relative_to(cell.home).as_posix()
    damaged = [damage for damage in run.damages if f"/{place}/" in f"/{damage.path}"]
    return " ".join(
        f"{printable(damage.path.rpartition('/')[2])} is damaged ({printable(damage.cause)})." for damage in damaged
    )
