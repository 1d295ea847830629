import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from benchmarks.regression import trees
from gan_losses.errors import UsageError
from tests.benchmarks.regression.conftest import json_cases

PACKAGE = {"gan_losses/__init__.py": "", "gan_losses/training.py": "OLD = True\n"}


def git(root: Path, *arguments: str) -> str:
    names = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *names, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(root: Path, files: dict[str, str], name: str) -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", name)
    git(root, "tag", name)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    commit(root, {"README": "nothing yet"}, "empty")
    commit(root, PACKAGE, "old")
    commit(root, {"gan_losses/training.py": "OLD = False\n"}, "later")
    return root


def test_a_revision_is_unpacked_and_gone_afterwards(repository) -> None:
    with trees.unpacked("old", repository) as tree:
        assert (tree / "gan_losses/training.py").read_text() == "OLD = True\n"
        assert not (tree / ".git").exists()
    assert not tree.exists()
    assert (repository / "gan_losses/training.py").read_text() == "OLD = False\n"


def test_the_tree_is_removed_when_measuring_fails(repository) -> None:
    with pytest.raises(ZeroDivisionError), trees.unpacked("later", repository) as tree:
        raise ZeroDivisionError
    assert not tree.exists()


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "", "HEAD~99", "HEAD:README"])
def test_an_unknown_revision_is_a_sentence(repository, revision) -> None:
    with pytest.raises(UsageError, match="knows no such commit"), trees.unpacked(revision, repository):
        pass


def test_outside_a_repository_there_is_no_revision(tmp_path) -> None:
    with pytest.raises(UsageError, match="knows no such commit"):
        trees.resolve("HEAD", tmp_path)


def test_without_git_the_check_says_so(repository, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is needed"):
        trees.resolve("HEAD", repository)


def test_a_revision_without_steps_is_a_sentence(repository) -> None:
    with pytest.raises(UsageError, match=r"no gan_losses\.training"), trees.unpacked("empty", repository):
        pass


def test_nothing_is_written_outside_the_folder(tmp_path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        files.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    archive.seek(0)
    (tmp_path / "tree").mkdir()
    with pytest.raises(UsageError, match="cannot be unpacked"):
        trees._extract(archive, tmp_path / "tree", "bad")
    assert not (tmp_path / "outside").exists()


def test_this_tree_builds_all_its_cases_and_another_those_that_it_knows() -> None:
    cases = json_cases()
    unknown = {**cases[0], "loss": "not invented yet", "name": "dcgan/not invented yet"}
    assert trees.buildable(trees.ROOT, [*cases, unknown], "HEAD") == ["dcgan/bce", "dcgan/lsgan"]


def test_a_revision_that_builds_no_step_is_a_sentence_with_its_reason(repository) -> None:
    with (
        trees.unpacked("old", repository) as tree,
        pytest.raises(UsageError, match=r"--against old: .*ModuleNotFoundError: No module named 'gan_losses\."),
    ):
        trees.buildable(tree, json_cases(), "old")
