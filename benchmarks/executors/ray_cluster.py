"""Cells on a Ray cluster: a running one, or one of its own on this machine."""

import importlib.util
import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from benchmarks import environment, records, step_time
from benchmarks.events import Event, Work
from benchmarks.executors.base import Executor
from benchmarks.executors.local import GIB
from benchmarks.plan import Cell
from benchmarks.signals import NAMES
from gan_losses.errors import UsageError

Json = dict[str, Any]
PROGRAM = Path(__file__).resolve().parents[2]
OWN = "local"  # Ray's word for a cluster that is started on this machine and ends with the process
# Numbers depend on how many threads a library takes, and Ray sets the first for its workers.
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
TOKENS, TOKEN_FILE = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"), Path("~/.ray/auth_token")  # where Ray looks for one
LONGEST, SHORT = 20, "/tmp"  # characters of a folder for sockets, whose whole names may have 107; and one that has few
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # of a cluster of its own: cells are what the user waits for
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",  # of attempts that were given up
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # pages of a raylet's state when a node is lost; the run says it
}
GRACE = 10.0  # seconds in which nodes have to be tidied
OBJECTS = 200_000_000  # bytes of a cluster of its own for what is sent: on one machine next to nothing is


class RayExecutor(Executor):
    """One cell a task; Ray places them, and tells of nodes that are lost.

    Attributes:
        job: a name of this run's own on the cluster.
        code: modules that every task imports.
    """

    summary = "on a Ray cluster (--address), or one of its own on this machine; pip install -e '.[ray]'"
    takes: ClassVar[Mapping[str, Any]] = {
        "address": None,
        "cpus_per_cell": None,
        "gpus_per_cell": None,
        "storage": "auto",
        "node_retries": 3,
    }

    def __enter__(self) -> Self:
        """Connect, or start the cluster.

        Raises:
            UsageError: without Ray, or where no cluster answers.
        """
        if importlib.util.find_spec("ray") is None:
            raise UsageError("--executor ray needs the package ray: pip install -e '.[ray]'.")
        gpus = self.options.gpus_per_cell or 0.0
        if gpus > 1 and not gpus.is_integer():
            raise UsageError(f"--gpus-per-cell {gpus:g}: expected a part of one GPU or whole ones, as in 0.5 or 2.")
        self.job = f"run-{secrets.token_hex(4)}"
        self.say("Starting a Ray cluster on this machine." if self.own else f"Connecting to {self.options.address}.")
        with _own_signals():
            self._connect()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the cluster with nothing of the run on its nodes; one of its own ends."""
        import ray

        from benchmarks.executors.campaign import on_each
        from benchmarks.executors.scratch import sweep

        if not self.own:
            with suppress(ray.exceptions.RayError, ConnectionError):
                tasks = [task.remote(self.job) for task in on_each(sweep, self.nodes())]
                ray.wait(tasks, num_returns=len(tasks), timeout=GRACE)
        ray.shutdown()
        sweep(self.job)

    @property
    def own(self) -> bool:
        """Whether the cluster is this run's own."""
        return self.options.address is None

    def _connect(self) -> None:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        if len(tempfile.gettempdir()) > LONGEST and Path(SHORT).is_dir():
            os.environ.setdefault("RAY_TMPDIR", SHORT)
        if not self.own and (any(map(os.environ.get, TOKENS)) or TOKEN_FILE.expanduser().is_file()):
            os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray's own clusters ask for one by default
        import ray

        # A cluster of its own sees this machine's files, this program's and the user's among them.
        packages = [str(PROGRAM / name) for name in ("benchmarks", "gan_losses")]
        variables = {"PYTHONPATH": os.pathsep.join(filter(None, [str(PROGRAM), os.environ.get("PYTHONPATH")]))}
        how: Json = {"runtime_env": {"env_vars": variables} if self.own else {"py_modules": packages}}
        if self.own:
            how |= {
                "num_cpus": environment.available_cores(),
                "include_dashboard": False,
                "object_store_memory": OBJECTS,
            }
        try:
            _knock(self.options.address or "")
            ray.init(self.options.address or OWN, log_to_driver=False, logging_level=logging.ERROR, **how)
        except (OSError, OverflowError, RuntimeError, ValueError, AssertionError) as error:
            said = str(error).strip().splitlines()
            where = f"--address {self.options.address}" if self.options.address else "--executor ray"
            token = "" if self.own else ", say RAY_AUTH_MODE=token (or disabled) as the cluster does"
            remedy = (
                f"start one with `ray start --head`, check the address{token}, or leave it out for one on this machine"
            )
            raise UsageError(
                f"{where}: no cluster answers ({said[0][:200] if said else type(error).__name__}); {remedy}."
            ) from error

    @cached_property
    def _device(self) -> str:
        asked = self.options.device
        if self.own:
            return environment.resolve_device(asked).type
        if asked == "auto":
            return "cuda" if any(node.get("GPU", 0) for node in self.nodes()) else "cpu"
        if asked not in ("cpu", "cuda"):
            raise UsageError(f"--device {asked}: on a cluster auto, cpu or cuda was expected; take one of these.")
        return asked

    def device(self) -> str:
        """The cluster's: a GPU where a node has one."""
        return self._device

    @property
    def needs(self) -> Json:
        """What a cell takes of a node, as Ray's options."""
        gpus = self.options.gpus_per_cell
        if gpus is None:
            gpus = 1.0 if self.device() == "cuda" else 0.0
        return {"num_cpus": self.options.cpus_per_cell or 1, "num_gpus": gpus, "memory": GIB}

    def nodes(self) -> list[Json]:
        """What each node that is alive has: CPU, GPU, memory, and its "id"."""
        import ray

        return [{**node["Resources"], "id": node["NodeID"]} for node in ray.nodes() if node["Alive"]]

    def _room(self, node: Json) -> int:
        """How many cells a node holds at a time."""
        asked = {"CPU": self.needs["num_cpus"], "GPU": self.needs["num_gpus"], "memory": self.needs["memory"]}
        return int(min(node.get(name, 0) // each for name, each in asked.items() if each))

    def fitting(self) -> list[Json]:
        """The nodes that hold at least one cell.

        Raises:
            UsageError: there is none.
        """
        nodes = self.nodes()
        found = [node for node in nodes if self._room(node)]
        if not found:
            largest = ", ".join(f"{node.get('CPU', 0):g} CPUs and {node.get('GPU', 0):g} GPUs" for node in nodes)
            needs = f"{self.needs['num_cpus']} CPUs, {self.needs['num_gpus']:g} GPUs and 1 GiB"
            raise UsageError(
                f"no node of the cluster has the {needs} that a cell takes (nodes have {largest}); ask for less."
            )
        return found

    def workers(self, cells: int) -> int:
        """As many as were asked for, else all that the cluster holds."""
        self.fitting()
        return max(1, min(cells, self.options.workers or self.room()))

    def room(self) -> int:
        """How many cells the cluster holds at a time just now."""
        return sum(map(self._room, self.nodes()))

    def run(self, cells: Sequence[Cell], work: Work) -> Iterator[Event]:
        """Each cell as a task; see `benchmarks.executors.campaign`."""
        from benchmarks.executors.campaign import Campaign

        self.fitting()
        yield from Campaign(self, cells, work).events()

    def time(self, cells: Sequence[Cell], out: Path, store: Path, rounds: int, anew: bool) -> list[Json]:
        """One record for each kind of device among the nodes, each taken on a node that the pass has to itself."""
        from benchmarks.executors.ray_timing import take

        found, kinds = [], step_time.variants(cells)
        for device, nodes in self._kinds(cells[0].settings["device"]).items():
            path = step_time.timing_file(out, cells[0], device)
            known = step_time.read_timing(path, kinds, rounds, self.say)
            if known is None or anew:
                self.say(
                    f"Timing pass on {nodes[0]['name']}: {rounds} rounds of {len(kinds)} steps, interleaved, alone."
                )
                records.write_json(path, take(self, nodes[0], cells, out, store, rounds))
                known = self.tell_of(records.read_json(path))
            found.append(known)
        return found

    def _kinds(self, device: str) -> dict[str, list[Json]]:
        """Fingerprint of a device -> the nodes that have it, with its name."""
        from benchmarks.executors.ray_timing import described

        kinds = defaultdict(list)
        for node, facts in described(self, self.fitting(), device):
            kinds[facts["fingerprint"]].append({**node, "name": facts["name"]})
        return dict(kinds)


def _knock(address: str) -> None:
    """Whether anybody answers at HOST:PORT: Ray itself would wait for minutes.

    Raises:
        OSError: nobody does.
    """
    host, colon, port = address.removeprefix("ray://").partition("/")[0].rpartition(":")
    if colon and port.isascii() and port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), timeout=GRACE):
            pass


def variables() -> dict[str, str | None]:
    """This machine's environment as far as numbers may depend on it."""
    return {name: os.environ.get(name) for name in VARIABLES}


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this program's handlers of signals, in whose place Ray sets its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for name in NAMES if (number := getattr(signal, name, None)) is not None}
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(TypeError):  # one that Python did not set
                signal.signal(number, handler)
