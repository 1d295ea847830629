"""How the updates of a step are run: as they are, captured as CUDA graphs, or with compiled networks. The numbers are the same.

On a GPU a small network's step is a thousand tiny kernels, and the host cannot launch them as fast as they run. Captured
once, they are launched as one. What a captured update reads anew at each replay lies in tensors that stay where they are:
the batch, the history that discriminators are shown, the learning rate, the states of the random streams.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from torch import Tensor

from gan_losses.errors import UsageError, unknown_name
from gan_losses.random import stream_seed
from gan_losses.timing import no_clock

if TYPE_CHECKING:
    from gan_losses.training import Training

Tensors = dict[str, Tensor]
AUTO = "auto"


class Pace(ABC):
    """Runs the updates of a training.

    Args:
        training: whose they are.

    Attributes:
        devices: that it is for.
        eager_first: updates of a kind that are run as they are before it is at its full speed.
        why_not: why some updates are run as they are although more was asked for; None where nothing is to be said.
    """

    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda", "mps")
    eager_first: ClassVar[int] = 0  # updates of a kind that are run as they are before it is at full speed

    def __init__(self, training: "Training") -> None:
        self.training = training
        self.why_not: str | None = None

    @abstractmethod
    def part(self, batch: Tensors, index: int, draw: int) -> Tensors:
        """`Training.part`."""

    def rate(self, learning_rate: float) -> float | Tensor:
        """The learning rate in the form that this pace's optimisers need."""
        return learning_rate

    def forget(self) -> None:  # noqa: B027, most have nothing to forget
        """Weights or optimisers were put in the place of those known so far."""


class Eager(Pace):
    """One operation after the other, as they are."""

    def part(self, batch: Tensors, index: int, draw: int) -> Tensors:
        """As it is."""
        return self.training.part(batch, index, draw)


class Compiled(Pace):
    """Networks compiled by `torch.compile`, which takes some 40 s once. It cannot differentiate twice: discriminators
    whose loss has such a penalty stay as they are.
    """

    def __init__(self, training: "Training") -> None:
        super().__init__(training)
        import torch._dynamo.config as limits

        # Beyond the limit torch goes on uncompiled without a word; networks are called in a dozen ways, so it is raised.
        limits.recompile_limit, limits.fail_on_recompile_limit_hit = 64, True
        networks = list(training.task.generators.values())
        if training.loss.differentiates_twice:
            self.why_not = "discriminators as they are: a compiled network cannot be differentiated twice"
        else:
            networks += training.task.discriminators.values()
        for network in networks:
            network.compile()

    def part(self, batch: Tensors, index: int, draw: int) -> Tensors:
        """As it is, with the compiled networks."""
        return self.training.part(batch, index, draw)


class Graph(Protocol):
    """Something that records what a function does and can do it again."""

    def capture(self, function: Callable[[], None], randoms: Mapping[str, torch.Generator], pool: Any) -> None:
        """Record, without doing it."""

    def replay(self) -> None:
        """Do it."""


class CudaGraph:
    """A CUDA graph. Random streams that it draws from are registered, so that their state is read at each replay.

    Args:
        stream: that captures.
    """

    def __init__(self, stream: "torch.cuda.Stream") -> None:
        self.graph, self.stream = torch.cuda.CUDAGraph(), stream

    def capture(self, function: Callable[[], None], randoms: Mapping[str, torch.Generator], pool: Any) -> None:
        """Record the kernels that `function` launches; their memory is the pool's."""
        for random in randoms.values():
            self.graph.register_generator_state(random)
        with torch.cuda.graph(self.graph, pool=pool, stream=self.stream):
            function()

    def replay(self) -> None:
        """Launch them all."""
        self.graph.replay()


class Captured(Pace):
    """Updates as CUDA graphs, one for each phase: fakes, discriminators, generators.

    The first updates of a kind run as they are, and so do steps that a probe looks into, as hooks are not called in a graph.
    A loss whose penalty keeps something from one update to the next cannot be captured and runs as it is, and so does one
    that waits for the device.
    """

    devices = ("cuda",)
    eager_first = 3  # libraries choose their kernels, optimisers make their state

    def __init__(self, training: "Training") -> None:
        super().__init__(training)
        self.kinds: dict[Any, _Updates] = {}
        self.stream: Any = None

    def rate(self, learning_rate: float) -> Tensor:
        """On the device, where a graph reads it."""
        return torch.tensor(learning_rate, device=self.training.placement.device)

    def forget(self) -> None:
        """Graphs of other weights are of no use."""
        self.kinds.clear()

    def graph(self) -> Graph:
        """A new one."""
        return CudaGraph(self._side_stream())

    def pool(self) -> Any:
        """Memory of their own for the graphs of one kind of update: they are always replayed in the order of their capture."""
        return torch.cuda.graph_pool_handle()

    def aside(self, function: Callable[[], Tensors]) -> Tensors:
        """Run on the stream that will capture, as torch asks of what comes before a capture."""
        stream, current = self._side_stream(), torch.cuda.current_stream()
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            result = function()
        current.wait_stream(stream)
        return result

    def _side_stream(self) -> Any:
        self.stream = self.stream or torch.cuda.Stream(self.training.placement.device)
        return self.stream

    def part(self, batch: Tensors, index: int, draw: int) -> Tensors:
        """Replayed, or run as it is where that cannot be."""
        training = self.training
        probe = training.probe
        if self.why_not or (probe is not None and probe.sampling):
            return training.part(batch, index, draw)
        kind = draw == 0, training.loss.due(training.count(index, draw))
        updates = self.kinds.setdefault(kind, _Updates(self, with_generators=draw == 0))
        if updates.seen < self.eager_first:
            updates.seen += 1
            terms = self.aside(lambda: training.part(batch, index, draw))
            if any(training.memory.values()):
                self.why_not = "not captured: its penalty keeps something from one update to the next"
            return terms
        return updates.run(batch, index, draw)


