"""What a kind of fault is."""

import signal
from collections.abc import Collection

from tests.faults.processes import Running
from tests.faults.scene import GONE, Scene


class Fault:
    """A kind of fault; it holds no state, so that one of it serves all rounds.

    Attributes:
        name: in the registry.
        preferred: events that it waits for rather than any; none: all alike.
        mounted: whether the output folder has to be a file system of its own.
        completes: whether the run is complete afterwards, so that nothing of the series can follow.
    """

    name = ""
    preferred: tuple[str, ...] = ()
    mounted = False
    completes = False

    def ready(self, scene: Scene, running: Running) -> bool:
        """Whether there is something to hit."""
        return True

    def strike(self, scene: Scene, running: Running) -> None:
        """Hit."""
        raise NotImplementedError

    def settle(self, scene: Scene, running: Running) -> list[str]:
        """Wait for the end; complaints of how it came."""
        raise NotImplementedError

    def mend(self, scene: Scene) -> list[str]:
        """What is done before the run is continued; complaints of what is found then."""
        return []


def judge_exit(scene: Scene, running: Running, codes: Collection[int], says: str = "") -> list[str]:
    """Complaints of how a run ended: its exit code, a traceback, a word that is missing, processes left behind."""
    code = running.wait(scene.limit)
    if code is None:
        running.kill()
        return [f"it had not ended after {scene.limit:.0f} s"]
    complaints = [f"exit code {code}, expected {' or '.join(map(str, codes))}"] * (code not in codes)
    complaints += ["a traceback"] * ("Traceback" in running.output)
    complaints += [f"it does not say {says!r}"] * (says not in running.output)
    if not running.gone_within(GONE):
        names = ", ".join(" ".join(member.cmdline())[-60:] for member in running.members())
        complaints.append(f"processes left behind after {GONE:g} s: {names}")
        running.kill()
    if complaints:
        complaints.append(f"last lines: {' | '.join(running.output.splitlines()[-4:])}")
    return complaints


def one_sentence(scene: Scene, running: Running) -> list[str]:
    """Complaints of a run that could not go on: exit 2, and one line that says why."""
    complaints = judge_exit(scene, running, (2,), "benchmarks.run: ")
    lines = [line for line in running.output.splitlines() if line.startswith("benchmarks.run: ")]
    return complaints + [f"{len(lines)} sentences: {' | '.join(lines)}"] * (len(lines) > 1)


def early(running: Running) -> bool:
    """Whether the command is still being loaded, so that it has nothing to lose and no handlers."""
    return not running.output and not running.handles(signal.SIGTERM)
