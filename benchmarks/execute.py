"""One cell -> one record, whatever becomes of it."""

import gan_losses._torchvision  # noqa: F401, I001  before anything that imports torchvision
import errno
import faulthandler
import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks import cell_folder, records
from benchmarks.channel import Channel, PausedError
from benchmarks.curves import DivergedError
from benchmarks.execution import Execution
from benchmarks.health import Fault
from benchmarks.lock import cell_lock
from benchmarks.plan import Cell
from benchmarks.summary import summarise
from benchmarks.writing import describe
from gan_losses.metrics import Place

Json = dict[str, Any]
PAUSED = "paused"  # in the place of a status: no record yet, a checkpoint instead
# What a disk does wrong, wherever it is; other errors of the system are the cell's own unless they name a file of the run.
OF_A_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENOTCONN)


def execute(
    cell: Cell,
    out: Path,
    store: Path,
    place: Place,
    commit: str | None,
    channel: Channel | None = None,
    every: float = 0.0,
) -> str:
    """Train a cell and write its record; whatever happens inside becomes the record's status.

    Returns:
        The status, one of `benchmarks.records.STATUSES`; `PAUSED` if it was asked to stop.

    Raises:
        TakenError: another process works at the cell.
        OSError: the disk, not the cell: the runner tells the user.
    """
    if not out.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the output folder is gone", str(out))
    folder = out / cell.folder
    with cell_lock(folder):
        known = cell_folder.status(folder)  # another run may have come first
        if known is not None:
            return known
        folder.mkdir(parents=True, exist_ok=True)
        attempt = Attempt(cell, out, store, place, commit)
        with _crashes_told(folder / cell_folder.TRACEBACK):
            trained = attempt.train(channel, every)
        return attempt.record() if trained else PAUSED


@contextmanager
def _crashes_told(path: Path) -> Iterator[None]:
    """Where the process is killed by a fault of its own inside, a file tells where that was."""
    with path.open("w") as file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
            with suppress(OSError):  # gone with its folder
                if not path.stat().st_size:
                    path.unlink()


class Attempt:
    """One try at a cell: what became of it."""

    def __init__(self, cell: Cell, out: Path, store: Path, place: Place, commit: str | None) -> None:
        self.cell, self.out, self.store, self.place, self.commit = cell, out, store, place, commit
        self.folder, self.started = out / cell.folder, time.time()
        self.status = "done"
        self.reason: str | None = None
        self.fault: Fault | None = None
        self.results: Json = {}
        self.execution: Execution | None = None

    def train(self, channel: Channel | None, every: float) -> bool:
        """Train; False if it was asked to stop."""
        try:
            self.execution = Execution(self.cell, self.out, self.store, self.place, channel, every)
            self.results, fault = self.execution.run()
            if fault is not None:
                self._went_wrong(fault)
        except PausedError:
            return False
        except DivergedError as error:
            self._went_wrong(error.fault)
            self.results = {"saturation": summarise(self.execution.curves.rows) if self.execution else {}}
        except (Exception, SystemExit) as error:  # a loss of the user's own may do anything
            if isinstance(error, OSError) and self._of_the_run(error):
                raise
            self._failed(error)
        return True

    def record(self) -> str:
        """Write the record and return its status."""
        execution = self.execution
        content = describe(
            self.cell, self.status, self.reason, self.started, self.commit, execution.step if execution else 0
        )
        if execution is not None:
            execution.spent.tell(content)
        if self.fault is not None:
            content["fault"] = self.fault.to_json()
        content["files"] = cell_folder.digests(self.folder)
        records.write_json(self.folder / records.RECORD, {**content, **self.results})
        if self.status != "failed" and execution is not None:  # which --retry failed may go on from
            cell_folder.drop_checkpoints(self.folder)
        return self.status

    def _went_wrong(self, fault: Fault) -> None:
        self.status, self.reason, self.fault = fault.status, fault.cause, fault

    def _failed(self, error: BaseException) -> None:
        told = str(error).strip()
        self.status, self.reason = "failed", f"{type(error).__name__}: {told.splitlines()[0] if told else ''}"
        records.write_bytes(
            self.folder / cell_folder.TRACEBACK, traceback.format_exc().encode(errors="backslashreplace")
        )

    def _of_the_run(self, error: OSError) -> bool:
        """Whether the disk is at fault, or a file of the run is gone, and not a loss that opens files of its own."""
        if error.errno in OF_A_DISK:
            return True
        if not isinstance(error.filename, str | bytes | os.PathLike):
            return False
        named = Path(os.fsdecode(error.filename)).absolute()
        return any(named.is_relative_to(place.absolute()) for place in (self.out, self.store, self.place.root) if place)
