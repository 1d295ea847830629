"""The command; see the package's docstring."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.faults import mounts
from tests.faults.commands import COMMANDS, HIT
from tests.faults.kinds import KINDS
from tests.faults.planning import plan
from tests.faults.processes import Running
from tests.faults.rounds import Log, Round, line, table
from tests.faults.scene import Reference, Scene, make_reference
from tests.faults.series import play


@dataclass(frozen=True)
class Harness:
    """What all series share.

    Attributes:
        home: folder of all files.
        references: the unbroken run of each command.
        log: of the rounds.
        seed: that every draw depends on.
        keep: whether the folders of bad rounds are kept.
    """

    home: Path
    references: dict[str, Reference]
    log: Log
    seed: int
    keep: bool

    def series(self, number: int, kinds: Sequence[str]) -> None:
        """Play a series, and again from the first strike that was missed, on fresh folders, at most three times."""
        command = list(self.references)[number % len(self.references)]
        left = list(kinds)
        for attempt in range(3):
            rounds = self._play(number, attempt, command, left)
            self.log.add(rounds)
            left = left[sum(not one.missed for one in rounds) :]
            if not left:
                return

    def _play(self, number: int, attempt: int, command: str, kinds: Sequence[str]) -> list[Round]:
        home = self.home / f"s{number}-{attempt}"
        random = Random(f"{self.seed}/{number}/{attempt}")
        with mounts.small_disk(home / "d", any(KINDS[kind].mounted for kind in kinds)):
            scene = Scene(command, home, home / "d" / "run", random, self.references[command])
            rounds = play(scene, [(kind, None) for kind in kinds], number, _tell)
            kept = self.keep and any(one.bad for one in rounds)
            if kept:
                shutil.copytree(scene.out, home / "run", dirs_exist_ok=True)
                (home / "outputs.txt").write_text("\n----\n".join(scene.outputs), encoding="utf-8")
        if not kept:
            shutil.rmtree(home, ignore_errors=True)
        return rounds


def _tell(one: Round) -> None:
    """Progress, on stderr."""
    print(f"struck: {line(one)}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Returns 0 if nothing was lost, changed or unexpected."""
    options = _options(arguments)
    kinds = list(KINDS) if options.kinds is None else options.kinds.split(",")
    if unknown := sorted(set(kinds) - set(KINDS)):
        print(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}", file=sys.stderr)
        return 2
    if any(KINDS[kind].mounted for kind in kinds):
        mounts.enter(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for number in (
        signal.SIGINT,
        signal.SIGHUP,
    ):  # what is ignored here (in the background, by nohup) is in the runs, too
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    dealt = plan(kinds, options.rounds, Random(options.seed))
    names = options.commands.split(",")[: len(dealt)]
    references = {name: make_reference(name, home / f"r-{name}") for name in names}
    for name, reference in references.items():
        events = ", ".join(f"{count} {event}" for event, count in sorted(reference.events.items()))
        print(f"{name}: {reference.cells} cells, {reference.seconds:.1f} s, idle {reference.idle:.1f} s; {events}")
    harness = Harness(home, references, Log(options.out), options.seed, options.keep)
    _play_all(harness, dealt, options.lanes)
    print(table(harness.log.rounds))
    bad = any(one.bad for one in harness.log.rounds)
    if bad and options.keep:
        print(f"kept: {home}")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return int(bad)


def _play_all(harness: Harness, dealt: Sequence[Sequence[str]], number: int) -> None:
    with ThreadPoolExecutor(number) as lanes:
        try:
            list(lanes.map(harness.series, range(len(dealt)), dealt))
        except BaseException:
            lanes.shutdown(wait=False, cancel_futures=True)
            Running.end_all()  # they are sessions of their own, which ctrl-C does not reach
            raise


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Hit running comparisons with faults.")
    parser.add_argument("--rounds", type=int, default=len(KINDS), metavar="N", help="strikes in all")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all draws")
    parser.add_argument("--kinds", metavar="A,B", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--commands", default=",".join(HIT), metavar="A,B", help=f"of {', '.join(COMMANDS)}")
    parser.add_argument("--lanes", type=int, default=1, metavar="N", help="series side by side")
    parser.add_argument("--keep", action="store_true", help="keep the folders of bad rounds")
    parser.add_argument("--out", type=Path, default=Path("runs/faults.jsonl"), metavar="LOG", help="JSON lines")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
