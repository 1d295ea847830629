"""What one discriminator sees between two log points, through hooks on it and on its generator."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from gan_losses import saturation
from gan_losses.losses.base import GANLoss, generator_loss
from gan_losses.penalties import in_penalty, interpolate
from gan_losses.random import keyed_generator

Statistics = dict[str, Tensor | None]


class Watch(Protocol):
    """What an observer needs to know of its probe: is the step under way watched, does it end with a row."""

    loss: GANLoss
    step: int
    sampling: bool
    at_log_point: bool


class DomainObserver:
    """Collects series and extras of one domain, and makes statistics of them.

    Args:
        probe: says which steps are watched.
        generator: makes the domain's fakes.
        discriminator: judges the domain's images; a call in training may bring, by keyword, random numbers to transform
            them by. Passes of the observer's own bring none.
        held_out: real images that D never trains on.
    """

    def __init__(self, probe: Watch, generator: nn.Module, discriminator: nn.Module, held_out: Tensor | None) -> None:
        self.probe, self.held_out = probe, held_out
        self.generator, self.discriminator = generator, discriminator
        # Address -> the tensor, held so that its memory is not given to a real batch, and what it was made from.
        self.made: dict[int, tuple[Tensor, tuple[Any, ...] | None]] = {}
        self.series: dict[str, list[Tensor]] = defaultdict(list)
        self.extras: Statistics = {}
        self.latest: dict[str, Tensor] = {}
        self.inputs: tuple[Any, ...] | None = None
        self.count = 0
        self.paused = False
        self.transformed = False  # whether the generator's phase judged its fakes through a transformation
        self.precision: dict[str, Any] = {"device_type": "cpu", "enabled": False}

    def attach(self) -> Iterator[RemovableHandle]:
        """Hook both networks."""
        yield self.generator.register_forward_hook(self._generated)
        yield self.discriminator.register_forward_pre_hook(self._alias)
        yield self.discriminator.register_forward_hook(self._judged, with_kwargs=True)

    def forget_step(self) -> None:
        """Let go of what was made in the step that ended."""
        self.made.clear()
        self.inputs = None

    def _generated(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        if self.probe.sampling and not self.paused:
            self.made[output.data_ptr()] = (output.detach(), args)

    def _alias(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        # A view of its own: its gradient is what comes through this discriminator, not through a cycle term beside it.
        if not self.probe.sampling or self.paused or not _in_generator_phase(args[0]):
            return None
        return (args[0].view_as(args[0]), *args[1:])

    def _judged(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> None:
        images: Tensor = args[0]
        for_penalty = in_penalty.get() or (images.requires_grad and images.is_leaf)
        if not self.probe.sampling or self.paused or for_penalty:
            return
        if _in_generator_phase(images):
            self.precision = _autocast(images.device.type)
            self.transformed = bool(kwargs)
            self._generator_phase(images, output)
        elif torch.is_grad_enabled():
            kind = "fake" if images.data_ptr() in self.made else "real"
            self.latest[kind] = images.detach()
            self.latest[f"{kind}_logits"] = output.detach()
            if output.requires_grad:  # not where D is frozen and real logits are only paired with fake ones
                self.series[kind].append(output.detach())

    def _generator_phase(self, images: Tensor, logits: Tensor) -> None:
        made = self.made.get(images.data_ptr()) or next(reversed(self.made.values()), None)
        self.inputs, self.count = made[1] if made else None, len(images)
        if self.probe.at_log_point:
            self.latest["fake"] = images.detach()
            self.extras["fake_logit_before"] = logits.detach().mean()
            self.extras["signal"] = self._signal(logits)
        logits.register_hook(self._slope)
        images.register_hook(self._gradient)

    def _slope(self, gradient: Tensor) -> None:
        if self.paused:
            return
        self.series["slope"].append(gradient)
        if self.probe.at_log_point:
            self.extras["zero_share_logit"] = saturation.zero_share(gradient)
            self.extras["underflow_share_logit"] = saturation.underflow_share(gradient)

    def _gradient(self, gradient: Tensor) -> None:
        if self.paused:
            return
        norms = torch.linalg.vector_norm(gradient, dim=tuple(range(1, gradient.dim())))
        self.series["gradient"].append(norms)
        if self.probe.at_log_point:
            self.extras["zero_share"] = saturation.zero_share(gradient)
            self.extras["underflow_share"] = saturation.underflow_share(gradient)

    def _signal(self, logits: Tensor) -> Tensor | None:
        real = self.latest.get("real_logits")
        half = len(logits) // 2
        if half == 0 or (self.probe.loss.pairs_logits and (real is None or len(real) != len(logits))):
            return None
        weights = [weight for weight in self.generator.parameters() if weight.requires_grad]
        halves = []
        logits = logits.float()
        for part in (slice(0, half), slice(half, 2 * half)):
            value = generator_loss(self.probe.loss, logits[part], None if real is None else real[part])
            gradients = torch.autograd.grad(value, weights, retain_graph=True, materialize_grads=True)
            halves.append(gradients)
        return saturation.cosine(*halves)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Passes inside are not watched."""
        self.paused = True
        try:
            yield
        finally:
            self.paused = False

    def statistics(self) -> Statistics:
        """Everything of the interval, on the device; empties the sums."""
        with self.pause():
            series = {name: _stacked(values) for name, values in self.series.items() if values}
            with torch.autocast(**self.precision):  # as the passes that are compared with
                after = self._after()
            result = {**_sums(series), **self.extras, **after}
        self.series.clear()
        self.extras.clear()
        return result

    def _after(self) -> Statistics:
        """Values that need further forward passes, taken after the generator's update."""
        result: Statistics = {}
        real, fake = self.latest.get("real"), self.latest.get("fake")
        with torch.no_grad():
            if self.inputs is not None:
                again = self.generator(*self.inputs)[: self.count]  # a call may have made more than the fakes
                result["fake_logit_after"] = self.discriminator(again).mean()
            if self.transformed and fake is not None:  # to compare with: no pass of these transforms what it judges
                self.extras["fake_logit_before"] = self.discriminator(fake).mean()
            if real is not None:
                result |= self._on_real(self.discriminator(real))
        if real is not None and fake is not None and real.shape == fake.shape:
            result |= self._lipschitz(real, fake)
        return result

    def _on_real(self, logits: Tensor) -> Statistics:
        boundary = self.probe.loss.boundary
        result: Statistics = {"real_logit_after": logits.mean()}
        result["sign_rate"] = None if boundary is None else (logits - boundary).sign().mean()
        fake, held_out = self.extras.get("fake_logit_before"), self.held_out
        if fake is not None and held_out is not None:  # D has not changed since it judged the fakes
            result["held_out_logit"] = unseen = self.discriminator(held_out).mean()
            result["overfitting"] = saturation.overfitting(logits.mean(), unseen, fake)
        return result

    def _lipschitz(self, real: Tensor, fake: Tensor) -> Statistics:
        random = keyed_generator(0, "lipschitz", self.probe.step, device=real.device)
        points = interpolate(real, fake, random).requires_grad_()
        with torch.enable_grad():
            total = _per_image(self.discriminator(points)).float().mean(1).sum()
            (gradient,) = torch.autograd.grad(total, points)
        norms = torch.linalg.vector_norm(_per_image(gradient), dim=1)
        return {"lipschitz_mean": norms.mean(), "lipschitz_max": norms.max()}


