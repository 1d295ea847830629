"""run.json: what was asked for, and what was declared before the first cell was trained."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.grounds import Ground
from benchmarks.options import Options
from benchmarks.plan import recipe_names
from benchmarks.records import TUNED

Json = dict[str, Any]
FILE = "run.json"
DECLARED = ("equivalence", "target", "tune_by")
OF_THE_CALL = (
    *("list", "dry_run", "published", "drawn"),
    # No record depends on where cells run, and no report tells.
    *("executor", "address", "cpus_per_cell", "gpus_per_cell", "storage", "node_retries"),
)


def declared(options: Options, say: Callable[[str], None]) -> Options:
    """The options with the margin, the target and the tuning's metric that count: those that the folder's records were made under.

    They are not changed after the fact: what was declared before the first record stands, unless all is trained anew.

    Args:
        options: of the run.
        say: tells the user what was declared where that is something else.
    """
    path = options.out / FILE
    earlier = (records.intact(path, say) or {}).get("options") or {}
    if options.force or next(records.find_records(options.out), None) is None:
        return options
    kept: Json = {}
    for name in DECLARED:
        before, now = earlier.get(name), getattr(options, name)
        if name in earlier and before != now and _binds(name, earlier, options):
            say(
                f"--{name.replace('_', '-')} was declared as {_words(before)} when these cells were trained, and the run keeps it."
            )
            kept[name] = before
    return replace(options, **kept)


def _binds(name: str, earlier: Json, options: Options) -> bool:
    """Whether anything was made under it: the tuning's metric only where something was tuned, by what is measured again."""
    if name != "tune_by":
        return True
    return TUNED in recipe_names(str(earlier.get("recipe"))) and earlier[name] in options.metrics


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ",".join(f"{name}={number:g}" for name, number in value.items()) or "none"
    return f"{value:g}"


def write_request(options: Options, command: Sequence[str], grounds: Sequence[Ground]) -> None:
    """Write what was asked for, with every cell that is known so far; those that wait for trials are not yet."""
    kept = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}
    facts = grounds[0].plan.facts
    waiting = sum(len(ground.tuned) for ground in grounds if not ground.chosen)
    kept |= {"losses": [each.name for each in facts], "out": options.out.name}
    content = {
        "command": shlex.join(command),
        "options": {name: value for name, value in kept.items() if name not in OF_THE_CALL},
        "cells": [cell.folder for ground in grounds for cell in ground.known],
        "skipped": [{"cell": cell.key, "reason": reason} for ground in grounds for cell, reason in ground.plan.skipped],
        **({"waiting": waiting} if waiting else {}),
        **({"published": options.published} if options.published else {}),
        **({"drawn": options.drawn} if options.drawn else {}),
    }
    records.write_json(options.out / FILE, content)
