"""What is written of a cell, whatever became of it: the common part of its record, and pictures."""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks import records
from benchmarks.environment import at_hand, environment, peak_host_bytes
from benchmarks.plan import Cell

Json = dict[str, Any]


def describe(cell: Cell, status: str, reason: str | None, started: float, commit: str | None, step: int) -> Json:
    """What every record says, whatever became of the cell."""
    device = at_hand(cell.settings["device"])
    now = time.time()
    return {
        "id": cell.folder,
        "step_digest": cell.step_digest,
        "status": status,
        "reason": reason,
        "step": step,
        "cell": cell.key,
        "settings": cell.settings,
        "memory": {
            "peak_host_bytes": peak_host_bytes(),
            "peak_device_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
        },
        "environment": environment(device, commit),
        "time": {"started": _iso(started), "finished": _iso(now), "seconds": now - started},
    }


@dataclass
class Spent:
    """What a training has taken so far, over all its parts if it was interrupted.

    Attributes:
        judging: seconds spent on evaluation.
        saving: seconds spent on checkpoints.
        resumed: how often it went on from a checkpoint.
    """

    judging: float = 0.0
    saving: float = 0.0
    resumed: int = 0
    _before: float = 0.0
    _peak: int = 0
    _began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """All of it, without the breaks."""
        return self._before + time.perf_counter() - self._began

    def state_dict(self) -> Json:
        """For a checkpoint."""
        peak = max(self._peak, peak_host_bytes() or 0)
        return {**{name: getattr(self, name) for name in ("judging", "saving", "resumed", "seconds")}, "peak": peak}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on counting from there."""
        self.judging, self.saving, self.resumed = state["judging"], state["saving"], state["resumed"] + 1
        self._before, self._peak = state["seconds"], state["peak"]

    def tell(self, record: Json) -> None:
        """Put it into a record that `describe` has begun."""
        judged = {"seconds_judging": self.judging, "seconds_saving": self.saving, "resumed": self.resumed}
        record["time"] |= {"seconds": self.seconds, **judged}
        memory = record["memory"]
        memory["peak_host_bytes"] = max(memory["peak_host_bytes"] or 0, self._peak) or None


def save_picture(path: Path, picture: Tensor) -> None:
    """Write a uint8 (3, H, W) picture as PNG, atomically."""
    buffer = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(buffer, "PNG")
    records.write_bytes(path, buffer.getvalue())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
