"""The capacity page from its record alone: python -m reports.capacity DIR."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks.records import RecordError, read_json, write_bytes
from reports.figures import save
from reports.figures.style import STYLE, canvas, looks, name_axes
from reports.text import number

FILE, PAGE, FIGURE = "capacity.json", "capacity.md", "capacity.png"
WANTED = {"overhead": 1.0, "speedup": 1.9, "seconds": 30.0, "peak_bytes": 1e9}  # of 1,000 records the last two
MEGA = 1e6


def main(arguments: Sequence[str]) -> int:
    """The command; returns the exit code: 0, or 2 where there is no record."""
    if len(arguments) != 1:
        print("reports.capacity: expected one folder, of python -m benchmarks.capacity.", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        record = read_json(folder / FILE, "overhead", "report", "limits")
    except RecordError as error:
        print(f"reports.capacity: {error}", file=sys.stderr)
        return 2
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        save(draw(record), folder / FIGURE)
    write_bytes(folder / PAGE, page(record).encode())
    print(folder / PAGE)
    return 0


def draw(record: Mapping[str, Any]) -> Figure:
    """What a report takes as records grow, each with the line that was fitted; and what executors add to a cell."""
    names = list(record["overhead"])
    palette = looks({name: (name, "none") for name in names})
    figure, axes = canvas(1, 3, "What the suite holds", palette, (3.4, 2.7))
    seconds, memory, beside = axes[0]
    _grown(seconds, record, "seconds", 1.0, "a report's seconds", "s")
    _grown(memory, record, "peak_bytes", MEGA, "a report's memory", "MB")
    for place, name in enumerate(names):
        values = [each["overhead"] for each in _short(record, name)]
        beside.plot(values, [place] * len(values), "o", color=palette[name].colour, markersize=4)
    beside.axvline(WANTED["overhead"], color="grey", linewidth=0.8, linestyle=":")
    beside.set_xlim(left=0)
    beside.set_ylim(-0.5, len(names) - 0.5)
    beside.set_yticks(range(len(names)), names)
    name_axes(beside, "seconds beside each cell", "s of a worker", "")
    return figure


def _short(record: Mapping[str, Any], executor: str) -> list[Any]:
    """The passes that show the overhead: those of the most cells."""
    most = max(each["cells"] for each in record["passes"])
    return [each for each in record["passes"] if (each["executor"], each["cells"]) == (executor, most)]


def _grown(axes: Any, record: Mapping[str, Any], name: str, scale: float, title: str, unit: str) -> None:
    counts = sorted(map(int, record["report"]))
    values = [record["report"][str(count)][name] / scale for count in counts]
    line, many = record["lines"][name], np.geomspace(counts[0], counts[-1], 50)
    axes.plot(many, (line["start"] + line["each"] * many) / scale, color="grey", linewidth=0.8)
    axes.plot(counts, values, "o", color="black", markersize=4)
    axes.plot([1000], [WANTED[name] / scale], "_", color="grey", markersize=14)
    axes.set_xscale("log")
    axes.set_yscale("log")
    name_axes(axes, title, "records", unit)


def page(record: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    return "\n".join([*_opening(record), *_executors(record), *_store(record), *_reports(record), *_model(record), ""])


def _opening(record: Mapping[str, Any]) -> Iterator[str]:
    place = record["environment"]
    yield "# What the suite holds"
    yield ""
    yield f"Measured on {place['cores']} cores ({place['processor']}), torch {place['torch']}, by `{record['command']}`;"
    yield f"[{FILE}]({FILE}) has every sample. Nothing here is estimated but what stands under *Modelled*."
    yield ""
    yield f"![What a report takes, and what executors add]({FIGURE})"
    yield ""
    yield "*Dots are measured, the lines beside them fitted; a dash marks what is asked for at 1,000 records, the dotted line what is"
    yield "asked for of an executor.*"
    yield ""


def _executors(record: Mapping[str, Any]) -> Iterator[str]:
    settings = record["settings"]
    yield "## Beside the cells"
    yield ""
    yield f"{settings['cells']} cells of {settings['steps'][0]} steps through each executor, one at a time, in turns: seconds of a worker"
    yield "that no cell accounts for, divided by the cells (warming up included); between two cells once all is warm; and what two workers"
    yield f"are worth on {settings['long_cells']} cells of {settings['steps'][1]} steps, which use one core each: from the start, and once"
    yield "all is warm, as a long suite has it. Median [least, most]. The cluster's head and the run itself share these cores with the cells."
    yield ""
    yield "| executor | its start (s) | beside each cell (s) | once warm (s) | two workers over one | once warm |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in record["overhead"]:
        columns = [_spread(record[what][name]) for what in ("up", "overhead", "steady", "speedup", "speedup_warm")]
        yield f"| {name} | {' | '.join(columns)} |"
    yield ""
    yield f"{number(record['news'])} news a second go through a run's mailbox on the cluster; a cell tells once a second."
    yield ""


def _store(record: Mapping[str, Any]) -> Iterator[str]:
    store = record["store"]
    yield "## On the disk"
    yield ""
    yield f"| kind | kB a cell (of {store['files']:.0f} files) |"
    yield "| --- | --- |"
    for kind, size in store.items():
        if kind != "files":
            yield f"| {kind} | {number(size / 1e3)} |"
    yield ""
    yield "Weights grow with the networks, pictures with evaluations, curves with log points; checkpoints are gone when a cell is done."
    yield ""


def _reports(record: Mapping[str, Any]) -> Iterator[str]:
    yield "## Reports"
    yield ""
    yield "Of records that are made of the published reference's (`benchmarks.capacity.synthetic`), page, tables and all figures:"
    yield ""
    yield "| records | seconds | processor seconds | peak memory (MB) | page (MB) | all files (MB) |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for count in sorted(map(int, record["report"])):
        cost = record["report"][str(count)]
        sizes = [number(cost[name] / MEGA) for name in ("peak_bytes", "page_bytes", "report_bytes")]
        yield f"| {count:,} | {number(cost['seconds'])} | {number(cost['cpu_seconds'])} | {' | '.join(sizes)} |"
    yield ""


def _model(record: Mapping[str, Any]) -> Iterator[str]:
    yield "## Modelled"
    yield ""
    yield "Lines through the points above (least squares of relative errors), and where each meets a limit: the first row is the first"
    yield "bottleneck of a suite that grows."
    yield ""
    yield "| what runs out | at cells | because of |"
    yield "| --- | --- | --- |"
    for limit in record["limits"]:
        cells = "never" if limit["cells"] is None else f"{limit['cells']:,.0f}"
        yield f"| {limit['what']} | {cells} | {limit['why']} |"
    worst = max(line["worst"] for line in record["lines"].values())
    yield ""
    yield f"The lines miss no measured point by more than {worst:.0%}. A suite of N cells on W workers takes about"
    yield "N × (seconds of a cell + seconds beside it) / W, plus the start of the cluster and one timing pass for each kind of device."


def _spread(values: Sequence[float]) -> str:
    middle, least, most = map(number, values)
    return f"{middle} [{least}, {most}]"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
