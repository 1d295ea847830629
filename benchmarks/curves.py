"""The curves of a training as they are written: one line per log point, and news of it a few times a second."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import records
from benchmarks.health import Fault, broken
from gan_losses.training import Training

Json = dict[str, Any]
Progress = Callable[[int, Json], None]
TOLD_EVERY = 0.2  # seconds
PROBED = ("saturation", "layers", "histograms")  # of a probe's row


class DivergedError(Exception):
    """The training cannot go on; `fault` says what went wrong."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.cause)
        self.fault = fault


class Curves:
    """Collects the terms of each step on the device and reads them at log points.

    Args:
        training: whose terms they are.
        path: of the file, one JSON line for each log point.
        log_every: steps from one log point to the next.
        steps: of the whole training; its last one is a log point, too.
        progress: called with the steps done and the latest terms.

    Attributes:
        step: the last one taken.
        rows: the lines, as they can be read from the file.
    """

    def __init__(self, training: Training, path: Path, log_every: int, steps: int, progress: Progress) -> None:
        self.training, self.path, self.progress = training, path, progress
        self.log_every, self.steps = log_every, steps
        self.step = 0
        self.rows: list[Json] = []
        self._pending: list[dict[str, Tensor]] = []
        self._told = 0.0
        self._bytes, self._hash = 0, hashlib.sha256()

    def counts(self) -> Json:
        """Steps, discriminator updates and images so far."""
        updates = self.step * self.training.recipe.n_critic
        return {
            "step": self.step,
            "discriminator_updates": updates,
            "images": updates * self.training.batches.batch_size,
        }

    def add(self, terms: dict[str, Tensor]) -> None:
        """The terms of the next step.

        Raises:
            DivergedError: at a log point, where terms are no longer finite or beyond all bounds.
        """
        self._pending.append(terms)
        self.step += 1
        if self.step % self.log_every == 0 or self.step == self.steps:
            self._log()

    def tell(self) -> None:
        """Call `progress`, unless it was called just now."""
        now = time.monotonic()
        if now - self._told > TOLD_EVERY or self.step == self.steps:
            self._told = now
            self.progress(self.step, self.rows[-1]["terms"] if self.rows else {})

    def state_dict(self) -> Json:
        """What the next lines depend on, and how the file has to begin; its lines are on the disk when this returns."""
        if self._bytes:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
        names = list(self._pending[0]) if self._pending else []
        pending = self._stacked(names) if names else None
        kept = {"step": self.step, "names": names, "pending": pending}
        return kept | {"bytes": self._bytes, "sha256": self._hash.hexdigest()}

    def check(self, state: Mapping[str, Any]) -> bytes:
        """The lines that the file had when the state was taken.

        Raises:
            DamagedError: it no longer begins with them.
        """
        content = self.path.read_bytes()[: state["bytes"]] if self.path.exists() else b""
        if hashlib.sha256(content).hexdigest() != state["sha256"]:
            raise records.DamagedError(
                f"{self.path} no longer begins with what was written up to step {state['step']}."
            )
        return content

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; later lines and a torn last one are cut off.

        Raises:
            DamagedError: as `check`; nothing has changed then.
        """
        content = self.check(state)
        if content:
            os.truncate(self.path, len(content))
        else:
            self.path.unlink(missing_ok=True)
        self._bytes, self._hash = len(content), hashlib.sha256(content)
        self.rows = [json.loads(line) for line in content.splitlines()]
        self.step = state["step"]
        device = self.training.placement.device
        pending = [] if state["pending"] is None else state["pending"].to(device)
        self._pending = [dict(zip(state["names"], terms.unbind(), strict=True)) for terms in pending]

    def _stacked(self, names: list[str]) -> Tensor:
        """Of the steps since the last log point: steps × terms, on the device."""
        return torch.stack([torch.stack([terms[name].float() for name in names]) for terms in self._pending])

    def _log(self) -> None:
        """One line: terms since the last log point, and the probe's row if one was made at this step."""
        names = list(self._pending[0])
        values = self._stacked(names).cpu().double()
        row = {**self.counts(), "terms": dict(zip(names, values.mean(0).tolist(), strict=True))}
        probed = self.training.probe.rows if self.training.probe is not None else []
        if probed and probed[-1]["step"] == self.step:
            row |= {name: probed[-1][name] for name in PROBED}
        else:
            row |= {name: {} for name in PROBED}
        self._append(row)
        self._pending.clear()
        fault = broken(dict(zip(names, values.T.tolist(), strict=True)), self.step)
        if fault is not None:
            raise DivergedError(fault)

    def _append(self, row: Json) -> None:
        line = records.line_of(row)
        with self.path.open("ab") as file:
            file.write(line)
        self._bytes += len(line)
        self._hash.update(line)
        self.rows.append(json.loads(line))  # as a resumed training reads it
