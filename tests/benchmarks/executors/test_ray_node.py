"""What a node knows of the user's machine."""

import os

import pytest

ray_node = pytest.importorskip("benchmarks.executors.ray_node")


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
