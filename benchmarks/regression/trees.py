"""Another revision of this repository as a working tree beside this one, for as long as it is measured."""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks import step_worker
from benchmarks.regression import probe
from gan_losses.errors import UsageError

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


def resolve(revision: str, root: Path = ROOT) -> str:
    """The commit that a revision names.

    Raises:
        UsageError: git is not there, or knows no such revision here.
    """
    command = ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"--against {revision}: git is needed and cannot be started ({error}).") from error
    if done.returncode:
        why = "; " + done.stderr.strip().splitlines()[0] if done.stderr.strip() else ""
        raise UsageError(
            f"--against {revision}: git knows no such commit in {root}{why}; name a commit, branch or tag "
            "(a shallow clone has to fetch it first)."
        )
    return done.stdout.strip()


@contextmanager
def unpacked(revision: str, root: Path = ROOT) -> Iterator[Path]:
    """The files of a revision in a temporary folder, which is removed at the end whatever happens.

    Args:
        revision: a commit, branch or tag.
        root: of the repository.

    Raises:
        UsageError: no such revision, no git, or a revision whose steps cannot be timed because it has no
            `gan_losses.training`.
    """
    commit = resolve(revision, root)
    with tempfile.TemporaryDirectory(prefix="gan-losses-base-") as folder:
        tree = Path(folder)
        command = ["git", "-C", str(root), "archive", "--format=tar", commit]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as archive:
            assert archive.stdout is not None
            _extract(archive.stdout, tree, revision)
        if not any((tree / "gan_losses").glob("training*")):
            raise UsageError(
                f"--against {revision}: that revision has no gan_losses.training, so there is no step to time; "
                "name a later one."
            )
        yield tree


def _extract(stream: IO[bytes], tree: Path, revision: str) -> None:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as files:
            files.extractall(tree, filter="data")
    except tarfile.TarError as error:
        raise UsageError(f"--against {revision}: its files cannot be unpacked ({error}).") from error


def buildable(tree: Path, cases: Sequence[Json], revision: str) -> list[str]:
    """The names of the cases that another tree's `gan_losses` can build; a loss that is new here it does not know.

    Args:
        tree: of `unpacked`.
        cases: as JSON.
        revision: as the user named it.

    Raises:
        UsageError: it can build none.
    """
    command = [sys.executable, str(Path(probe.__file__)), str(tree), str(Path(step_worker.__file__))]
    done = subprocess.run(command, input=json.dumps(list(cases)), capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    answers: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    names = [name for name, error in answers.items() if not error]
    if not names:
        why = next(iter(answers.values()), lines[-1])
        raise UsageError(
            f"--against {revision}: that revision can build none of these steps ({why}); name a later one."
        )
    return names
