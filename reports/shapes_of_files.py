"""The shape of every file that a report reads (`benchmarks.records` says what stands in them)."""

from collections.abc import Collection
from typing import Any

from benchmarks.records import STATUSES
from reports.shape_checks import (
    Check,
    UnfitError,
    anything,
    count,
    each,
    either,
    entries,
    integer,
    maybe,
    number,
    one_of,
    plain_counts,
    plain_numbers,
    positive,
    scalar,
    seconds,
    several,
    text,
)

KEY = entries({"task": text, "data": text, "recipe": text, "loss": text, "seed": integer})
METRICS = each(maybe(number), plain_numbers)
REPEATS = maybe(each(maybe(several(maybe(number)))))
STATE = maybe(entries({}, {"step": maybe(count), "metrics": maybe(METRICS), "repeats": REPEATS}))
PASSPORT = maybe(each(anything))
EFFORT = {"step": count, "discriminator_updates": count, "images": count}
ALONG = entries(EFFORT, {"metrics": maybe(METRICS), "averaged": maybe(METRICS)})


def passport(value: Any, place: str) -> None:
    """A quality passport, with those of further features."""
    PASSPORT(value, place)
    if value is not None and "further" in value:
        maybe(several(each(anything)))(value["further"], f"{place}.further")


def settings(value: Any, place: str) -> None:
    """The resolved settings of a cell: of a few it matters what they are."""
    each(anything)(value, place)
    known = dict.fromkeys(("image_size", "n_critic", "batch_size"), maybe(positive))
    entries({}, known)(value, place)


QUALITY = entries(
    {},
    {
        **dict.fromkeys(("best", "final", "untrained"), STATE),
        "averaged": maybe(entries({}, {"best": STATE, "final": STATE, "decay": maybe(number)})),
        "passport": passport,
        **dict.fromkeys(("selection", "selection_metric"), maybe(text)),
        "along": maybe(several(ALONG)),
    },
)
ENDS = maybe(entries({}, {"early": maybe(number), "late": maybe(number)}))


def plain_ends(values: Collection[Any]) -> bool:
    """Whether all are mappings to numbers or null."""
    return all(type(ends) is dict and plain_numbers(ends.values()) for ends in values)


RECORD = entries(
    {"cell": KEY, "status": one_of(STATUSES)},
    {
        "id": text,
        "reason": maybe(text),
        "step": maybe(count),
        "step_digest": maybe(text),
        "fault": maybe(entries({}, {"kind": maybe(text), "step": maybe(count), "cause": maybe(text)})),
        "settings": maybe(settings),
        "quality": maybe(QUALITY),
        "saturation": maybe(each(each(ENDS, plain_ends))),
        "memory": maybe(entries({}, dict.fromkeys(("peak_host_bytes", "peak_device_bytes"), maybe(seconds)))),
        "environment": maybe(entries({}, {"device": maybe(text)})),
        "time": maybe(entries({}, {"finished": maybe(text), "resumed": maybe(count)})),
    },
)
HISTOGRAM = entries({"low": number, "width": seconds, "counts": several(count, plain_counts)})
POINT = entries(
    {"step": count},
    {
        "terms": maybe(METRICS),
        "saturation": maybe(each(maybe(METRICS))),
        "layers": maybe(each(maybe(METRICS))),
        "histograms": maybe(each(maybe(each(maybe(HISTOGRAM))))),
    },
)
SAMPLES = several(seconds)
PACE = maybe(entries({"used": text, "why_not": maybe(text)}))
ENTRY = entries(
    {
        "wall": SAMPLES,
        "n_critic": positive,
        "batch_size": positive,
        "phases": each(entries({"wall": SAMPLES})),
    },
    {
        "device": maybe(SAMPLES),
        "period": maybe(positive),
        "acceleration": PACE,
        "peak_device_bytes": maybe(seconds),
    },
)


def timed(value: Any, place: str) -> None:
    """An entry of a timing record; one whose steps failed has no samples and need have nothing else."""
    each(anything)(value, place)
    if value.get("wall"):
        ENTRY(value, place)


def timing(value: Any, place: str) -> None:
    """A timing record; of one that was not finished nothing is read."""
    entries({"status": text}, {"rejected": maybe(count)})(value, place)
    if value["status"] == "done":
        device = entries({"name": text})
        entries({"device": device, "threads": count}, {"entries": maybe(several(timed))})(value, place)


RUNG = entries({"name": text, "n": scalar, "metrics": each(entries(dict.fromkeys(("mean", "spread"), maybe(number))))})
LADDER = entries({}, {"data": text, "passport": passport, "rows": maybe(several(RUNG))})
POINT_OF_SPACE = {"learning_rate": maybe(number), "betas": maybe(several(number))}
TRIED = entries({}, {**POINT_OF_SPACE, "scores": maybe(METRICS), "median": maybe(number)})
SPACE = each(either(several(number), entries({"low": number, "high": number})))
CHOICE = entries(
    {"loss": text, "group": text, "trials": several(TRIED)},
    {
        "metric": maybe(text),
        "space": maybe(SPACE),
        "sampler": maybe(text),
        "tuning_seeds": maybe(several(integer)),
        "chosen": maybe(entries({}, POINT_OF_SPACE)),
    },
)
TUNING = entries({"task": text, "data": text}, {"choices": maybe(several(CHOICE))})
REST = maybe(either(number, several(number)))
BRANCHES = ("real", "fake", "generator", "slope")


def rest(value: Any, place: str) -> None:
    """Where a term rests: a number, both ends of a range, or null."""
    REST(value, place)
    if isinstance(value, list) and len(value) != 2:
        raise UnfitError(place, "a number or two", value)


def shape(value: Any, place: str) -> None:
    """A loss as a function of the logit: as many values as logits."""
    entries({}, {"logit": several(number), **dict.fromkeys(BRANCHES, maybe(several(maybe(number))))})(value, place)
    for name in BRANCHES:
        if value.get(name) is not None and len(value[name]) != len(value.get("logit", ())):
            raise UnfitError(f"{place}.{name}", "as long as logit", value[name])


LOSS = entries(
    {"name": text},
    {
        "base": maybe(text),
        "penalties": maybe(several(text)),
        "equilibrium": maybe(entries({}, {"discriminator": rest, "generator": rest})),
        "shape": maybe(shape),
    },
)
LOSSES = entries({"losses": several(LOSS)})
WORDS: Check = either(text, several(text))
REQUEST = entries(
    {},
    {
        "command": maybe(WORDS),
        "options": maybe(entries({}, {"losses": maybe(WORDS)})),
        "cells": maybe(several(text)),
        "skipped": maybe(several(entries({"cell": either(text, KEY)}, {"reason": maybe(text)}))),
        "published": maybe(several(each(scalar))),
    },
)
