"""A process whose steps are timed, from the side of the one who asks it: JSON lines out and in."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gan_losses.errors import UsageError

Json = dict[str, Any]
SCRIPT = Path(__file__).with_name("step_worker.py")


class Worker:
    """One process of `benchmarks.step_worker`; use it as a context, which ends the process however it is left.

    Args:
        name: of the side, for messages.
        tree: the checkout whose `gan_losses` is imported.
        environment: beside this process's own.

    Raises:
        UsageError: the tree holds no `gan_losses`.
    """

    def __init__(self, name: str, tree: Path, environment: Mapping[str, str]) -> None:
        if not (tree / "gan_losses" / "__init__.py").is_file():  # else an installed one would be timed in its place
            raise UsageError(f"side {name!r}: {tree} holds no gan_losses; name a checkout of this suite.")
        self.name = name
        surroundings = {**os.environ, **environment}
        paths = [str(tree.resolve()), surroundings.get("PYTHONPATH", "")]
        surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self._cases: tuple[str, ...] = ()
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115, closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=surroundings,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):  # what could not be written any more
                if stream is not None:
                    stream.close()

    def start(self, cases: Sequence[Mapping[str, Any]], threads: int) -> None:
        """Have the cases built; `answer` gives the facts when they are."""
        self._cases = tuple(case["name"] for case in cases)
        self._send({"do": "start", "cases": list(map(dict, cases)), "threads": threads})

    def ask(self, do: str, **more: Any) -> Json:
        """Ask for something and wait for the answer.

        Raises:
            UsageError: it could not be done, or the process has died.
        """
        self._send({"do": do, **more})
        return self.answer(self._cases[more["case"]] if "case" in more else None)

    def answer(self, case: str | None = None) -> Json:
        """Wait for the next answer; `case` is what a death of the process is put down to."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise UsageError(f"{self._about(case)}: its process {self._death()}")
        answer: Json = json.loads(line)
        if "error" in answer:
            raise UsageError(f"{self._about(answer['case'])}: {answer['error']}")
        return answer

    def _send(self, command: Json) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the missing answer will tell
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _about(self, case: str | None) -> str:
        return f"side {self.name!r}" + (f", {case}" if case else "")

    def _death(self) -> str:
        code = self._process.wait()
        how = f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        self._errors.seek(0)
        last = [line.strip() for line in self._errors.read().splitlines() if line.strip()][-1:]
        return f"{how}: {last[0]}" if last else f"{how}."
