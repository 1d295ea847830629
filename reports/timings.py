"""Timing records -> the time of a step. A worker's own clock is never read: cells share the machine in training."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reports.loading import Json, Run
from reports.panels import Panel
from reports.statistics import spread


@dataclass(frozen=True, eq=False)
class StepTime:
    """The timed steps of one loss in one panel on one device.

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
    def median(self) -> float:
        """Seconds of a step: device time where there is one, wall clock otherwise."""
        return spread(self.entry.get("device") or self.entry["wall"])[0]

    def wall(self) -> tuple[float, float, float]:
        """Wall-clock seconds of a step: median and quartiles."""
        return spread(self.entry["wall"])

    def device_time(self) -> tuple[float, float, float] | None:
        """Seconds of a step by the device's own clock, or None without a GPU."""
        return spread(self.entry["device"]) if self.entry.get("device") else None

    def phases(self) -> dict[str, float]:
        """Each phase's median wall-clock seconds."""
        return {name: spread(phase["wall"])[0] for name, phase in self.entry["phases"].items()}

    def per_update(self) -> float:
        """Wall-clock seconds per discriminator update."""
        return self.wall()[0] / float(self.entry["n_critic"])

    def per_thousand(self) -> float:
        """Wall-clock seconds per 1,000 real images seen."""
        return 1000 * self.per_update() / float(self.entry["batch_size"])

    def ratio(self) -> tuple[float, float, float] | None:
        """Step time over the reference's, round by round: median and quartiles; None without a reference.

        Samples of one round lie next to each other in time, so that a drift of the machine cancels.
        """
        if self.reference is None:
            return None
        kind = "device" if self.entry.get("device") and self.reference.get("device") else "wall"
        rounds = min(len(self.entry[kind]), len(self.reference[kind]))
        ours, theirs = (np.asarray(part[kind][:rounds], dtype=float) for part in (self.entry, self.reference))
        return spread(ours[theirs > 0] / theirs[theirs > 0])


def step_times(run: Run, panel: Panel) -> list[StepTime]:
    """The timed steps of a panel, by device, then by loss in the panel's order; empty without a timing record."""
    found = []
    for timing in run.timings:
        if timing.get("status") == "done":
            entries = {loss: entry for loss in panel.losses for entry in _entries(timing, panel, loss)}
            reference = entries.get(panel.reference)
            found += [StepTime(loss, entry, reference, timing) for loss, entry in entries.items()]
    return found


def step_seconds(run: Run, panel: Panel) -> dict[str, float]:
    """Median seconds of each loss's step, on the cells' own device where several were timed."""
    trained_on = {(cell.record.get("environment") or {}).get("device") for cell in panel.cells}
    times = step_times(run, panel)
    own = [time for time in times if time.timing["device"]["name"] in trained_on]
    first = (own or times)[0].timing if times else None
    return {time.loss: time.median for time in own or times if time.timing is first}


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
