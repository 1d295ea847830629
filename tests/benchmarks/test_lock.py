import threading
from pathlib import Path

import pytest

from benchmarks.lock import folder_lock, machine_lock
from gan_losses.errors import UsageError

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


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    with folder_lock(tmp_path), pytest.raises(UsageError, match="another run is writing"), folder_lock(tmp_path):
        pass
    with folder_lock(tmp_path):
        pass


def test_another_users_lock_file_will_do(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch(mode=0o444)
    with machine_lock(alone=True, path=path):
        pass
