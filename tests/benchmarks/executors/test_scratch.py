"""What a job leaves on a node: nothing when it ends, nothing for long when it is killed."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fcntl")
from benchmarks.executors import scratch


@pytest.fixture
def base(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held: dict = {}
    monkeypatch.setattr(scratch, "_HELD", held)
    yield tmp_path / f"gan-losses-ray-{os.getuid()}"
    for file in held.values():
        file.close()


def test_a_jobs_folder_is_its_users_own_and_goes_with_the_job(base) -> None:
    folder = scratch.scratch("one")
    assert folder == base / "one" == scratch.scratch("one")
    assert base.stat().st_mode & 0o777 == 0o700
    scratch.sweep("one")
    assert not list(base.iterdir())


def test_what_a_killed_job_has_left_goes_with_the_next_but_not_what_lives(base) -> None:
    (base / "dead" / "data").mkdir(parents=True)
    (base / "dead.lock").touch()
    scratch.scratch("alive")
    assert not (base / "dead").exists()
    assert not (base / "dead.lock").exists()
    scratch.scratch("second")
    assert (base / "alive").exists()


def test_a_folder_that_somebody_else_has_put_there_is_refused(base, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    base.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="not this user's own folder"):
        scratch.scratch("one")
