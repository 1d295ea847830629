"""An output folder that cannot be written any more."""

import os
import resource
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from tests.faults.kinds.base import Fault, one_sentence
from tests.faults.processes import Running
from tests.faults.scene import Scene


class Stored(Fault):
    """The runner has to end with one sentence; struck once the folder is in use."""

    def ready(self, scene: Scene, running: Running) -> bool:
        return "Timing pass" in running.output or "already there" in running.output

    def settle(self, scene: Scene, running: Running) -> list[str]:
        return one_sentence(scene, running)


class FullDisk(Stored):
    """The disk is filled by something else. Without a mount of its own: no file may grow (RLIMIT_FSIZE)."""

    name = "full_disk"
    mounted = True

    def strike(self, scene: Scene, running: Running) -> None:
        disk = scene.out.parent
        if disk.is_mount():
            scene.notes.append("on a tmpfs filled by a ballast file")
            _fill(disk / "ballast")
            return
        scene.notes.append("by RLIMIT_FSIZE, for want of a mount")
        for member in running.members():
            with suppress(OSError, psutil.Error):
                resource.prlimit(member.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def mend(self, scene: Scene) -> list[str]:
        (scene.out.parent / "ballast").unlink(missing_ok=True)
        return []


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        for size in (2**20, 2**12, 1):
            with suppress(OSError):
                while file.write(b"\0" * size):
                    pass


class ReadOnly(Stored):
    """The disk is read-only from now on."""

    name = "read_only"
    mounted = True

    def strike(self, scene: Scene, running: Running) -> None:
        # A mount with a file open for writing (a lock) is busy; folders that may not be changed come to the same.
        means = {"a remount": _remount, "chattr +i": _immutable, "chmod a-w": _protect}
        for name, mean in means.items():
            mean(scene.out, True)
            if not _writable(scene.out):
                scene.notes.append(f"by {name}")
                return
        scene.notes.append("impossible here")

    def settle(self, scene: Scene, running: Running) -> list[str]:
        if "impossible here" in scene.notes:
            running.kill()
            return []
        return super().settle(scene, running)

    def mend(self, scene: Scene) -> list[str]:
        for mean in (_remount, _immutable, _protect):
            mean(scene.out, False)
        return []


def _remount(out: Path, on: bool) -> None:
    if out.parent.is_mount():
        _quietly("mount", "-o", f"remount,{'ro' if on else 'rw'}", str(out.parent))


def _immutable(out: Path, on: bool) -> None:
    _quietly("chattr", "-R", "+i" if on else "-i", str(out))


def _protect(out: Path, on: bool) -> None:
    for folder in [out, *(path for path in out.rglob("*") if path.is_dir())]:
        folder.chmod(0o555 if on else 0o755)


def _writable(out: Path) -> bool:
    probe = out / ".writable-by-faults"
    try:
        probe.touch()
    except OSError:
        return False
    probe.unlink()
    return True


def _quietly(*call: str) -> None:
    if shutil.which(call[0]) is not None:
        subprocess.run(call, capture_output=True, check=False)


class Vanished(Stored):
    """The output folder is renamed away, and back before the run is continued."""

    name = "vanished"

    def strike(self, scene: Scene, running: Running) -> None:
        scene.out.rename(_away(scene.out))

    def mend(self, scene: Scene) -> list[str]:
        complaints = []
        if scene.out.exists():
            made = sorted(str(path.relative_to(scene.out)) for path in scene.out.rglob("*") if path.is_file())
            complaints.append(f"the folder was made anew: {', '.join(made[:4]) or 'empty'} ({len(made)} files)")
            shutil.rmtree(scene.out)
        _away(scene.out).rename(scene.out)
        return complaints


def _away(out: Path) -> Path:
    return out.with_name(out.name + os.extsep + "away")
