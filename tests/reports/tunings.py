"""Trials of a tuned recipe for a synthetic run: records of every trial, and the file that says what was chosen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.plan import Cell

Json = dict[str, Any]
SPACE = {"learning_rate": {"low": 5e-05, "high": 0.0005, "log": True}, "beta1": [0.0, 0.5], "beta2": [0.999]}
DRAWN = {"space": SPACE, "sampler": "RandomSampler of optuna 5.0.0, seed 0"}
GRID = {"grid": {"learning_rate": [1e-4], "beta1": [0.0, 0.5]}}
SEED = 1000


def point(number: int, beta2: float = 0.999) -> Json:
    """The settings of a trial."""
    return {"learning_rate": 1e-4 * (1 + number), "betas": [0.5 * (number % 2), beta2]}


def tune(
    folder: Path,
    scores: Mapping[str, Sequence[float | None]],
    metric: str = "fid[digits]",
    origin: Json = DRAWN,
    data: str = "digits",
    betas: Sequence[float] = (0.999,),
    **shared: object,
) -> None:
    """Write trials: loss -> the score of each, None for one that diverged."""
    choices = []
    for loss, values in scores.items():
        rows = []
        for number, value in enumerate(values):
            settings = {"loss_definition": loss, "n_critic": 5 if loss == "wgangp" else 1, **shared}
            place = point(number, betas[number % len(betas)])
            cell = Cell("dcgan", data, "trial", loss, SEED, {**settings, **place})
            write_trial(folder, cell, value, metric)
            status = {str(SEED): "diverged" if value is None else "done"}
            rows.append({**place, "scores": {str(SEED): value}, "statuses": status, "median": value})
        known = [row for row in rows if row["median"] is not None]
        best = min(known, key=lambda row: row["median"], default=None)
        chosen = best and {name: best[name] for name in records.CHOSEN}
        own = {"loss": loss, "group": cell.choice_digest, "metric": metric if known else None, "chosen": chosen}
        choices.append({**own, **origin, "tuning_seeds": [SEED], "trials": rows})
    path = folder / "tuning" / f"dcgan-{records.slug(data)}.json"
    before = records.read_json(path)["choices"] if path.exists() else []
    records.write_json(path, {"task": "dcgan", "data": data, "rule": "lowest", "choices": [*before, *choices]})


def write_trial(folder: Path, cell: Cell, value: float | None, metric: str) -> None:
    """A trial's record: its best value on validation comes in the middle, and another metric lies beside it."""
    content: Json = {"cell": cell.key, "id": cell.folder, "settings": cell.settings, "status": "diverged"}
    if value is not None:
        steps = {"step": 1, "discriminator_updates": 1, "images": 1}
        along = [{**steps, "metrics": {metric: value + more, "kid[digits]": -1.0}} for more in (3.0, 0.0, 1.0)]
        content |= {"status": "done", "quality": {"selection_metric": "kid[digits]", "along": along}}
    (folder / cell.folder).mkdir(parents=True)
    records.write_json(folder / cell.folder / "record.json", content)
