"""What `--list`, `--dry-run` and the end of a run print."""

import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.cells import build_training
from benchmarks.executors.registry import EXECUTORS
from benchmarks.grounds import Ground
from benchmarks.parser import presets
from benchmarks.plan import BOTH, RECIPES, Cell
from benchmarks.step_time import variants
from benchmarks.suite_files import ENDING
from gan_losses.data import DATA, DataSet
from gan_losses.losses import CONTROLS, LOSSES, get_loss
from gan_losses.losses.custom import installed
from gan_losses.metrics import FEATURES, METRICS
from gan_losses.penalties import PENALTIES
from gan_losses.tasks import TASKS

ESTIMATE_STEPS = 3
OWN_SUITE = (
    "your own suite file: options by their names, as in steps = 500, for a task in a table [dcgan], several values in "
    "[sweep]; what it leaves out is as in quick"
)


def everything() -> str:
    """One line for each loss, penalty, recipe, task, data set, extractor and preset."""
    losses = {name: get_loss(name) for name in LOSSES}
    sections = {
        "Losses (r = D(x), f = D(G(z)), raw logits)": {
            name: f"{loss.summary}  [{loss.paper}; published: {recipe_text(loss.published.__dict__)}]"
            for name, loss in losses.items()
        },
        "Controls": {name: get_loss(name).summary for name in CONTROLS},
        "Losses of other installed packages": {name: point.value for name, point in installed().items()},
        "Penalties (added with +, as in bce+gp:10, or crossed with --penalties)": {
            name: f"{penalty().summary}  [{penalty().paper}; {fields_text(penalty())}]"
            for name, penalty in PENALTIES.items()
        },
        "Recipes": {**{name: text for name, (_, text) in RECIPES.items()}, BOTH: "both, as two panels, never merged"},
        "Tasks": {name: task.summary for name, task in TASKS.items()},
        "Data": {name: source.summary for name, source in DATA.items()},
        "Features": {name: source.summary for name, source in FEATURES.items()},
        "Metrics": {name: metric.summary for name, metric in METRICS.items()},
        "Executors": {name: executor.summary for name, executor in EXECUTORS.items()},
        "Presets": {**{name: preset["summary"] for name, preset in presets().items()}, f"FILE{ENDING}": OWN_SUITE},
    }
    lines = []
    for title, rows in sections.items():
        if rows:
            width = max(14, *map(len, rows))
            lines += [title, *(f"  {name:<{width}} {text}" for name, text in rows.items()), ""]
    return "\n".join(lines).rstrip()


def fields_text(thing: Any) -> str:
    """The fields of a dataclass with their values.

    Example:
        >>> from gan_losses.penalties import R1
        >>> fields_text(R1(10.0, every=16))
        'weight=10.0, every=16, patches=False'
    """
    return ", ".join(f"{field.name}={getattr(thing, field.name)!r}" for field in fields(thing)) or "no fields"


def recipe_text(recipe: dict[str, Any]) -> str:
    """A recipe in short.

    Example:
        >>> recipe_text({"optimizer": "adam", "learning_rate": 0.0002, "betas": (0.5, 0.999),
        ...              "discriminator_norm": "batch", "n_critic": 1})
        'adam 0.0002 (0.5, 0.999), norm batch, n_critic 1'
    """
    betas = f" {tuple(recipe['betas'])}" if recipe["optimizer"] == "adam" else ""
    norm = recipe["discriminator_norm"] or "of the task"
    rest = f"norm {norm}, n_critic {recipe['n_critic']}"
    return f"{recipe['optimizer']} {recipe['learning_rate']:g}{betas}, {rest}"


def planned(ground: Ground) -> Iterator[str]:
    """A line for every cell on a data set that would be trained, and every one that cannot be."""
    for cell in ground.known:
        yield f"{cell.folder}  {cell.settings['steps']} steps"
    for cell in ground.tuned:
        yield f"{cell.folder.rpartition('-')[0]}  {cell.settings['steps']} steps, as the trials choose"
    for cell, reason in ground.plan.skipped:
        yield f"{cell.folder}  skipped: {reason}"


def estimate(cells: Sequence[Cell], data: DataSet) -> float:
    """Seconds of steps in training the cells one by one, from a few steps of each kind, measured now."""
    medians = {}
    for cell in variants(cells):
        training, seconds = build_training(cell, data, probed=False), []
        for index in range(ESTIMATE_STEPS + 1):
            began = time.perf_counter()
            training.step(index)
            seconds.append(time.perf_counter() - began)
        medians[cell.recipe, cell.step_digest] = statistics.median(seconds[1:])
    total: float = sum(
        cell.settings["seconds"] or cell.settings["steps"] * medians[cell.recipe, cell.step_digest] for cell in cells
    )
    return total


def final_table(out: Path, cells: Sequence[Cell], losses: Sequence[str]) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows of the table that ends a run on a data set, in the order of `losses`: medians over the done seeds."""
    kinds = dict.fromkeys((cell.recipe, cell.loss) for cell in cells)
    rows: list[list[str]] = []
    metrics, moments = _told(out, cells)
    for recipe, loss in sorted(kinds, key=lambda kind: (kind[0], losses.index(kind[1]))):
        paths = [out / cell.folder / "record.json" for cell in cells if (cell.recipe, cell.loss) == (recipe, loss)]
        found = [records.read_json(path) for path in paths]
        done = [record for record in found if record["status"] == "done"]
        scores = [
            _median([record["quality"][moment]["metrics"].get(metric) for record in done])
            for metric in metrics
            for moment in moments
        ]
        rows.append([recipe, loss, f"{len(done)} of {len(found)}", *scores])
    columns = [f"{moment} {metric}" for metric in metrics for moment in moments]
    return f"Median over seeds, on test of {cells[0].data}", ["recipe", "loss", "seeds done", *columns], rows


def _told(out: Path, cells: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """The metrics that the table shows, and of which moments: what fits beside each other on a terminal."""
    found: dict[str, None] = {}
    for cell in cells:
        quality = records.read_json(out / cell.folder / "record.json").get("quality") or {}
        found |= dict.fromkeys((quality.get("best") or {}).get("metrics") or {})
    metrics = [name for name in found if re.match(r"fid\b|true_share@", name)]
    return metrics, ["best", "final"] if len(metrics) < 2 else ["best"]


def _median(values: list[float | None]) -> str:
    numbers = [value for value in values if value is not None]
    return f"{statistics.median(numbers):.3g}" if numbers else "none"
