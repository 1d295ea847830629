"""Files that are damaged after a kill."""

from pathlib import Path
from random import Random

from tests.faults.kinds.base import Fault
from tests.faults.processes import Running
from tests.faults.scene import Damage, Scene


class Damaging(Fault):
    """Kills the whole tree, then damages a file; a kind says which and how."""

    named = True
    preferred: tuple[str, ...] = ("checkpoint",)

    def files(self, scene: Scene) -> list[Path]:
        """What could be damaged."""
        raise NotImplementedError

    def damage(self, path: Path, random: Random) -> None:
        """Damage it."""
        raise NotImplementedError

    def ready(self, scene: Scene, running: Running) -> bool:
        return bool(self.files(scene))

    def strike(self, scene: Scene, running: Running) -> None:
        running.kill()

    def settle(self, scene: Scene, running: Running) -> list[str]:
        return []

    def mend(self, scene: Scene) -> list[str]:
        files = self.files(scene)
        if not files:
            scene.notes.append("nothing left to damage")
            return []
        path = scene.random.choice(files)
        self.damage(path, scene.random)
        scene.notes.append(str(path.relative_to(scene.out)))
        scene.held.pop(str(path.parent.relative_to(scene.out)), None)
        if self.named:
            scene.damages.append(Damage.of(path))
        return []


def flip(path: Path, random: Random) -> None:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def newest_checkpoints(scene: Scene) -> list[Path]:
    """The newest checkpoint of each unfinished cell."""
    found = [sorted(cell.glob("checkpoints/step*.checkpoint")) for cell in scene.unfinished()]
    return [files[-1] for files in found if files]


def unfinished_curves(scene: Scene) -> list[Path]:
    """The curves of unfinished cells."""
    found = [cell / "curves.jsonl" for cell in scene.unfinished()]
    return [path for path in found if path.exists() and path.stat().st_size]


class FlippedCheckpoint(Damaging):
    """A bit of a cell's newest checkpoint."""

    name = "flipped_checkpoint"

    def files(self, scene: Scene) -> list[Path]:
        return newest_checkpoints(scene)

    def damage(self, path: Path, random: Random) -> None:
        flip(path, random)


class TornCheckpoint(Damaging):
    """A cell's newest checkpoint, cut off somewhere."""

    name = "torn_checkpoint"

    def files(self, scene: Scene) -> list[Path]:
        return newest_checkpoints(scene)

    def damage(self, path: Path, random: Random) -> None:
        path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size)])


class FlippedRecord(Damaging):
    """A bit of a finished cell's record."""

    name = "flipped_record"
    preferred = ("record", "report")

    def files(self, scene: Scene) -> list[Path]:
        return [cell / "record.json" for cell in scene.finished()]

    def damage(self, path: Path, random: Random) -> None:
        flip(path, random)


class TornCurves(Damaging):
    """The last line of an unfinished cell's curves, cut off or only begun."""

    name = "torn_curves"
    named = False
    preferred = ("checkpoint", "curves", "sample")

    def files(self, scene: Scene) -> list[Path]:
        return unfinished_curves(scene)

    def damage(self, path: Path, random: Random) -> None:
        content = path.read_bytes()
        last = content.rstrip(b"\n").rfind(b"\n") + 1
        middle = last + (len(content) - last) // 2
        path.write_bytes(content[:middle] if random.random() < 0.5 else content + content[last:middle])


class FlippedCurves(TornCurves):
    """A bit of an unfinished cell's curves."""

    name = "flipped_curves"

    def damage(self, path: Path, random: Random) -> None:
        flip(path, random)
