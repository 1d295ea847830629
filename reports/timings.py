"""Timing records -> the time of a step. A worker's own clock is never read: cells share the machine in training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.records import typical_step
from reports.loading import Json, Run
from reports.panels import Panel
from reports.statistics import Array, spread


@dataclass(frozen=True, eq=False)
class StepTime:
    """The timed steps of one loss in one panel on one device.

    Where a penalty is due at every n-th step only, the steps of its period cost unlike amounts. Every figure below is
    then the mean over the steps of a period, quartiles too: quartiles of all samples in one heap would be those of
    the cheap steps, and would not hold the mean between them.

    Attributes:
        entry: of the timing record.
        reference: the reference loss's entry on the same device, or None.
        timing: the record that it comes from.
    """

    loss: str
    entry: Json
    reference: Json | None
    timing: Json

    @property
    def device(self) -> str:
        """The device and its threads in words."""
        return f"{self.timing['device']['name']}, threads: {self.timing['threads']}"

    @property
    def period(self) -> int:
        """Steps after which their cost repeats."""
        return period_of(self.entry)

    @property
    def typical(self) -> float:
        """Seconds of a step: device time where there is one, wall clock otherwise."""
        return typical_step(self.entry.get("device") or self.entry["wall"], self.period)

    def wall(self) -> tuple[float, float, float]:
        """Wall-clock seconds of a step: median and quartiles."""
        return step_spread(self.entry["wall"], self.period)

    def device_time(self) -> tuple[float, float, float] | None:
        """Seconds of a step by the device's own clock, or None without a GPU."""
        return step_spread(self.entry["device"], self.period) if self.entry.get("device") else None

    def phases(self) -> dict[str, float]:
        """Each phase's wall-clock seconds in a typical step."""
        phases = self.entry["phases"].items()
        return {name: typical_step(phase["wall"], self.period) for name, phase in phases if phase["wall"]}

    def per_update(self) -> float:
        """Wall-clock seconds per discriminator update."""
        return typical_step(self.entry["wall"], self.period) / float(self.entry["n_critic"])

    def per_thousand(self) -> float:
        """Wall-clock seconds per 1,000 real images seen."""
        return 1000 * self.per_update() / float(self.entry["batch_size"])

    def ratio(self) -> tuple[float, float, float] | None:
        """Step time over the reference's, round by round: median and quartiles; None without a reference.

        Samples of one round lie next to each other in time, so that a drift of the machine cancels. With a period the
        ratio is one of typical steps: the mean over the steps of the period, each by the median (the quartile) of its
        rounds' ratios. Where the reference has a period too, its samples are first brought to its typical step, so
        that they say how fast the machine was in that round and nothing of which step of the reference was due.
        """
        if self.reference is None:
            return None
        kind = "device" if self.entry.get("device") and self.reference.get("device") else "wall"
        rounds = min(len(self.entry[kind]), len(self.reference[kind]))
        ours, theirs = (np.asarray(part[kind][:rounds], dtype=float) for part in (self.entry, self.reference))
        theirs = _levelled(theirs, period_of(self.reference))
        return step_spread(np.divide(ours, theirs, out=np.full(rounds, np.nan), where=theirs > 0), self.period)


def period_of(entry: Json) -> int:
    """Steps after which the cost of an entry's steps repeats."""
    return int(entry.get("period") or 1)


def step_spread(samples: Sequence[float] | Array, period: int) -> tuple[float, float, float]:
    """Typical step and both quartiles, (typical, lower, upper): each the mean over the steps of a period.

    Example:
        >>> step_spread([1.0, 9.0, 2.0, 9.0, 3.0, 9.0], 2)
        (5.5, 5.25, 5.75)
    """
    parts = [spread(samples[first::period]) for first in range(min(period, len(samples)))]
    known = [part for part in parts if np.isfinite(part[0])]
    middle, lower, upper = np.mean(known, axis=0) if known else (np.nan, np.nan, np.nan)
    return float(middle), float(lower), float(upper)


def _levelled(samples: Array, period: int) -> Array:
    """The samples as if all steps of the period cost the same: each times the typical step over its own step's median."""
    if period == 1:
        return samples
    typical, level = typical_step([float(sample) for sample in samples], period), samples.copy()
    for first in range(min(period, len(samples))):
        own = float(np.median(samples[first::period]))
        level[first::period] *= typical / own if own > 0 else np.nan
    return level


@lru_cache(maxsize=256)
def step_times(run: Run, panel: Panel) -> tuple[StepTime, ...]:
    """The timed steps of a panel, by device, then by loss in the panel's order; empty without a timing record."""
    found: list[StepTime] = []
    for timing in run.timings:
        if timing.get("status") == "done":
            entries = {loss: entry for loss in panel.losses for entry in _entries(timing, panel, loss)}
            reference = entries.get(panel.reference)
            found += [StepTime(loss, entry, reference, timing) for loss, entry in entries.items()]
    return tuple(found)


@lru_cache(maxsize=256)
def step_seconds(run: Run, panel: Panel) -> dict[str, float]:
    """Seconds of each loss's typical step, on the cells' own device where several were timed."""
    return {time.loss: time.typical for time in own_times(run, panel)}


def own_times(run: Run, panel: Panel) -> list[StepTime]:
    """The timed steps of one device: the cells' own where several were timed."""
    trained_on = {(cell.record.get("environment") or {}).get("device") for cell in panel.cells}
    times = step_times(run, panel)
    own = [time for time in times if time.timing["device"]["name"] in trained_on]
    first = (own or times)[0].timing if times else None
    return [time for time in own or times if time.timing is first]


def _entries(timing: Json, panel: Panel, loss: str) -> Iterator[Json]:
    """The entries that were made with the settings of the loss's cells."""
    names = {"task": panel.task, "data": panel.data, "recipe": panel.recipe, "loss": loss}
    cells = [cell for cell in panel.of(loss) if cell.settings]
    settings = cells[0].settings if cells else {}
    wanted: Json = {**names, **{name: settings[name] for name in ("n_critic", "batch_size") if name in settings}}
    if cells and "step_digest" in cells[0].record:
        wanted["digest"] = cells[0].record["step_digest"]
    for entry in timing.get("entries") or ():
        if entry.get("wall") and all(entry.get(name) == value for name, value in wanted.items()):
            yield entry
