"""The step that every GAN and every loss share: phases treated alike, nothing in them waits for the device."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_losses.acceleration import PACES, Pace
from gan_losses.augmentation import AUGMENTATIONS, judges
from gan_losses.averaging import Averaged
from gan_losses.data.base import Batches
from gan_losses.errors import UsageError
from gan_losses.losses.base import GANLoss, Recipe, adversarial_loss, generator_loss
from gan_losses.penalties import Memory, Update, wide
from gan_losses.probes import SaturationProbe
from gan_losses.random import keyed_generator
from gan_losses.schedule import rate_factor
from gan_losses.tasks.base import Batch, Task
from gan_losses.timing import no_clock

Terms = dict[str, Tensor]
Randoms = Mapping[str, torch.Generator]  # by stream


Rate = float | Tensor  # a tensor where a captured step has to read it anew


def _adam(parameters: Iterable[nn.Parameter], recipe: Recipe, rate: Rate) -> torch.optim.Optimizer:
    capturable = isinstance(rate, Tensor)
    return torch.optim.Adam(parameters, lr=rate, betas=recipe.betas, fused=True, capturable=capturable)


def _rmsprop(parameters: Iterable[nn.Parameter], recipe: Recipe, rate: Rate) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, lr=rate, capturable=isinstance(rate, Tensor))


OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter], Recipe, Rate], torch.optim.Optimizer]] = {
    "adam": _adam,
    "rmsprop": _rmsprop,
}

# Name -> the short type of autocast, weights staying float32; None computes in float32.
PRECISIONS: dict[str, torch.dtype | None] = {"fp32": None, "tf32": None, "bf16": torch.bfloat16}
# How a GPU multiplies float32 numbers: torch's own default is TF32 for convolutions, IEEE for matrices.
PRODUCTS = {"fp32": "ieee", "tf32": "tf32", "bf16": "ieee"}


def check_precision(name: str, device: str) -> None:
    """Whether a kind of device has that precision.

    Raises:
        UsageError: it has not.
    """
    if PRODUCTS[name] == "tf32" and device != "cuda":
        raise UsageError(f"--precision {name}: only a GPU (--device cuda) has it, not {device}; take fp32 or bf16.")


@dataclass(frozen=True)
class Placement:
    """Where and in which precision a step runs.

    Attributes:
        device: of networks and batches.
        precision: a name in `PRECISIONS`; bf16 is autocast, weights stay float32; tf32 is for GPUs.
        channels_last: memory layout of images and convolutions.
        deterministic: whether a GPU has to give the same numbers for the same operations; a CPU does at a given number of threads.
    """

    device: torch.device
    precision: str = "fp32"
    channels_last: bool = True
    deterministic: bool = False

    def place(self, network: nn.Module) -> nn.Module:
        """The network on the device in the layout."""
        memory_format = torch.channels_last if self.channels_last else torch.contiguous_format
        return network.to(device=self.device, memory_format=memory_format)  # type: ignore[call-overload,no-any-return]

    def set_products(self) -> None:
        """Tell torch how this process multiplies float32 numbers on a GPU."""
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.fp32_precision = PRODUCTS[self.precision]
            torch.backends.cudnn.conv.fp32_precision = PRODUCTS[self.precision]  # type: ignore[attr-defined]

    def set_determinism(self) -> None:
        """Tell torch whether this process's GPU has to be deterministic; an operation that cannot be raises its own error."""
        if self.device.type == "cuda":
            if self.deterministic:
                os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it is first used
            torch.use_deterministic_algorithms(self.deterministic)
            torch.backends.cudnn.benchmark = False

    def autocast(self) -> torch.autocast:
        """The context of every forward pass."""
        dtype = PRECISIONS[self.precision]
        return torch.autocast(self.device.type, dtype=dtype or torch.bfloat16, enabled=dtype is not None)


