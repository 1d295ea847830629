"""The floor of a step: the least that it can take, its FLOPs over the device's peak or its bytes over the bandwidth."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.peaks import Peaks
from benchmarks.step_worker import build
from gan_losses.training import Training

Json = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What a step or a phase does, on the mean of the steps after which its cost repeats.

    Attributes:
        flops: of convolutions and matrix products, two for each multiply-add; all else is left out.
        bytes: that are moved at least.
    """

    flops: float
    bytes: float


class _Counter(TorchDispatchMode):
    """Adds up the FLOPs of every operation, those of backward passes and of backward passes through them included.

    torch's `FlopCounterMode` has the same formulas, but its tracker of modules takes no nested `autograd.grad`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops: dict[str, int] = defaultdict(int)
        self.phase = ""

    def begin(self, phase: str) -> None:
        """What follows belongs to `phase`."""
        self.phase = phase

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        formula = flop_registry.get(getattr(function, "overloadpacket", function))
        if formula is None and hasattr(function, "decompose"):
            with self:  # a linear layer in inference, say, is made of a product that has a formula
                made = function.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
        result = function(*args, **kwargs)
        if formula is not None:
            self.flops[self.phase] += formula(*args, **kwargs, out_val=result)
        return result


def flops(step: Callable[[], object]) -> int:
    """FLOPs of the convolutions and matrix products of one eager call, two for each multiply-add.

    Counted is what is done, not what would have to be: a step that computes a thing twice has it twice. A captured or
    compiled step shows nothing.

    Example:
        >>> import torch
        >>> layer = torch.nn.Linear(3, 5)
        >>> flops(lambda: layer(torch.zeros(2, 3))) == 2 * 2 * 3 * 5
        True
    """
    counter = _Counter()
    with counter:
        step()
    return sum(counter.flops.values())


def moved(training: Training) -> dict[str, int]:
    """Phase -> bytes that it has to move at least, for a training that has made a step.

    A batch is counted once, as the networks take it; a gradient is written by its phase and read by the optimiser; the
    optimiser reads and writes parameters and its state. Activations and images in between are left out, as a perfect
    kernel might keep them on the chip: the true traffic is several times as large.
    """
    updates = training.recipe.n_critic
    both = {
        "generator": (training.generator_weights, training.generator_optimizer, 1),
        "discriminator": (
            training.discriminator_weights,
            training.discriminator_optimizer,
            updates if training.loss.trains_discriminator else 0,
        ),
    }
    found = {"data": updates * _bytes(training.batches(0, 0).values()), "optimisers": 0}
    for phase, (weights, optimizer, times) in both.items():
        size = _bytes(weights)
        state = _bytes(value for entry in optimizer.state.values() for value in entry.values())
        found[phase] = times * size
        found["optimisers"] += times * (3 * size + 2 * state)
    return found


def _bytes(tensors: Any) -> int:
    return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, Tensor))


def work(training: Training) -> dict[str, Work]:
    """Phase (and "step") -> its work, counted over the steps after which the cost repeats, which are trained.

    The time of one step's count is about twice the step's.
    """
    counter, updates = _Counter(), training.loss.period
    period = updates // gcd(updates, training.recipe.n_critic)  # above 1 with lazy penalties
    clock, training.clock = training.clock, counter.begin
    try:
        with counter:
            for index in range(period):
                training.step(index)
    finally:
        training.clock = clock
    bytes_moved = moved(training)
    phases = dict.fromkeys([*bytes_moved, *counter.flops])
    found = {phase: Work(counter.flops[phase] / period, bytes_moved.get(phase, 0)) for phase in phases}
    return found | {"step": Work(sum(w.flops for w in found.values()), sum(w.bytes for w in found.values()))}


def least(amount: Work, peaks: Peaks) -> Json:
    """The floor of some work on a device: max(flops / peak, bytes / bandwidth), and which of the two it is.

    Example:
        >>> least(Work(flops=4e9, bytes=1e6), Peaks(flops_per_second=1e12, bytes_per_second=1e10, how=""))
        {'seconds': 0.004, 'flops': 4000000000.0, 'bytes': 1000000.0, 'bound': 'compute'}
    """
    compute, memory = amount.flops / peaks.flops_per_second, amount.bytes / peaks.bytes_per_second
    bound = "compute" if compute >= memory else "memory"
    return {"seconds": max(compute, memory), "flops": amount.flops, "bytes": amount.bytes, "bound": bound}


def floor(case: Mapping[str, Any], peaks: Peaks) -> Json:
    """The floor of a step of ours.

    Args:
        case: of `benchmarks.step_cases.StepCase.as_json`. It is built and trained for one step, eagerly.
        peaks: of its device, in its precision.

    Returns:
        `seconds`, `flops`, `bytes` and `bound`: "compute" or "memory".
    """
    return least(work(build({**case, "accelerate": "off"}))["step"], peaks)
