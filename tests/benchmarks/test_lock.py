import errno
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from benchmarks.lock import TakenError, cell_lock, folder_lock, forget_owner, is_locked, lock_path, machine_lock
from tests.benchmarks.test_run import ROOT

pytest.importorskip("fcntl")


def test_runs_share_it_and_a_timing_pass_waits_for_them(tmp_path: Path) -> None:
    path, order, told = tmp_path / "lock", [], threading.Event()

    def timing_pass() -> None:
        with machine_lock(alone=True, waiting=told.set, path=path):
            order.append("timing")

    with machine_lock(alone=False, path=path), machine_lock(alone=False, path=path):
        thread = threading.Thread(target=timing_pass)
        thread.start()
        assert told.wait(5)
        order.append("run")
    thread.join(5)
    assert order == ["run", "timing"]


def test_runs_wait_for_a_timing_pass(tmp_path: Path) -> None:
    path, told = tmp_path / "lock", threading.Event()

    def run() -> None:
        with machine_lock(alone=False, waiting=told.set, path=path):
            pass

    with machine_lock(alone=True, path=path):
        thread = threading.Thread(target=run)
        thread.start()
        assert told.wait(5)
    thread.join(5)
    assert not thread.is_alive()


def test_a_folder_is_prepared_by_one_run_at_a_time(tmp_path: Path) -> None:
    order, told = [], threading.Event()

    def second() -> None:
        with folder_lock(tmp_path, told.set):
            order.append("second")

    with folder_lock(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


HOLD = """
import sys, time
from pathlib import Path
from benchmarks.lock import cell_lock
with cell_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of the cell's folder `cell`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "cell")], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_cell_belongs_to_one_process_and_its_owner_is_told(holder, tmp_path) -> None:
    assert is_locked(tmp_path / "cell")
    words = f"process {holder.pid} on {socket.gethostname()}"
    with pytest.raises(TakenError, match=words), cell_lock(tmp_path / "cell"):
        pass


def test_the_lock_of_an_owner_that_was_killed_is_taken_over(holder, tmp_path) -> None:
    holder.kill()
    holder.wait()
    assert lock_path(tmp_path / "cell").exists()  # it could not remove it
    assert not is_locked(tmp_path / "cell")
    with cell_lock(tmp_path / "cell"):
        owner = json.loads(lock_path(tmp_path / "cell").read_text())
        assert (owner["host"], owner["pid"]) == (socket.gethostname(), os.getpid())
    assert not lock_path(tmp_path / "cell").exists()


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": "x"}', "\x00" * 50])
def test_an_odd_lock_file_locks_nobody_out(content: str, tmp_path) -> None:
    lock_path(tmp_path / "cell").write_text(content)
    assert not is_locked(tmp_path / "cell")
    with cell_lock(tmp_path / "cell"):
        pass


@pytest.fixture
def _without_locks(monkeypatch) -> None:
    """A file system that has none."""

    def refuse(file, mode) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr("benchmarks.lock.fcntl.flock", refuse)


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_of_the_file_system_the_owner_is_asked_whether_it_lives(holder, tmp_path) -> None:
    with pytest.raises(TakenError, match=f"process {holder.pid} on "), cell_lock(tmp_path / "cell"):
        pass
    holder.kill()
    holder.wait()
    with cell_lock(tmp_path / "cell"):
        pass


@pytest.mark.usefixtures("_without_locks")
def test_without_them_an_owner_on_another_host_is_believed_to_live_and_a_number_used_again_is_not(tmp_path) -> None:
    own = psutil.Process()
    owner = {"host": "elsewhere", "pid": own.pid, "started": own.create_time()}
    lock_path(tmp_path / "cell").write_text(json.dumps(owner))
    with pytest.raises(TakenError, match="on elsewhere"), cell_lock(tmp_path / "cell"):
        pass
    owner = {"host": socket.gethostname(), "pid": own.pid, "started": own.create_time() - 1000}
    lock_path(tmp_path / "cell").write_text(json.dumps(owner))
    with cell_lock(tmp_path / "cell"):
        pass


@pytest.mark.parametrize(("host", "lost", "gone"), [("there", "there", True), ("there", "elsewhere", False)])
def test_the_lock_of_an_owner_whose_host_is_lost_is_forgotten(host: str, lost: str, gone: bool, tmp_path) -> None:
    path = lock_path(tmp_path / "cell")
    path.write_text(json.dumps({"host": host, "pid": 1, "started": 0.0}))
    forget_owner(tmp_path / "cell", lost)
    assert path.exists() != gone
    forget_owner(tmp_path / "another", lost)  # of which there is none


def test_a_lock_that_somebody_holds_is_not_forgotten(tmp_path) -> None:
    with cell_lock(tmp_path / "cell"):
        forget_owner(tmp_path / "cell", socket.gethostname())
        assert lock_path(tmp_path / "cell").exists()


def test_another_users_lock_file_will_do(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch(mode=0o444)
    with machine_lock(alone=True, path=path):
        pass
