"""A run as processes: its output, its members, its end. Linux only."""

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil

MARK = "GAN_FAULTS_RUN"
Environment = Mapping[str, str]


class Running:
    """A command in a session of its own, so that all that it starts can be found even when it is gone itself.

    Args:
        call: the command.
        environment: beside this process's own.
        cwd: where it runs.

    Attributes:
        started: all there ever were.
        closed: whether nothing may be started any more.
        process: of the command itself.
        began: `time.monotonic()` at its start.
    """

    started: ClassVar[list["Running"]] = []
    closed: ClassVar[bool] = False

    def __init__(self, call: Sequence[str], environment: Environment, cwd: Path) -> None:
        if Running.closed:
            raise InterruptedError("the harness was told to stop")
        self.mark = uuid.uuid4().hex
        surroundings = {**os.environ, **environment, "PYTHONUNBUFFERED": "1", MARK: self.mark}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            list(call),
            cwd=cwd,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        Running.started.append(self)

    @classmethod
    def end_all(cls) -> None:
        """Kill all that was started, and let nothing more be started."""
        cls.closed = True
        for running in cls.started:
            running.kill()

    def _read(self) -> None:
        assert self.process.stdout is not None
        # A pipe that is read here and no file: a limit on the size of files must not reach the output.
        with self.process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 65_536):
                self._output += chunk

    @property
    def output(self) -> str:
        """What it has printed so far, errors included."""
        return bytes(self._output).decode(errors="replace")

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self.began

    @property
    def ended(self) -> bool:
        """Whether the command itself is gone."""
        return self.process.poll() is not None

    def members(self) -> list[psutil.Process]:
        """All living processes of the session."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                ours = os.getsid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE
                if ours and process.environ().get(MARK) == self.mark:
                    found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """The processes that train or time: the children of the fork server."""
        found = []
        for member in self.members():
            with suppress(psutil.Error):
                parent = member.parent()
                if parent is not None and parent.pid != self.process.pid and "forkserver" in " ".join(parent.cmdline()):
                    found.append(member)
        return found

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to all of them at once, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL to all of them."""
        if self.members() or not self.ended:
            self.signal_group(signal.SIGKILL)
        while left := self.members():
            for member in left:
                with suppress(psutil.Error):
                    member.kill()
            time.sleep(0.01)
        self.process.wait()

    def wait(self, seconds: float) -> int | None:
        """Its exit code (negative: a signal's number); None if it is still there after that time."""
        with suppress(subprocess.TimeoutExpired):
            code = self.process.wait(seconds)
            self._reader.join(2.0)  # an orphan may hold the pipe
            return code
        return None

    def gone_within(self, seconds: float) -> bool:
        """Whether all of them are gone in that time."""
        deadline = time.monotonic() + seconds
        while self.members():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def handles(self, number: signal.Signals) -> bool:
        """Whether the command has a handler for that signal by now."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
        return False
