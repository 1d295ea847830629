"""What a step costs, from the timing pass alone."""

from statistics import median
from typing import Any

from reports.loading import Run
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, make_frame, names_of, section
from reports.text import number
from reports.timings import StepTime, step_times

NOTE = (
    "Timed alone on the machine, all losses interleaved; median and [quartiles]. The ratio is taken round by round, so "
    "that drift cancels: it is the figure to quote. Absolute times hold for this device only. A step is n_critic "
    "discriminator updates and one generator update. Where a penalty is due every so often, all of these are means over the "
    "steps of its period."
)
WIDE = 0.25
MEBI = 2**20
NO_GPU = "no GPU"
HEADER = ["loss", "step (ms)", "ratio", "device (ms)", "per D update (ms)", "per 1,000 images (ms)"]
MEMORY = ["peak device memory (MiB)", "peak host memory (MiB)"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of cost."""
    rows = [_row(panel, time) for panel in panels for time in step_times(run, panel)]
    columns = list(rows[0]) if rows else [*names_of(panels[0]), *HEADER]
    parts = [part for panel in panels for part in _sections(run, panel)]
    return Table("cost", "Cost of a step", parts, make_frame(rows, columns), NOTE)


def _row(panel: Panel, time: StepTime) -> Row:
    wall, ratio, device = time.wall(), time.ratio(), time.device_time()
    row: Row = {**names_of(panel), "loss": time.loss, "device": time.timing["device"]["name"]}
    row |= {"threads": time.timing["threads"], "rounds": len(time.entry["wall"]), "n_critic": time.entry["n_critic"]}
    row["period"] = time.period
    row["acceleration"] = (time.entry.get("acceleration") or {}).get("used", "off")
    row["reference"] = panel.reference
    row |= _quartiles("wall ms", wall, 1e3) | _quartiles("ratio", ratio, 1)
    row |= _quartiles("device ms", device, 1e3, NO_GPU)
    row |= {"ms per discriminator update": 1e3 * time.per_update(), "ms per 1000 images": 1e3 * time.per_thousand()}
    row |= {f"{phase} ms": 1e3 * seconds for phase, seconds in time.phases().items()}
    return row | {
        "peak device bytes": time.entry.get("peak_device_bytes") or NO_GPU,
        "peak host bytes": host(panel, time),
    }


def _quartiles(name: str, values: tuple[float, float, float] | None, scale: float, absent: str = "no reference") -> Row:
    names = (name, f"{name} lower quartile", f"{name} upper quartile")
    return dict(zip(names, [scale * value for value in values] if values else [absent] * 3, strict=True))


def host(panel: Panel, time: StepTime) -> float | str:
    """Median peak memory of the workers that trained the loss, in bytes: of those on that device where there are any."""
    cells = panel.of(time.loss)
    own = [
        cell for cell in cells if (cell.record.get("environment") or {}).get("device") == time.timing["device"]["name"]
    ]
    found = [(cell.record.get("memory") or {}).get("peak_host_bytes") for cell in own or cells]
    numbers = [value for value in found if value]
    return median(numbers) if numbers else "not measured"


def _sections(run: Run, panel: Panel) -> list[Section]:
    times = step_times(run, panel)
    if not times:
        return [section(panel.title, HEADER, [[loss, *["not timed"] * 5] for loss in panel.losses], panel=panel)]
    devices = dict.fromkeys(time.device for time in times)
    return [_section(panel, device, [time for time in times if time.device == device]) for device in devices]


def _section(panel: Panel, device: str, times: list[StepTime]) -> Section:
    phases = list(dict.fromkeys(phase for time in times for phase in time.phases()))
    timed = {time.loss: time for time in times}
    width = len(HEADER) + len(phases) + len(MEMORY) - 1
    lines = [
        _line(panel, timed[loss], phases) if loss in timed else [loss, *["not timed"] * width] for loss in panel.losses
    ]
    header = [*HEADER, *(f"{phase} (ms)" for phase in phases), *MEMORY]
    header[2] = f"ratio to {panel.reference}"
    remarks = " ".join(filter(None, [paces(times), warning(times)]))
    return section(f"{panel.title}; {device}", header, lines, remarks, panel)


def _line(panel: Panel, time: StepTime, phases: list[str]) -> list[Any]:
    bytes_on_device, bytes_on_host = time.entry.get("peak_device_bytes"), host(panel, time)
    device = time.device_time()
    return [
        time.loss,
        _text(time.wall(), 1e3),
        _text(time.ratio(), 1),
        _text(device, 1e3) if device else NO_GPU,
        number(1e3 * time.per_update()),
        number(1e3 * time.per_thousand()),
        *(number(1e3 * time.phases()[phase]) if phase in time.phases() else "no such phase" for phase in phases),
        number(bytes_on_device / MEBI) if bytes_on_device else NO_GPU,
        bytes_on_host if isinstance(bytes_on_host, str) else number(bytes_on_host / MEBI),
    ]


def _text(values: tuple[float, float, float] | None, scale: float) -> str:
    if values is None:
        return "no reference"
    middle, lower, upper = (number(scale * value) for value in values)
    return f"{middle} [{lower}, {upper}]"


def paces(times: list[StepTime]) -> str:
    """How the steps were run, where that is not simply one operation after the other. "" if it is."""
    found: dict[str, list[str]] = {}
    for time in times:
        pace = time.entry.get("acceleration") or {"used": "off", "why_not": None}
        manner = pace["used"] + (f", {pace['why_not']}" if pace["why_not"] else "")
        found.setdefault(manner, []).append(time.loss)
    if list(found) in ([], ["off"]):
        return ""
    return (
        "Run with --accelerate " + "; ".join(f"{manner}: {', '.join(losses)}" for manner, losses in found.items()) + "."
    )


def warning(times: list[StepTime]) -> str:
    """What speaks against these samples: other work on the machine, a wide spread. "" if nothing does."""
    parts = []
    if any(time.timing.get("disturbed") for time in times):
        parts.append("Other programs were at work during this timing pass: do not quote these times.")
    repeated = max((time.timing.get("rejected", 0) for time in times), default=0)
    if repeated:
        parts.append(f"Rounds thrown away and repeated because other programs were at work: {repeated}.")
    wide = [time.loss for time in times if time.wall()[2] - time.wall()[1] > WIDE * time.wall()[0]]
    if wide:
        parts.append(f"Wide spread (quartiles more than {WIDE:.0%} of the median apart): {', '.join(wide)}.")
    return " ".join(parts)
