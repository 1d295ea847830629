"""The checkpoints of a cell on the disk: two generations, each with its digest, written so often that saving stays cheap."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import gan_losses
from benchmarks.cell_folder import CHECKPOINTS
from benchmarks.records import DamagedError, set_aside
from benchmarks.sealed import read_sealed, write_sealed
from gan_losses.checkpoint import UnstorableError, from_bytes, to_bytes

State = dict[str, Any]
SUFFIX, KIND = ".checkpoint", "checkpoint"
GENERATIONS = 2
DEAREST = 0.02  # share of the time that goes to saving, at most, whatever was asked for


class Checkpoints:
    """Writes and reads them.

    Args:
        folder: the cell's.
        cell: its id, which stands in every checkpoint: one of another cell is foreign.
        every: seconds from one to the next; 0: none is ever due. Never more than 2 % of the time goes to saving, so that large
            networks on a slow disk are saved less often.
        say: called with a sentence about a damaged one.

    Attributes:
        cost: seconds that the latest took.
        why_not: why the training cannot be saved; None if it can.
    """

    def __init__(self, folder: Path, cell: str, every: float, say: Callable[[str], None]) -> None:
        self.folder, self.cell, self.every, self.say = folder / CHECKPOINTS, cell, every, say
        self.code = code_digest()
        self.cost = 0.0
        self.why_not: str | None = None
        self._last = time.monotonic()

    def due(self, ahead: float = 0.0) -> bool:
        """Whether one should be written now.

        Args:
            ahead: seconds that pass before it can be asked again.
        """
        elapsed = time.monotonic() - self._last
        return bool(self.every) and elapsed + ahead >= self.every and elapsed * DEAREST >= self.cost

    def save(self, step: int, state: State) -> None:
        """Write one and remove all but the latest two. A state that cannot be kept is none: `why_not` tells.

        Raises:
            OSError: it cannot be written; those before are still there.
        """
        began = time.monotonic()
        try:
            content = to_bytes(state)
        except UnstorableError as error:
            self.why_not, self.every, self.cost = str(error), 0.0, time.monotonic() - began
            return
        write_sealed(self._path(step), {"kind": KIND, "cell": self.cell, "code": self.code, "step": step}, content)
        for path in self._paths()[GENERATIONS:]:
            path.unlink(missing_ok=True)
        self._last = time.monotonic()
        self.cost = self._last - began

    def restore(self, use: Callable[[State], None]) -> int | None:
        """Hand the latest usable state to `use`, which raises a DamagedError if it does not fit; others are set aside.

        Returns:
            Its step; None if there is no usable one.

        Raises:
            RecordError: one is of a newer version, or cannot be read.
        """
        for path in self._paths():
            try:
                step, state = self._read(path)
                use(state)
            except DamagedError as error:
                self.say(f"{error} It is set aside as {set_aside(path).name}.")
            else:
                return step
        return None

    def _read(self, path: Path) -> tuple[int, State]:
        facts, content = read_sealed(path)
        if facts.get("kind") != KIND or facts.get("cell") != self.cell:
            raise DamagedError(f"{path} is a checkpoint of something else.")
        if facts.get("code") != self.code:
            raise DamagedError(f"{path} is of another version of the suite or of torch, whose numbers may differ.")
        try:
            return int(facts["step"]), from_bytes(content)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{path} is damaged: {error}.") from error

    def _path(self, step: int) -> Path:
        return self.folder / f"step{step:06d}{SUFFIX}"

    def _paths(self) -> list[Path]:
        """The latest first."""
        return sorted(self.folder.glob(f"step*{SUFFIX}"), key=lambda path: (len(path.name), path.name), reverse=True)


def code_digest() -> str:
    """Of everything that a training's numbers depend on beside its settings: the library's source and torch's version."""
    hasher = hashlib.sha256(torch.__version__.encode())
    for path in sorted(Path(gan_losses.__file__).parent.rglob("*.py")):
        hasher.update(path.read_bytes())
    return hasher.hexdigest()[:16]
