"""What a job leaves on a node: nothing when it ends, nothing for long when it is killed."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ray_node = pytest.importorskip("benchmarks.executors.ray_node")


@pytest.fixture
def base(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held: dict = {}
    monkeypatch.setattr(ray_node, "_HELD", held)
    yield tmp_path / f"gan-losses-ray-{os.getuid()}"
    for file in held.values():
        file.close()


def test_a_jobs_folder_is_its_users_own_and_goes_with_the_job(base) -> None:
    folder = ray_node.scratch("one")
    assert folder == base / "one" == ray_node.scratch("one")
    assert base.stat().st_mode & 0o777 == 0o700
    ray_node.sweep("one")
    assert not list(base.iterdir())


def test_what_a_killed_job_has_left_goes_with_the_next_but_not_what_lives(base) -> None:
    (base / "dead" / "data").mkdir(parents=True)
    (base / "dead.lock").touch()
    ray_node.scratch("alive")
    assert not (base / "dead").exists()
    assert not (base / "dead.lock").exists()
    ray_node.scratch("second")
    assert (base / "alive").exists()


def test_a_folder_that_somebody_else_has_put_there_is_refused(base, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    base.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="not this user's own folder"):
        ray_node.scratch("one")


def test_numbers_see_the_users_environment_and_not_that_of_the_cluster(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    ray_node._surround({"OMP_NUM_THREADS": None, "MKL_NUM_THREADS": "3"})
    assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ.pop("MKL_NUM_THREADS") == "3"


def test_an_output_folder_is_known_by_its_identity(tmp_path) -> None:
    (tmp_path / ray_node.IDENTITY).write_text("this one")
    assert ray_node._sees(tmp_path, "this one")
    assert not ray_node._sees(tmp_path, "another of the same path")
    assert not ray_node._sees(tmp_path / "nowhere", "this one")
