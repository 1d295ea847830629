from typing import Any

import pytest
import torch

from gan_losses import get_loss
from gan_losses.data.base import Batches, Split
from gan_losses.losses import Recipe
from gan_losses.tasks import DCGAN, DCGANSettings
from gan_losses.training import Placement, Training


class Factory:
    """Makes small trainings that differ in what a test names."""

    def images(self, channels: int = 1, size: int = 16) -> torch.Tensor:
        random = torch.Generator().manual_seed(0)
        return torch.randint(0, 256, (40, channels, size, size), dtype=torch.uint8, generator=random)

    def task(
        self, norm: str = "batch", seed: int = 0, channels: int = 1, size: int = 16, network: str = "dcgan"
    ) -> DCGAN:
        width = 8 if size == 16 else 4
        return DCGAN(DCGANSettings(size, channels, width, 8, None, norm, network), seed)

    def training(
        self,
        name: str = "bce",
        norm: str = "none",
        n_critic: int = 1,
        seed: int = 0,
        optimizer: str = "adam",
        channels_last: bool = True,
        precision: str = "fp32",
        channels: int = 1,
        size: int = 16,
        network: str = "dcgan",
        **more: Any,
    ) -> Training:
        recipe = Recipe(optimizer=optimizer, discriminator_norm=norm, n_critic=n_critic)
        batches = Batches(Split({"image": self.images(channels, size)}), 8, seed)
        placement = Placement(torch.device("cpu"), precision, channels_last)
        task = self.task(norm, seed, channels, size, network)
        return Training(task, get_loss(name), recipe, batches, placement, seed, **more)


@pytest.fixture
def make() -> Factory:
    return Factory()


torch.set_num_threads(1)  # before any fixture of a wider scope: the order of sums depends on it


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
