"""What GANs differ in, and nothing else: networks, how fakes are made, which further terms there are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Self

import torch
from torch import Tensor, nn

Batch = dict[str, Tensor]


class Task(ABC):
    """A kind of GAN. Losses are none of its business.

    Attributes:
        summary: one line for `--list`.
        generators: domain -> the network that makes the fakes of that domain.
        discriminators: domain -> the network that judges images of that domain.
    """

    summary: str
    generators: Mapping[str, nn.Module]
    discriminators: Mapping[str, nn.Module]

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Mapping[str, Any], seed: int) -> Self:
        """The task from a cell's settings, with initial weights keyed by the seed."""

    @abstractmethod
    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """The batch of real images with what the task draws itself (latents) under names of its own."""

    @abstractmethod
    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """Domain -> fake images (N, C, H, W) in [-1, 1], with their graph where gradients are enabled."""

    def history(self, fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the discriminators' phase sees instead of `fakes`; the same by default."""
        return fakes

    def auxiliary(self, batch: Batch, fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        """The generators' further terms by name; none by default."""
        return {}

    def generator_parameters(self) -> list[nn.Parameter]:
        """The parameters of all generators."""
        return _parameters(self.generators.values())

    def discriminator_parameters(self) -> list[nn.Parameter]:
        """The parameters of all discriminators."""
        return _parameters(self.discriminators.values())

    def networks(self) -> dict[str, nn.Module]:
        """Every network under a name that is unique in the task."""
        generators = {f"generator_{domain}": network for domain, network in self.generators.items()}
        return generators | {f"discriminator_{domain}": network for domain, network in self.discriminators.items()}


def _parameters(networks: Iterable[nn.Module]) -> list[nn.Parameter]:
    return list(chain.from_iterable(network.parameters() for network in networks))
