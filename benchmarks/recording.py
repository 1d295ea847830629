"""What an interleaved measurement of steps gave, block by block. Plain values, read and written without torch."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.records import RecordError, typical_step
from gan_losses.errors import unknown_name

Json = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """One turn of every side at one case, right after each other.

    Attributes:
        case: its name.
        launch: which of the launches of all processes it belongs to, counted from 0.
        samples: side -> phase (and "step") -> seconds of each step in its order; by the device's clock on a GPU.
    """

    case: str
    launch: int
    samples: Mapping[str, Mapping[str, list[float]]]


@dataclass(frozen=True)
class Recording:
    """What was measured.

    Attributes:
        sides: their names.
        cases: their names.
        blocks: in the order in which they were accepted.
        rejected: blocks thrown away and repeated because others used the machine.
        facts: side -> what its process said of itself: device (name, kind, fingerprint), threads, torch, allocator (whether
            it was tuned), peak_host_bytes, peak_device_bytes (None without a GPU).
        contention: the median share of time that others took in the accepted blocks; NaN where it cannot be told (a GPU).
        periods: case -> steps after which its cost repeats; 1 where left out.
    """

    sides: tuple[str, ...]
    cases: tuple[str, ...]
    blocks: tuple[Block, ...]
    rejected: int
    facts: Mapping[str, Mapping[str, Any]]
    contention: float
    periods: Mapping[str, int] = field(default_factory=dict)

    def medians(self, case: str, phase: str, side: str) -> list[float]:
        """One figure per block, in order: the median of its steps (`typical_step` where a penalty is lazy).

        Args:
            case: its name.
            phase: one of `gan_losses.timing.PHASES`, or "step".
            side: its name.

        Raises:
            UsageError: nothing of that name was measured.

        Example:
            >>> samples = {"a": {"step": [3.0, 1.0, 2.0]}}
            >>> recording = Recording(("a",), ("dcgan/bce",), (Block("dcgan/bce", 0, samples),), 0, {}, 0.0)
            >>> recording.medians("dcgan/bce", "step", "a")
            [2.0]
        """
        for kind, name, known in (("case", case, self.cases), ("side", side, self.sides)):
            if name not in known:
                raise unknown_name(kind, name, known)
        series = [block.samples[side] for block in self.blocks if block.case == case]
        for samples in series:
            if phase not in samples:
                raise unknown_name("phase", phase, samples)
        return [typical_step(samples[phase], self.periods.get(case, 1)) for samples in series]

    def to_json(self) -> Json:
        """Plain values, for `benchmarks.records.write_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Recording":
        """What `to_json` gave, read back with `benchmarks.records.read_json`.

        Raises:
            RecordError: it is no recording.
        """
        try:
            contention = content["contention"]
            return cls(
                tuple(content["sides"]),
                tuple(content["cases"]),
                tuple(Block(block["case"], block["launch"], block["samples"]) for block in content["blocks"]),
                content["rejected"],
                content["facts"],
                math.nan if contention is None else contention,
                content["periods"],
            )
        except (KeyError, TypeError) as error:
            raise RecordError(f"this is no recording of interleaved steps ({error}); record it again.") from error
