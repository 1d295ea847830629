"""Fakes for evaluation and for the eye: keyed latents, evaluation mode, no gradient."""

import gan_losses._torchvision  # noqa: F401, I001  before torchvision
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torchvision.utils import make_grid

from gan_losses.data.base import Split, to_float, to_uint8
from gan_losses.errors import UsageError
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
    for chunk in sample_chunks(task, split, seed, stream, placement):
        for domain, fakes in chunk.items():
            chunks.setdefault(domain, []).append(fakes)
    return {domain: torch.cat(parts) for domain, parts in chunks.items()}


def sample_chunks(
    task: Task, split: Split, seed: int, stream: str, placement: Placement, count: int | None = None
) -> Iterator[dict[str, Tensor]]:
    """The fakes of `sample` one chunk after the other, so that they need not all be in memory.

    Between two chunks the networks are in the mode that they were in.

    Args:
        task: the GAN.
        split: as in `sample`.
        seed: as in `sample`.
        stream: as in `sample`.
        placement: as in `sample`.
        count: another number of fakes than the split has images, where they are made from latents.

    Returns:
        For each chunk domain -> float32 (at most 256, C, H, W) in [-1, 1] on the placement's device; a domain is left
        out when it has no more.

    Raises:
        UsageError: if a count is asked for of fakes that are made from images.
    """
    if count is not None and task.sources:
        problem = f"{count} fakes were asked for, and a task that translates images makes one of each image"
        raise UsageError(f"{problem}: leave the number out.")
    lengths = {domain: count or len(images) for domain, images in split.images.items()}
    starts = range(0, max(lengths.values()), CHUNK)
    return (_chunk(task, split, lengths, start, seed, stream, placement) for start in starts)


@torch.no_grad()
def _chunk(
    task: Task, split: Split, lengths: dict[str, int], start: int, seed: int, stream: str, placement: Placement
) -> dict[str, Tensor]:
    real = {}
    for domain, images in split.images.items():
        if start < lengths[domain]:
            where = torch.arange(start, min(start + CHUNK, lengths[domain])) % len(images)
            real[domain] = to_float(images[where].to(placement.device))
    random = keyed_generator(seed, stream, start // CHUNK, device=placement.device)
    with evaluation_mode(list(task.networks().values())), placement.autocast():
        made = task.fakes(task.complete(real, random))
    return {domain: fakes.float() for domain, fakes in made.items()}


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