class Training:
    """One GAN in training.

    A step is `n_critic` updates of the discriminators and one of the generators. The last discriminator update works on
    the same fakes as the generator's; the earlier ones make theirs without a graph. Every random number is keyed by
    (seed, stream, step, draw): draw 0 is the same for all losses, earlier updates of a step take draws n_critic-1 … 1.

    Args:
        task: networks and terms.
        loss: the adversarial loss, with its penalty.
        recipe: optimiser and n_critic.
        batches: real images by (step, draw).
        placement: device, precision, layout.
        seed: of latents and penalties.
        clock: called with a phase's name where it begins.
        probe: told which images of a history are fake, and the generators' terms.
        schedule: of the learning rate, a name in `gan_losses.schedule.SCHEDULES`.
        steps: of the whole training, which the schedule runs over.
        accelerate: how its updates are run, a name in `gan_losses.acceleration.PACES`.
        ema: the decay of an average of the generators' weights, 0: none is kept.
        augment: what is done to all images that the discriminators see, a name in `gan_losses.augmentation.AUGMENTATIONS`.

    Attributes:
        pace: runs the updates.
        judges: domain -> the discriminator behind its augmentation, where there is one; a probe is to watch these.
        averaged: the average of the generators' weights, or None.
        streams: "discriminators" and "generators" -> the streams of random numbers that an update of theirs draws from.
        memory: domain -> what penalties keep from one update to the next.
    """

    def __init__(
        self,
        task: Task,
        loss: GANLoss,
        recipe: Recipe,
        batches: Batches,
        placement: Placement,
        seed: int,
        clock: Callable[[str], None] = no_clock,
        probe: SaturationProbe | None = None,
        schedule: str = "none",
        steps: int = 1,
        accelerate: str = "off",
        ema: float = 0.0,
        augment: str = "none",
    ) -> None:
        self.task, self.loss, self.recipe = task, loss, recipe
        self.batches, self.placement, self.seed = batches, placement, seed
        self.clock, self.probe = clock, probe
        self.schedule, self.steps = schedule, steps
        self._rate: float | None = None
        self.memory: dict[str, Memory] = {domain: {} for domain in task.discriminators}
        placement.set_products()
        placement.set_determinism()
        for network in task.networks().values():
            placement.place(network)
        self.generator_weights = task.generator_parameters()
        self.discriminator_weights = task.discriminator_parameters()
        self.judges = judges(task.discriminators, augment)
        self.augmenting = AUGMENTATIONS[augment] is not None
        self.streams = _streams(self.judges, self.augmenting)
        self.averaged = Averaged(task.generators, ema) if ema else None
        self.pace: Pace = PACES[accelerate](self)
        make = OPTIMIZERS[recipe.optimizer]
        self.generator_optimizer, self.discriminator_optimizer = (
            make(weights, recipe, self.pace.rate(recipe.learning_rate))
            for weights in (self.generator_weights, self.discriminator_weights)
        )

    def step(self, index: int) -> Terms:
        """Train one step (counted from 0) and return its terms, detached, still on the device.

        Discriminator terms are those of the last of the step's updates.
        """
        self._set_rate(index)
        terms: Terms = {}
        for draw in range(self.recipe.n_critic - 1, -1, -1):
            self.clock("data")
            terms |= self.pace.part(self.batch(index, draw), index, draw)
        if self.averaged is not None:
            self.clock("optimisers")
            self.averaged.update()
        return terms

    def part(self, batch: Batch, index: int, draw: int) -> Terms:
        """One of a step's updates of the discriminators; with draw 0 the generators' update as well."""
        self.clock("generator")
        fakes = self.fakes(batch, draw)
        terms: Terms = {}
        if self.loss.trains_discriminator:
            randoms = self.randoms("discriminators", index, draw)
            terms = self.update_discriminators(batch, self.shown(fakes, index, draw), randoms, self.count(index, draw))
        if draw:
            return terms
        return terms | self.update_generators(batch, fakes, self.randoms("generators", index, draw))

    def count(self, index: int, draw: int) -> int:
        """Updates of the discriminators before this one."""
        return (index + 1) * self.recipe.n_critic - 1 - draw

    def batch(self, index: int, draw: int) -> Batch:
        """Real images in the placement's layout, with what the task draws."""
        batch = self.batches(index, draw)
        if self.placement.channels_last:
            batch = {name: images.contiguous(memory_format=torch.channels_last) for name, images in batch.items()}
        return self.task.complete(batch, self.random("latents", index, draw))

    def random(self, stream: str, index: int, draw: int) -> torch.Generator:
        """The generator of the stream's draws."""
        return keyed_generator(self.seed, stream, index, draw, device=self.placement.device)

    def randoms(self, phase: str, index: int, draw: int) -> dict[str, torch.Generator]:
        """The generators of all streams of a phase, by the streams' names."""
        return {stream: self.random(stream, index, draw) for stream in self.streams[phase]}

    def fakes(self, batch: Batch, draw: int) -> dict[str, Tensor]:
        """What the generators make of the batch, with its graph where the generators will be updated by it."""
        with torch.set_grad_enabled(draw == 0), self.placement.autocast():
            return self.task.fakes(batch)

    def shown(self, fakes: Mapping[str, Tensor], index: int, draw: int) -> dict[str, Tensor]:
        """The task's history of these fakes, without graph."""
        made = {domain: fakes[domain].detach() for domain in self.task.discriminators}
        # Drawn on the CPU, so that no decision waits for the device.
        history = self.task.history(made, keyed_generator(self.seed, "history", index, draw))
        if self.probe is not None:
            self.probe.mark_fake(history)
        return history

    def update_discriminators(self, batch: Batch, history: Mapping[str, Tensor], randoms: Randoms, count: int) -> Terms:
        """The discriminators' phase: their terms, one backward pass, the optimiser, clipping."""
        make_terms = partial(self._discriminator_terms, batch, history, randoms, count)
        terms = self._update(make_terms, self.discriminator_weights, self.discriminator_optimizer, "discriminator")
        self._clip()
        return terms

    def update_generators(self, batch: Batch, fakes: dict[str, Tensor], randoms: Randoms) -> Terms:
        """The generators' phase, with frozen discriminators."""
        make_terms = partial(self._generator_terms, batch, fakes, randoms)
        with frozen(self.discriminator_weights):
            return self._update(make_terms, self.generator_weights, self.generator_optimizer, "generator")

    def state_dict(self) -> dict[str, Any]:
        """All that the next steps depend on: weights and their averages, optimisers, penalties' memory, the task's history."""
        return {
            "networks": {name: network.state_dict() for name, network in self.task.networks().items()},
            "generator_optimizer": self.generator_optimizer.state_dict(),
            "discriminator_optimizer": self.discriminator_optimizer.state_dict(),
            "memory": self.memory,
            "task": self.task.state(),
            **({} if self.averaged is None else {"averaged": self.averaged.state_dict()}),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken: the next steps give the same numbers, bit for bit."""
        for name, network in self.task.networks().items():
            network.load_state_dict(state["networks"][name])
        for name in ("generator_optimizer", "discriminator_optimizer"):
            optimizer: torch.optim.Optimizer = getattr(self, name)
            optimizer.load_state_dict(state[name])
            for group in optimizer.param_groups:  # this pace's, whatever pace the state is of
                group |= {key: optimizer.defaults[key] for key in ("lr", "capturable")}
        self._rate = None
        for domain, memory in state["memory"].items():
            self.memory[domain] = on_device(dict(memory), self.placement.device)
        self.task.load_state(on_device(dict(state["task"]), self.placement.device))
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        self.pace.forget()

    def _set_rate(self, index: int) -> None:
        rate = self.recipe.learning_rate * rate_factor(self.schedule, index, self.steps)
        if rate == self._rate:
            return
        self._rate = rate
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            for group in optimizer.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate

    def _update(
        self,
        make_terms: Callable[[], Terms],
        weights: list[nn.Parameter],
        optimizer: torch.optim.Optimizer,
        phase: str,
    ) -> Terms:
        """A phase: terms, their sum, its backward pass, the optimiser."""
        self.clock(phase)
        with self.placement.autocast():
            terms = make_terms()
        if self.probe is not None and phase == "generator":
            self.probe.weigh(terms)
        self.clock(phase)
        # backward, not autograd.grad: it keeps each gradient in its parameter's layout, which fused optimisers rely on.
        torch.stack([term.float() for term in terms.values()]).sum().backward(inputs=weights)
        self.clock("optimisers")
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return {name: term.detach() for name, term in terms.items()}

    def _discriminator_terms(self, batch: Batch, history: Mapping[str, Tensor], randoms: Randoms, count: int) -> Terms:
        terms: Terms = {}
        for domain in self.judges:
            judge, random = self._judge(domain, f"augment/{domain}", randoms), randoms[f"penalty/{domain}"]
            update = Update(judge, batch[domain], history[domain], random, count, self.memory[domain])
            terms[f"discriminator_{domain}"] = adversarial_loss(self.loss, update)
            self.clock("penalty")
            penalty = self.loss.penalty(update)
            if penalty is not None:
                terms[f"penalty_{domain}"] = penalty
            self.clock("discriminator")
        return terms

    def _generator_terms(self, batch: Batch, fakes: dict[str, Tensor], randoms: Randoms) -> Terms:
        terms: Terms = {}
        for domain in self.judges if self.loss.trains_discriminator else ():
            # Streams of their own, so that fakes are transformed alike whether a loss looks at real images too or not.
            on_fake, on_real = (self._judge(domain, f"augment/{domain}/{kind}", randoms) for kind in ("fake", "real"))
            real = wide(on_real(batch[domain])) if self.loss.pairs_logits else None
            terms[f"adversarial_{domain}"] = generator_loss(self.loss, wide(on_fake(fakes[domain])), real)
        return terms | self.task.auxiliary(batch, fakes)

    def _judge(self, domain: str, stream: str, randoms: Randoms) -> Callable[[Tensor], Tensor]:
        """The domain's discriminator, each call of it with fresh draws of an augmentation if there is one."""
        judge = self.judges[domain]
        return partial(judge, random=randoms[stream]) if self.augmenting else judge

    @torch.no_grad()
    def _clip(self) -> None:
        if self.loss.clip is not None:
            weights: list[Tensor] = list(self.discriminator_weights)
            torch._foreach_clamp_min_(weights, -self.loss.clip)
            torch._foreach_clamp_max_(weights, self.loss.clip)


def _streams(domains: Iterable[str], augmenting: bool) -> dict[str, list[str]]:
    streams: dict[str, list[str]] = {"discriminators": [], "generators": []}
    for domain in domains:
        streams["discriminators"].append(f"penalty/{domain}")
        if augmenting:
            streams["discriminators"].append(f"augment/{domain}")
            streams["generators"] += [f"augment/{domain}/fake", f"augment/{domain}/real"]
    return streams


def on_device(value: Any, device: torch.device) -> Any:
    """The same with all tensors in it, at whatever depth of dicts, lists and tuples, on the device.

    Example:
        >>> on_device({"average": [torch.ones(1), 2.0]}, torch.device("meta"))["average"][0].device
        device(type='meta')
    """
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {name: on_device(item, device) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(on_device(item, device) for item in value)
    return value


class frozen:  # noqa: N801, a context manager used like a function
    """Weights that ask for no gradient inside the context."""

    def __init__(self, weights: Iterable[nn.Parameter]) -> None:
        self.weights = list(weights)

    def __enter__(self) -> None:
        for weight in self.weights:
            weight.requires_grad_(False)

    def __exit__(self, *error: object) -> None:
        for weight in self.weights:
            weight.requires_grad_(True)


def all_finite(terms: Terms) -> bool:
    """Whether every term is finite; waits for the device, so only for log points."""
    return bool(torch.isfinite(torch.stack([term.float() for term in terms.values()])).all())


__all__ = ["OPTIMIZERS", "PRECISIONS", "Placement", "Training", "all_finite", "frozen"]
