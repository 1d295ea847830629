"""Processes that are killed or told to stop."""

import signal

from tests.faults.kinds.base import Fault, early, judge_exit
from tests.faults.processes import Running
from tests.faults.scene import GONE, Scene


class KillAll(Fault):
    """SIGKILL to the whole tree, as by a machine that loses its power."""

    name = "kill_all"

    def strike(self, scene: Scene, running: Running) -> None:
        running.kill()

    def settle(self, scene: Scene, running: Running) -> list[str]:
        return []


class KillRunner(Fault):
    """SIGKILL to the runner alone; half of the time the run is continued while its workers may still live."""

    name = "kill_runner"

    def strike(self, scene: Scene, running: Running) -> None:
        running.process.kill()

    def settle(self, scene: Scene, running: Running) -> list[str]:
        running.process.wait()
        scene.orphans.append(running)
        alive = len(running.members())
        if scene.random.random() < 0.5:
            scene.notes.append(f"continued beside {alive} orphans")
            return []
        return scene.check_orphans()


class KillWorker(Fault):
    """SIGKILL to one worker, as by the system when memory is short: its cell fails, and `--retry failed` trains it."""

    name = "kill_worker"
    preferred = ("checkpoint", "curves", "sample", "weights", "record")

    def ready(self, scene: Scene, running: Running) -> bool:
        return "already there" in running.output and bool(running.workers())

    def strike(self, scene: Scene, running: Running) -> None:
        for worker in running.workers()[:1]:
            worker.kill()

    def settle(self, scene: Scene, running: Running) -> list[str]:
        # 0: it had just written its record.
        return judge_exit(scene, running, (0, 1))


class Told(Fault):
    """A signal that asks to stop: the suite saves what it has, says how to continue and ends."""

    number = signal.SIGTERM
    code = 143
    group = False

    def strike(self, scene: Scene, running: Running) -> None:
        scene.notes += ["while it was loaded"] * early(running)
        if self.group:
            running.signal_group(self.number)
        else:
            running.process.send_signal(self.number)

    def settle(self, scene: Scene, running: Running) -> list[str]:
        if "while it was loaded" in scene.notes:
            running.wait(GONE)
            running.kill()
            return []
        return judge_exit(scene, running, (self.code,), "continue with")


class Terminate(Told):
    """SIGTERM to the runner, as by `kill`."""

    name = "terminate"


class TerminateGroup(Told):
    """SIGTERM to all processes, as by a batch system at the end of the time."""

    name = "terminate_group"
    group = True


class Interrupt(Told):
    """SIGINT to all processes: ctrl-C."""

    name = "interrupt"
    number, code, group = signal.SIGINT, 130, True


class HangUp(Told):
    """SIGHUP to all processes: the terminal is closed."""

    name = "hang_up"
    number, code, group = signal.SIGHUP, 129, True
