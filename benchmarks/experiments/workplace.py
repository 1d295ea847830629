"""Where an experiment works: a folder, processes of one thread for its independent pieces, and runs of the harness."""

import functools
import hashlib
import inspect
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import records
from gan_losses.errors import UsageError

Json = dict[str, Any]
RUNS = "runs"
ROOT = Path(__file__).parent.parent.parent


class Workplace:
    """A folder of an experiment.

    Args:
        folder: for everything it writes; made if missing.
        workers: processes side by side.
        say: tells the user a line.
    """

    def __init__(self, folder: Path, workers: int = 1, say: Callable[[str], None] = lambda line: None) -> None:
        self.folder, self.workers, self.say = folder, workers, say
        folder.mkdir(parents=True, exist_ok=True)

    def map(self, function: Callable[..., Json], pieces: Sequence[Json]) -> list[Json]:
        """`function(**piece)` for every piece, in their order, each in a process of one thread.

        A piece that is done is kept in the folder and not done again, unless its arguments or the function's module
        changed: what was interrupted goes on.

        Args:
            function: of a module's top level; plain numbers, strings, lists and dicts in and a dict of them out. It
                has to give the same for the same arguments, whichever process it runs in.
            pieces: the arguments by name.
        """
        paths = [self._path(function, piece) for piece in pieces]
        missing = [index for index, path in enumerate(paths) if records.intact(path, self.say, "found") is None]
        if missing:
            self.say(f"{function.__name__}: {len(missing)} of {len(pieces)} pieces, {self.workers} at a time.")
            self._compute(function, {paths[index]: pieces[index] for index in missing})
        return [records.read_json(path)["found"] for path in paths]

    def _path(self, function: Callable[..., Json], piece: Json) -> Path:
        source = hashlib.sha256(Path(inspect.getfile(function)).read_bytes()).hexdigest()
        key = records.digest({"source": source, "piece": piece})
        return self.folder / "pieces" / f"{function.__name__}-{key}.json"

    def _compute(self, function: Callable[..., Json], missing: dict[Path, Json]) -> None:
        first = next(iter(missing)).parent
        first.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _prepare_process) as pool:
            work: dict[Future[Json], Path] = {
                pool.submit(functools.partial(function, **piece)): path for path, piece in missing.items()
            }
            try:
                for number, done in enumerate(as_completed(work), 1):
                    path = work[done]
                    records.write_json(path, {"piece": missing[path], "found": done.result()})
                    self.say(f"{function.__name__}: {number} of {len(missing)}")
            except BrokenProcessPool:
                raise UsageError(
                    f"a process of {function.__name__} died (out of memory?); what is done is kept, run it again."
                ) from None
            except BaseException:
                for process in list((pool._processes or {}).values()):
                    process.terminate()  # a piece may have minutes to go
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def run(self, name: str, *arguments: str) -> Path:
        """The folder of `python -m benchmarks.run ARGUMENTS`, which goes on where it was.

        It lies beside the experiments' folders, in `runs`, so that several may ask for one and the same run.

        Args:
            name: of the run's folder.
            arguments: of the run, without folder and workers.

        Raises:
            UsageError: the run could not be made; cells that failed or diverged are records like any other.
        """
        out = self.folder.parent / RUNS / name
        command = [sys.executable, "-m", "benchmarks.run", *arguments, "--out", str(out.resolve()), "--quiet"]
        command += ["--workers", str(self.workers)]
        self.say(f"python -m benchmarks.run {' '.join(arguments)}")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise UsageError(f"a run of the experiment stopped: {done.stderr.strip() or done.stdout.strip()}")
        return out


def _prepare_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the whole group; the parent ends the pool
    import torch

    from gan_losses.allocator import tune_allocator

    tune_allocator()
    torch.set_num_threads(1)
