"""Watches the gradients of any GAN loop through hooks, without changing one bit of the run."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gan_losses import saturation
from gan_losses.losses.base import GANLoss
from gan_losses.observer import DomainObserver

Row = dict[str, Any]
Networks = nn.Module | Mapping[str, nn.Module]


class SaturationProbe:
    """Gradient-saturation statistics of a GAN in training, one row every `every` generator steps.

    A context manager that hooks both networks and every optimiser that steps their parameters. It knows the generator's
    phase by its graph: images that carry one reach the discriminator only there. Images that share memory with the
    generator's last output are fake, all others real; images of penalties (judged through an `Update`, or asking for their
    own gradient) are passed over. Fakes that are transformed on the way to the discriminator's phase are made known by `mark_fake`.

    Slopes, gradients, logits and norms are taken every `stride` steps, kept on the device and read at log points only;
    what needs further passes is taken at the log point itself. Norms of a scaled loss (`GradScaler`) are scaled too; the
    fractions and the cosine are not. Batches of another size than the first of an interval are left out of it.

    Args:
        generator: the network, or domain -> network.
        discriminator: likewise, the same domains; behind its augmentation, where there is one (`Training.judges`): slopes by
            images are those of the generator's own images, through the augmentation, and what the probe itself shows to the
            discriminator is not augmented.
        loss: what they are trained with.
        every: generator steps from one row to the next.
        stride: generator steps from one sample to the next within a row.
        held_out: real images that D never trains on, domain -> (N, C, H, W), for the overfitting statistics.

    Attributes:
        step: generator steps seen so far.
        at_log_point: whether the generator step under way ends with a row.
        sampling: whether it is watched at all.
        rows: one dict per log point: `step`, `saturation` (network or domain -> statistic -> float or None), `layers`
            (network or domain -> weight -> gradient norm), `histograms` (domain -> "slope" or "gradient" -> counts of log₁₀).

    Example:
        >>> from gan_losses import get_loss
        >>> generator, discriminator, loss = nn.Linear(2, 2), nn.Linear(2, 1), get_loss("wgan")
        >>> optimizer = torch.optim.SGD(generator.parameters(), 0.1)
        >>> with SaturationProbe(generator, discriminator, loss, every=1) as probe:
        ...     loss.generator(discriminator(generator(torch.ones(4, 2)))).backward()
        ...     optimizer.step()
        >>> probe.rows[0]["saturation"]["image"]["active_fraction_logit"]
        1.0
    """

    def __init__(
        self,
        generator: Networks,
        discriminator: Networks,
        loss: GANLoss,
        every: int = 100,
        stride: int = 10,
        held_out: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.generators, self.discriminators = _by_domain(generator), _by_domain(discriminator)
        self.loss, self.every, self.stride, held_out = loss, every, stride, held_out or {}
        self.rows: list[Row] = []
        self._begin(0)
        self._observers = {
            domain: DomainObserver(self, self.generators[domain], network, held_out.get(domain))
            for domain, network in self.discriminators.items()
        }
        self._generator_weights = _named_parameters(self.generators)
        self._weights = {"generator": self._generator_weights}
        self._weights |= {domain: dict(network.named_parameters()) for domain, network in self.discriminators.items()}
        self._owners = {id(weight): name for name, weights in self._weights.items() for weight in weights.values()}
        self._norms: dict[str, list[Tensor]] = defaultdict(list)
        self._before: list[Tensor] = []
        self._kinds: dict[str, Tensor] = {}
        self._hooks = ExitStack()

    def __enter__(self) -> "SaturationProbe":
        for hook in (
            register_optimizer_step_pre_hook(self._before_update),
            register_optimizer_step_post_hook(self._after_update),
            *(handle for observer in self._observers.values() for handle in observer.attach()),
        ):
            self._hooks.callback(hook.remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._hooks.close()

    def _begin(self, step: int) -> None:
        """Plain attributes, as hooks read them several times a step."""
        self.step = step
        self.at_log_point = (step + 1) % self.every == 0
        self.sampling = self.at_log_point or (step + 1) % self.stride == 0

    def state_dict(self) -> dict[str, Any]:
        """What was taken since the last row, between two steps; the rows are the caller's to keep."""
        series = {domain: dict(observer.series) for domain, observer in self._observers.items()}
        return {"step": self.step, "norms": dict(self._norms), "series": series}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was called, with networks in the state of that time: the next rows are the same."""
        device = next(iter(self._generator_weights.values())).device
        self._begin(state["step"])
        self._norms.clear()
        self._norms |= {name: [norms.to(device) for norms in taken] for name, taken in state["norms"].items()}
        for domain, observer in self._observers.items():
            observer.forget_step()
            observer.series.clear()
            taken = state["series"][domain]
            observer.series |= {name: [value.to(device) for value in values] for name, values in taken.items()}

    def mark_fake(self, images: Mapping[str, Tensor]) -> None:
        """Make known that these images (by domain) are fake though the generator did not just make them."""
        if not self.sampling:
            return
        for domain, fakes in images.items():
            self._observers[domain].made.setdefault(fakes.data_ptr(), (fakes.detach(), None))

    def weigh(self, terms: Mapping[str, Tensor]) -> None:
        """Take the gradient of each kind of the generator's terms apart (adversarial, cycle, …), at log points.

        Args:
            terms: of the generator's objective, `<kind>_<domain>`, with their graph; called before their backward pass.
        """
        kinds: dict[str, list[Tensor]] = defaultdict(list)
        for name, term in terms.items():
            kinds[name.partition("_")[0]].append(term.float())
        if not self.at_log_point or len(kinds) < 2:
            return
        weights = list(self._generator_weights.values())
        with ExitStack() as stack:
            for observer in self._observers.values():
                stack.enter_context(observer.pause())
            for kind, group in kinds.items():
                total = torch.stack(group).sum()
                gradients = torch.autograd.grad(total, weights, retain_graph=True, materialize_grads=True)
                self._kinds[kind] = torch.stack(torch._foreach_norm(list(gradients))).norm()

    def _owner(self, optimizer: torch.optim.Optimizer) -> str | None:
        return self._owners.get(id(optimizer.param_groups[0]["params"][0]))

    def _before_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        owner = self._owner(optimizer) if self.sampling else None
        if owner is None:
            return
        for name in [owner] if owner == "generator" else self.discriminators:
            gradients = [weight.grad for weight in self._weights[name].values() if weight.grad is not None]
            if len(gradients) == len(self._weights[name]):
                self._norms[name].append(torch.stack(torch._foreach_norm(gradients)))
        if owner == "generator" and self.at_log_point:
            self._before = [weight.detach().clone() for weight in self._generator_weights.values()]

    def _after_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if self._owner(optimizer) != "generator":
            return
        if self.at_log_point:
            with _undisturbed([*self.generators.values(), *self.discriminators.values()]):
                self.rows.append(self._row(optimizer))
        self._begin(self.step + 1)
        for observer in self._observers.values():
            observer.forget_step()

    def _generator_statistics(self, optimizer: torch.optim.Optimizer) -> dict[str, Tensor | None]:
        weights, kinds = list(self._generator_weights.values()), self._kinds
        found: dict[str, Tensor | None] = {
            "update_ratio": saturation.relative_change(self._before, weights),
            "stalled_share": saturation.stalled_share(optimizer, weights),
            **{f"gradient_norm_{kind}": norm for kind, norm in kinds.items()},
        }
        if "adversarial" in kinds:
            others = {kind: norm for kind, norm in kinds.items() if kind != "adversarial"}
            found |= {f"adversarial_to_{kind}": kinds["adversarial"] / norm for kind, norm in others.items()}
        self._kinds = {}
        return found

    def _row(self, optimizer: torch.optim.Optimizer) -> Row:
        statistics = {"generator": self._generator_statistics(optimizer)}
        statistics |= {domain: observer.statistics() for domain, observer in self._observers.items()}
        layers = {name: torch.stack(norms).square().mean(0).sqrt() for name, norms in self._norms.items() if norms}
        for name, norms in layers.items():
            statistics[name]["gradient_norm"] = norms.norm()
        for domain in self.discriminators:
            if "generator" in layers and domain in layers:
                ratio = layers["generator"].norm() / layers[domain].norm()
                statistics[domain]["gradient_norm_ratio"] = ratio
        self._norms.clear()
        read = _read({**{f"s/{n}": v for n, v in statistics.items()}, "layers": layers})
        return {
            "step": self.step + 1,
            "saturation": {name: _of_kind(read[f"s/{name}"], False) for name in statistics},
            "histograms": {domain: _histograms(read[f"s/{domain}"]) for domain in self.discriminators},
            "layers": {
                name: dict(zip(self._weights[name], norms, strict=True)) for name, norms in read["layers"].items()
            },
        }


def _histograms(read: Mapping[str, Any]) -> Row:
    """The counts of a domain, with where their bins lie."""
    bins = {"low": saturation.LOWEST, "width": saturation.WIDTH}
    found = _of_kind(read, True).items()
    return {
        name.removesuffix("_histogram"): {**bins, "counts": [int(count) for count in counts]} for name, counts in found
    }


def _of_kind(read: Mapping[str, Any], lists: bool) -> dict[str, Any]:
    """The entries that are lists, or those that are not."""
    return {name: value for name, value in read.items() if isinstance(value, list) == lists}


def _by_domain(networks: Networks) -> dict[str, nn.Module]:
    return {"image": networks} if isinstance(networks, nn.Module) else dict(networks)


def _named_parameters(networks: Mapping[str, nn.Module]) -> dict[str, nn.Parameter]:
    if len(networks) == 1:
        return dict(next(iter(networks.values())).named_parameters())
    return {f"{domain}.{name}": weight for domain in networks for name, weight in networks[domain].named_parameters()}


@contextmanager
def _undisturbed(networks: list[nn.Module]) -> Iterator[None]:
    """Forward passes inside leave no trace: buffers (running statistics, spectral norm) and random states are put back."""
    kept = [(buffer, buffer.clone()) for network in networks for buffer in network.buffers()]
    device = next(networks[0].parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
    with torch.no_grad():
        for buffer, value in kept:
            buffer.copy_(value)


def _read(nested: Mapping[str, Mapping[str, Tensor | None]]) -> dict[str, Any]:
    """All numbers in one transfer from the device: scalars become floats, vectors lists."""
    tensors = [value.detach() for group in nested.values() for value in group.values() if value is not None]
    flat = iter(torch.cat([saturation.wide(value).flatten() for value in tensors]).tolist()) if tensors else iter(())

    def take(value: Tensor | None) -> Any:
        if value is None:
            return None
        return next(flat) if value.dim() == 0 else [next(flat) for _ in range(value.numel())]

    return {name: {key: take(value) for key, value in group.items()} for name, group in nested.items()}
