"""What is written of a cell, whatever became of it: the common part of its record, and pictures."""

import io
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks import records
from benchmarks.environment import environment, peak_host_bytes
from benchmarks.plan import Cell

Json = dict[str, Any]


def describe(cell: Cell, status: str, reason: str | None, started: float, commit: str | None, step: int) -> Json:
    """What every record says, whatever became of the cell."""
    device = torch.device(cell.settings["device"])
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


def save_picture(path: Path, picture: Tensor) -> None:
    """Write a uint8 (3, H, W) picture as PNG, atomically."""
    buffer = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(buffer, "PNG")
    records.write_bytes(path, buffer.getvalue())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
