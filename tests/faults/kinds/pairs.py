"""Two runners on one folder."""

import time
from pathlib import Path

from tests.faults.kinds.base import Fault, judge_exit
from tests.faults.moments import POLL
from tests.faults.processes import Running
from tests.faults.scene import Scene

LOOK = 0.03  # seconds between two looks at the records


class TwoRunners(Fault):
    """A second command of the same kind is started: they share the work, and both end well."""

    name = "two_runners"
    completes = True

    def strike(self, scene: Scene, running: Running) -> None:
        scene.orphans.append(scene.start())

    def settle(self, scene: Scene, running: Running) -> list[str]:
        second = scene.orphans.pop()
        complaints = _watch(scene, running, second)
        complaints += [f"first runner: {line}" for line in judge_exit(scene, running, (0,))]
        complaints += [f"second runner: {line}" for line in judge_exit(scene, second, (0,))]
        scene.outputs.append(second.output)
        return complaints


class TwoRunnersOneKilled(TwoRunners):
    """As before, but one of the two is killed at some instant; the other one takes over its cells."""

    name = "two_runners_one_killed"

    def strike(self, scene: Scene, running: Running) -> None:
        super().strike(scene, running)
        pair = [running, scene.orphans[-1]]
        deadline = time.monotonic() + scene.random.uniform(0, scene.expected_seconds())
        while time.monotonic() < deadline and not any(one.ended for one in pair):
            time.sleep(POLL)
        first = scene.random.random() < 0.5
        pair[not first].kill()
        scene.notes.append(f"the {'first' if first else 'second'} one was killed after {pair[0].seconds:.1f} s")

    def settle(self, scene: Scene, running: Running) -> list[str]:
        second = scene.orphans.pop()
        other = second if "the first one" in " ".join(scene.notes) else running
        scene.outputs.append(second.output)
        complaints = _watch(scene, other)
        return complaints + [f"the other runner: {line}" for line in judge_exit(scene, other, (0,))]


def _watch(scene: Scene, *runners: Running) -> list[str]:
    """Complaints of records that are written a second time while the runners live."""
    seen: dict[Path, tuple[int, int]] = {}
    complaints = []
    deadline = time.monotonic() + scene.limit
    while not all(runner.ended for runner in runners) and time.monotonic() < deadline:
        for path, state in _records(scene.out).items():
            if seen.setdefault(path, state) != state:
                complaints.append(f"{path.relative_to(scene.out)} was written twice")
                seen[path] = state
        time.sleep(LOOK)
    return complaints


def _records(out: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in out.glob("*/*/*/*/seed*/record.json"):
        try:
            facts = path.stat()
        except OSError:
            continue
        found[path] = (facts.st_ino, facts.st_mtime_ns)
    return found
