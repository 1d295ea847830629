"""Changes to a synthetic run: what its records would hold with further measures, features and averaged weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import records
from reports.loading import Run
from reports.panels import make_panels
from reports.tables import Table, make_tables

Json = dict[str, Any]
DECAY = 0.999
SHRINK = {"best": 0.8, "final": 0.5}  # what averaging does to a metric
ALONG = 0.6  # and on the way


def change(folder: Path, edit: Callable[[Json], object], recipe: str = "*", loss: str = "*", seed: str = "*") -> None:
    """Edit the records of finished cells."""
    for path in folder.glob(f"dcgan/*/{recipe}/{loss}/seed{seed}-*/record.json"):
        record = json.loads(path.read_text())
        if record["status"] == "done":
            edit(record)
            records.write_json(path, record)


def state_passport(**entries: object) -> Callable[[Json], object]:
    """An edit that changes entries of the passport."""
    return lambda record: record["quality"]["passport"].update(entries)


def add_metrics(measured: Callable[[float], Json]) -> Callable[[Json], object]:
    """An edit that adds metrics made from the Fréchet distance to every state."""

    def edit(record: Json) -> None:
        for moment in ("best", "final", "untrained"):
            found = record["quality"][moment]["metrics"]
            found |= measured(found["fid[digits]"])

    return edit


def average(record: Json) -> None:
    """An edit that adds the averaged weights."""
    quality = record["quality"]
    quality["averaged"] = {"decay": DECAY}
    for moment, factor in SHRINK.items():
        values = {name: factor * value for name, value in quality[moment]["metrics"].items()}
        quality["averaged"][moment] = {"step": 450, "metrics": values}
    for row in quality["along"]:
        row["averaged"] = {name: ALONG * value for name, value in row["metrics"].items()}


def tables_of(run: Run) -> dict[str, Table]:
    """The run's tables by name."""
    return {table.name: table for table in make_tables(run, make_panels(run))}


def rows_of(text: str) -> list[list[str]]:
    """The cells of all Markdown tables in a text, line by line."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
