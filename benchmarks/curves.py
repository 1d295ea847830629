"""The curves of a training as they are written: one line per log point, and news of it a few times a second."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import records
from gan_losses.training import Training, all_finite

Json = dict[str, Any]
Progress = Callable[[int, Json], None]
TOLD_EVERY = 0.2  # seconds


class DivergedError(Exception):
    """A term is no longer finite."""


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
        rows: the lines.
    """

    def __init__(self, training: Training, path: Path, log_every: int, steps: int, progress: Progress) -> None:
        self.training, self.path, self.progress = training, path, progress
        self.log_every, self.steps = log_every, steps
        self.step = 0
        self.rows: list[Json] = []
        self._pending: list[dict[str, Tensor]] = []
        self._told = 0.0

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
            DivergedError: at a log point, where a term is no longer finite.
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

    def _log(self) -> None:
        """One line: terms since the last log point, and the probe's row if one was made at this step."""
        finite = all_finite(self._pending[-1])
        names = list(self._pending[0])
        means = torch.stack([torch.stack([terms[name].float() for name in names]) for terms in self._pending])
        row = {**self.counts(), "terms": dict(zip(names, means.cpu().double().mean(0).tolist(), strict=True))}
        probed = self.training.probe.rows if self.training.probe is not None else []
        if probed and probed[-1]["step"] == self.step:
            row |= {"saturation": probed[-1]["saturation"], "layers": probed[-1]["layers"]}
        else:
            row |= {"saturation": {}, "layers": {}}
        records.append_line(self.path, row)
        self.rows.append(row)
        self._pending.clear()
        if not finite:
            broken = [name for name, value in row["terms"].items() if value - value != 0]
            raise DivergedError(f"{', '.join(broken)} no longer finite at step {self.step}")