def _sums(series: dict[str, Tensor]) -> Statistics:
    """The statistics of series (T, N, …): T batches of N images, an image's patches along the last dimension.

    All are scalars but the histograms.
    """
    result: Statistics = {}
    logits: dict[str, Tensor] = {kind: series[kind].mean(-1) for kind in ("real", "fake") if kind in series}
    for name, values in logits.items():
        result[f"{name}_logit_mean"] = values.mean()
        result[f"{name}_logit_std"] = values.std(-1, correction=0).mean()
    if len(logits) == 2 and len(logits["real"]) == len(logits["fake"]):
        result["accuracy"] = saturation.ordered_share(logits["real"], logits["fake"]).mean()
    logs: dict[str, Tensor] = {}
    for kind, target in (("slope", "logit"), ("gradient", "image")):
        if kind in series:
            magnitudes = series[kind].sum(-1) * series[kind].shape[1]
            result[f"active_fraction_{target}"] = saturation.active_fraction(magnitudes).mean()
            result[f"log_{kind}"] = logs[kind] = saturation.mean_log10(magnitudes)
            for level, value in zip(saturation.QUANTILES, saturation.quantiles(magnitudes), strict=True):
                result[f"{kind}_q{round(100 * level):02d}"] = value
            result[f"{kind}_histogram"] = saturation.histogram(magnitudes)
    if len(logs) == 2:
        result["log_discriminator_slope"] = logs["gradient"] - logs["slope"]
    return result


def _autocast(device_type: str) -> dict[str, Any]:
    """The autocast in force on the device, as the arguments that bring it back."""
    dtype = torch.get_autocast_dtype(device_type)
    return {"device_type": device_type, "dtype": dtype, "enabled": torch.is_autocast_enabled(device_type)}


def _in_generator_phase(images: Tensor) -> bool:
    return images.requires_grad and not images.is_leaf and torch.is_grad_enabled()


def _per_image(values: Tensor) -> Tensor:
    return values.reshape(len(values), -1)


def _stacked(values: list[Tensor]) -> Tensor:
    """(T, N, elements per image) of the batches that are as large as the first."""
    alike = torch.stack([value for value in values if value.shape == values[0].shape])
    return alike.reshape(*alike.shape[:2], -1)
