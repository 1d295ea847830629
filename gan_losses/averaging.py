"""Running averages of the generators' weights, which are evaluated beside the weights themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from gan_losses.errors import UsageError


class Averaged:
    """Exponential moving averages of networks' weights: w̄ ← β w̄ + (1 - β) w after each update of theirs.

    β is min(decay, (1 + n)/(10 + n)) after n updates, so that the average forgets the initial weights soon. Source: Yazıcı et
    al. 2018, arXiv:1806.04498. Buffers (running statistics) are not averaged: the networks' own serve both.

    Args:
        networks: whose weights are averaged, by name; on their device already.
        decay: β at the end, at least 0 and below 1.

    Attributes:
        weights: the averages, in the order of the networks' parameters.
        updates: how often they were updated.

    Raises:
        UsageError: there is no such decay.

    Example:
        >>> network = nn.Linear(1, 1, bias=False)
        >>> averaged = Averaged({"image": network}, decay=0.999)
        >>> with torch.no_grad():
        ...     averaged.weights[0].fill_(0.0), network.weight.fill_(1.0)
        (tensor([[0.]]), Parameter containing:
        tensor([[1.]], requires_grad=True))
        >>> averaged.update()
        >>> with averaged.swapped():
        ...     round(network.weight.item(), 6)
        0.9
        >>> network.weight.item()
        1.0
    """

    def __init__(self, networks: Mapping[str, nn.Module], decay: float) -> None:
        if not 0 <= decay < 1:
            raise UsageError(f"--ema {decay:g}: expected a decay of at least 0 and below 1, as 0.999.")
        self.networks, self.decay, self.updates = dict(networks), decay, 0
        self._current: list[Tensor] = [weight.detach() for weight in self._of("parameters")]
        self.weights = [weight.clone() for weight in self._current]

    def _of(self, kind: str) -> list[Tensor]:
        return list(chain.from_iterable(getattr(network, kind)() for network in self.networks.values()))

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now; nothing waits for the device."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.weights, self._current, 1 - decay)
        self.updates += 1

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """The networks have the averages for weights inside; afterwards their own, and their buffers, bit for bit.

        Values are copied and no tensor is exchanged, so that graphs captured of them stay true.
        """
        own = self._current + self._of("buffers")
        kept = [each.clone() for each in own]
        try:
            with torch.no_grad():
                torch._foreach_copy_(self._current, self.weights)
            yield
        finally:
            with torch.no_grad():
                for place, value in zip(own, kept, strict=True):
                    place.copy_(value)

    def state_dict(self) -> dict[str, Any]:
        """The averages by name, and how many updates they are of."""
        return {"updates": self.updates, "weights": dict(zip(self._names(), self.weights, strict=True))}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.updates = state["updates"]
        for name, weight in zip(self._names(), self.weights, strict=True):
            weight.copy_(state["weights"][name])

    def _names(self) -> list[str]:
        return [f"{key}.{name}" for key, network in self.networks.items() for name, _ in network.named_parameters()]
