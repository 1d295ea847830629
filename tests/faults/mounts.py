"""Small file systems of the harness's own, in a mount namespace that ends with it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

INSIDE = "GAN_FAULTS_MOUNTS"
SIZE = "48m"


def enter(arguments: Sequence[str]) -> None:
    """Start this program again where it may mount; returns if that is impossible or already so."""
    if os.environ.get(INSIDE) or shutil.which("unshare") is None:
        return
    for flags in ("-m", "-Urm"):  # for root; for users, where the system lets them
        if subprocess.run(["unshare", flags, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = flags
            os.execvp("unshare", ["unshare", flags, sys.executable, "-m", "tests.faults", *arguments])


@contextmanager
def small_disk(folder: Path, wanted: bool) -> Iterator[bool]:
    """A folder that is a file system of its own, if wanted and possible; yields whether it is."""
    folder.mkdir(parents=True)
    if not wanted or not os.environ.get(INSIDE):
        yield False
        return
    call = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "faults", str(folder)]
    mounted = subprocess.run(call, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
