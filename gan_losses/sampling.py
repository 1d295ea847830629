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
        split: real images; a task that needs no input takes only their number. Domains may differ in it: a domain's
            fakes are as many as the images that they are made from.
        seed: of the latents.
        stream: the name of the latents' stream; the same stream gives the same latents for every loss.
        placement: where the networks are.

    Returns:
        Domain -> float32 (N, C, H, W) in [-1, 1] on the placement's device.
    """
    chunks: dict[str, list[Tensor]] = {}
    longest = max(len(images) for images in split.images.values())
    with evaluation_mode(list(task.networks().values())), placement.autocast():
        for index, start in enumerate(range(0, longest, CHUNK)):
            real = {
                domain: to_float(images[start : start + CHUNK].to(placement.device))
                for domain, images in split.images.items()
                if start < len(images)
            }
            random = keyed_generator(seed, stream, index, device=placement.device)
            for domain, fakes in task.fakes(task.complete(real, random)).items():
                chunks.setdefault(domain, []).append(fakes.float())
    return {domain: torch.cat(parts) for domain, parts in chunks.items()}


def grid(images: Tensor, columns: int = 8) -> Tensor:
    """Images as one picture, row by row: uint8 (3, H, W).

    Args:
        images: float (N, C, H, W) in [-1, 1].
        columns: images in a row.
    """
    picture: Tensor = make_grid(to_uint8(images.cpu()), nrow=columns, padding=1, pad_value=255)
    return picture


def strip(images: Tensor) -> Tensor:
    """Images side by side without a gap: uint8 (3, H, N W).

    Args:
        images: float (N, C, H, W) in [-1, 1].

    Example:
        >>> strip(torch.zeros(3, 1, 4, 5)).shape
        torch.Size([3, 4, 15])
    """
    picture: Tensor = make_grid(to_uint8(images.cpu()), nrow=len(images), padding=0)
    return picture
