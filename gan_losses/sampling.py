"""Fakes for evaluation and for the eye: keyed latents, evaluation mode, no gradient."""

import gan_losses._torchvision  # noqa: F401, I001  before torchvision
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torchvision.utils import make_grid

from gan_losses.data.base import Split, to_float, to_uint8
from gan_losses.random import keyed_generator
from gan_losses.tasks.base import Task
from gan_losses.training import Placement

CHUNK = 256


@contextmanager
def evaluation_mode(networks: list[nn.Module]) -> Iterator[None]:
    """Networks in evaluation mode inside (running statistics instead of the batch's); each as it was afterwards."""
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, mode in zip(networks, modes, strict=True):
            network.train(mode)


@torch.no_grad()
def sample(task: Task, split: Split, seed: int, stream: str, placement: Placement) -> dict[str, Tensor]:
    """One fake for each image of a split.

    Args:
        task: the GAN.
        split: real images; a task that needs no input takes only their number.
        seed: of the latents.
        stream: the name of the latents' stream; the same stream gives the same latents for every loss.
        placement: where the networks are.

    Returns:
        Domain -> float32 (N, C, H, W) in [-1, 1] on the placement's device.
    """
    chunks: list[dict[str, Tensor]] = []
    with evaluation_mode(list(task.networks().values())), placement.autocast():
        for index, start in enumerate(range(0, len(split), CHUNK)):
            stop = min(start + CHUNK, len(split))
            real = {
                domain: to_float(images[start:stop].to(placement.device)) for domain, images in split.images.items()
            }
            random = keyed_generator(seed, stream, index, device=placement.device)
            chunks.append(task.fakes(task.complete(real, random)))
    return {domain: torch.cat([chunk[domain].float() for chunk in chunks]) for domain in chunks[0]}


def grid(images: Tensor, rows: int = 8) -> Tensor:
    """The first rows × rows images as one picture, uint8 (3, H, W).

    Args:
        images: float (N, C, H, W) in [-1, 1].
        rows: images per side.
    """
    picture: Tensor = make_grid(to_uint8(images[: rows * rows].cpu()), nrow=rows, padding=1, pad_value=255)
    return picture