class _Updates:
    """Updates of one kind (with the same penalties due, with or without the generators'), captured when first run."""

    def __init__(self, pace: Captured, with_generators: bool) -> None:
        self.pace, self.training, self.with_generators = pace, pace.training, with_generators
        self.seen = 0
        self.batch: Tensors = {}
        self.fakes: Tensors = {}
        self.history: Tensors = {}
        self.terms: Tensors = {}
        self.randoms: dict[str, dict[str, torch.Generator]] = {}  # phase -> stream -> of its draws
        self.graphs: dict[str, Graph] = {}
        self.memory_pool: Any = None

    def run(self, batch: Tensors, index: int, draw: int) -> Tensors:
        """The same as `Training.part`, of the tensors' values at this time."""
        training, clock = self.training, self.training.clock
        clock("generator")
        self.batch = _into(self.batch, batch)
        self._replay("fakes", lambda: self._make_fakes(draw))
        if training.loss.trains_discriminator:
            self.history = _into(self.history, training.shown(self.fakes, index, draw))
            self._seed("discriminators", index, draw)
            count = training.count(index, draw)
            clock("discriminator")
            self._replay("discriminators", lambda: self._update_discriminators(count))
        if self.with_generators:
            self._seed("generators", index, draw)
            clock("generator")
            self._replay("generators", self._update_generators)
        # Of their own, as the next replay writes over these.
        kept = torch.stack([term.float() for term in self.terms.values()]).unbind()
        return dict(zip(self.terms, kept, strict=True))

    def _seed(self, phase: str, index: int, draw: int) -> None:
        """Set the phase's generators, which stay the same objects, to these draws of their streams."""
        randoms = self.randoms.setdefault(phase, {})
        for stream in self.training.streams[phase]:
            random = randoms.setdefault(stream, torch.Generator(self.training.placement.device))
            random.manual_seed(stream_seed(self.training.seed, stream, index, draw))

    def _replay(self, phase: str, function: Callable[[], None]) -> None:
        if phase not in self.graphs and self.pace.why_not is None:
            self._capture(phase, function)
        if phase in self.graphs:
            self.graphs[phase].replay()
        else:
            function()

    def _capture(self, phase: str, function: Callable[[], None]) -> None:
        """Record a phase; where that fails, this and all later updates are run as they are."""
        graph, clock = self.pace.graph(), self.training.clock
        self.memory_pool = self.memory_pool or self.pace.pool()
        randoms = self.randoms.get(phase, {})
        states = {stream: random.get_state() for stream, random in randoms.items()}
        self.training.clock = no_clock  # its events have no place inside a graph
        try:
            graph.capture(function, randoms, self.memory_pool)
            self.graphs[phase] = graph
        except RuntimeError as error:
            self.pace.why_not = (
                f"not captured: {str(error).strip().splitlines()[0] if str(error) else 'no reason given'}"
            )
            for stream, state in states.items():
                randoms[stream] = torch.Generator(self.training.placement.device)
                randoms[stream].set_state(state)
        finally:
            self.training.clock = clock

    def _make_fakes(self, draw: int) -> None:
        self.fakes = self.training.fakes(self.batch, draw)

    def _update_discriminators(self, count: int) -> None:
        self.terms |= self.training.update_discriminators(
            self.batch, self.history, self.randoms["discriminators"], count
        )

    def _update_generators(self) -> None:
        self.terms |= self.training.update_generators(self.batch, self.fakes, self.randoms["generators"])


def _into(fixed: Tensors, values: Mapping[str, Tensor]) -> Tensors:
    """The values in tensors that stay where they are: those of the first time."""
    if not fixed:
        return {name: value.clone() for name, value in values.items()}
    for name, value in values.items():
        fixed[name].copy_(value, non_blocking=True)
    return fixed


PACES: dict[str, type[Pace]] = {"off": Eager, "graph": Captured, "compile": Compiled}


def resolve_acceleration(name: str, device: str) -> str:
    """The pace that `--accelerate NAME` stands for on a kind of device: `auto` is graphs on CUDA, elsewhere none.

    Raises:
        UsageError: no such pace, or none for this device.

    Example:
        >>> resolve_acceleration("auto", "cuda"), resolve_acceleration("auto", "cpu")
        ('graph', 'off')
    """
    if name == AUTO:
        return "graph" if device == "cuda" else "off"
    if name not in PACES:
        raise unknown_name("acceleration", name, [AUTO, *PACES])
    if device not in PACES[name].devices:
        raise UsageError(f"--accelerate {name}: expected a device of {', '.join(PACES[name].devices)}, not {device}.")
    return name
