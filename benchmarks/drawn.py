"""The points that were drawn for `--tune`: what a folder's trials were made of stands, whatever draws later."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import records
from benchmarks.tuning_space import as_json, draw, of_json, sampler

if TYPE_CHECKING:
    from benchmarks.options import Options

Json = dict[str, Any]


def with_points(options: "Options", say: Callable[[str], None]) -> "Options":
    """The options with the points that are tried: those that the folder's trials were drawn from, and as many more as it takes.

    A space is not changed after the fact: points of two spaces would be no draws from either.

    Args:
        options: of the run.
        say: tells the user which space stands where another is asked for.

    Raises:
        UsageError: points are to be drawn, and the package optuna is not installed.
    """
    known = None if options.force else _known(options.out)
    if options.tune is None:
        return replace(options, drawn=known)
    space = as_json(options.space)
    if known and known["space"] != space:
        say(
            f"--space was declared as {records.space_in_words(known['space'])} when trials were trained, and the run keeps it."
        )
    known = known or {"space": space, "sampler": "", "points": []}
    missing = options.tune - len(known["points"])
    if missing > 0:
        points = draw(of_json(known["space"]), options.tune)[-missing:]
        known = {
            "space": known["space"],
            "sampler": "; then ".join(dict.fromkeys(filter(None, (known["sampler"], sampler())))),
            "points": [*known["points"], *points],
        }
    return replace(options, space=of_json(known["space"]), drawn=known)


def _known(out: Path) -> Json | None:
    """The longest draw that a file of the run knows of; None where no trial was trained."""
    if next(out.glob(f"*/*/{records.TRIAL}/*/seed*/{records.RECORD}"), None) is None:
        return None
    return max(_found(out), key=lambda drawn: len(drawn["points"]), default=None)


def _found(out: Path) -> Iterator[Json]:
    """Run.json's, which may be damaged, and those by which something was chosen."""
    for path in (out / "run.json", *sorted(out.glob("tuning/*.json"))):
        try:
            content = records.read_json(path)
        except records.RecordError:  # told by who reads it for its own sake
            continue
        if content.get("drawn"):
            yield content["drawn"]
        for choice in content.get("choices") or ():
            if choice.get("space"):
                points = [{name: trial[name] for name in records.CHOSEN} for trial in choice["trials"]]
                yield {"space": choice["space"], "sampler": choice["sampler"], "points": points}
