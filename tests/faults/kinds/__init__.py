"""All kinds of fault by name."""

from tests.faults.kinds.base import Fault
from tests.faults.kinds.damages import FlippedCheckpoint, FlippedCurves, FlippedRecord, TornCheckpoint, TornCurves
from tests.faults.kinds.pairs import TwoRunners, TwoRunnersOneKilled
from tests.faults.kinds.stops import HangUp, Interrupt, KillAll, KillRunner, KillWorker, Terminate, TerminateGroup
from tests.faults.kinds.storage import FullDisk, ReadOnly, Vanished

KINDS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        KillAll(),
        KillRunner(),
        KillWorker(),
        Terminate(),
        TerminateGroup(),
        Interrupt(),
        HangUp(),
        FullDisk(),
        ReadOnly(),
        Vanished(),
        FlippedCheckpoint(),
        TornCheckpoint(),
        FlippedRecord(),
        TornCurves(),
        FlippedCurves(),
        TwoRunners(),
        TwoRunnersOneKilled(),
    )
}
