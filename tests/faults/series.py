"""Several rounds on one output folder, then its completion and the comparison with the unbroken run."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.faults.comparison import differences, leftovers, snapshot, statuses
from tests.faults.kinds import KINDS
from tests.faults.moments import Moment, Watch, phase, wait_for
from tests.faults.processes import Running
from tests.faults.rounds import Round
from tests.faults.scene import ROOT, Scene

Strike = tuple[str, Moment | None]


def play(
    scene: Scene, strikes: Sequence[Strike], number: int = 0, tell: Callable[[Round], None] = lambda one: None
) -> list[Round]:
    """Strike one after the other, complete the run and compare.

    Args:
        scene: a folder that is not there yet.
        strikes: kinds, with the moment of each; None: drawn.
        number: of the series.
        tell: called after each strike, when what is in the folder is not compared yet.

    Returns:
        The rounds, with all that was wrong; what followed the first strike that was missed is left out.
    """
    rounds: list[Round] = []
    for kind, moment in strikes:
        fault = KINDS[kind]
        if moment is None:
            moment = scene.draw(fault.preferred)
        rounds.append(Round(number, scene.command, kind, moment))
        strike(scene, rounds[-1])
        tell(rounds[-1])
        if rounds[-1].missed:
            break
    complete(scene, rounds)
    return rounds


def strike(scene: Scene, one: Round) -> None:
    """Start or continue the run, hit it, wait for its end, and look at what it left."""
    fault, scene.notes = KINDS[one.kind], one.notes
    watch, outputs = Watch(scene.out), len(scene.outputs)
    running = scene.start()
    one.missed = not wait_for(one.moment, running, watch, lambda: fault.ready(scene, running))
    one.seconds = running.seconds
    if one.missed:
        one.unexpected += check_unbroken(scene, running)
    else:
        one.phase = phase(one.moment, running, scene.out)
        fault.strike(scene, running)
        one.unexpected += fault.settle(scene, running)
    one.exit = running.process.poll()
    scene.outputs.append(running.output)
    killed = one.exit is None or one.exit < 0
    one.unexpected += scene.check_damages("\n".join(scene.outputs[outputs:]), killed)
    one.unexpected += [] if one.missed else fault.mend(scene)
    one.lost += scene.take_lost()


def complete(scene: Scene, rounds: Sequence[Round]) -> None:
    """Run to the end without any fault and compare; what is wrong stands with the last round, a difference with all."""
    last = rounds[-1]
    if last.missed or last.unexpected or not KINDS[last.kind].completes:
        running = scene.start()
        last.unexpected += [f"continuation: {complaint}" for complaint in check_unbroken(scene, running)]
        scene.outputs.append(running.output)
        last.unexpected += scene.check_damages(running.output, killed=False)
    last.unexpected += [f"{damage.path.name} was damaged and never read" for damage in scene.damages]
    last.unexpected += scene.check_orphans()
    last.lost += scene.take_lost()
    changed = differences(scene.reference.content, snapshot(scene.out))
    for one in rounds:
        one.changed += changed
    last.unexpected += leftovers(scene.out, scene.home / "t") + verify(scene)
    if not (scene.out / "report" / "report.md").exists():
        last.unexpected.append("there is no report")


def check_unbroken(scene: Scene, running: Running) -> list[str]:
    """Complaints of a run that nothing has hit."""
    code = running.wait(scene.limit)
    running.kill()
    if code == 0 and "Traceback" not in running.output:
        return []
    lines = " | ".join(running.output.splitlines()[-4:])
    return [f"exit code {code}: {statuses(scene.out)}: {lines}"]


def verify(scene: Scene) -> list[str]:
    """Complaints of the suite's own check of a run; none where the suite has no such check."""
    if not (ROOT / "benchmarks" / "verify.py").exists() and not (ROOT / "benchmarks" / "verify").exists():
        return []
    call = [sys.executable, "-m", "benchmarks.verify", str(scene.out)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT)
    return [f"verify: exit code {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"] * (done.returncode != 0)
