"""Rows of a large tensor of images brought to a device: from its memory where they fit there, else from mapped files."""

from collections.abc import Mapping

import torch
from torch import Tensor

SHARE = 4  # of a GPU's free memory a data set may take one part in so many


def resident(images: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The images where batches are best taken from: on the device, or on the host if they would crowd it.

    On the CPU they stay as they are, mapped from a file or not.
    """
    if device.type == "cuda" and sum(map(_size, images.values())) * SHARE > torch.cuda.mem_get_info(device)[0]:
        return dict(images)
    return {domain: tensor.to(device) for domain, tensor in images.items()}


def picked(images: Tensor, rows: Tensor, pinned: bool = False) -> Tensor:
    """The images of these rows, whole.

    Example:
        >>> picked(torch.arange(4).view(4, 1, 1, 1), torch.tensor([2, 0])).flatten().tolist()
        [2, 0]
    """
    if not pinned:
        return images.index_select(0, rows)  # several times as fast as images[rows]
    return torch.index_select(images, 0, rows, out=_pinned(images, len(rows), images.shape[-1]))


def cropped(images: Tensor, rows: Tensor, corners: Tensor, mirrored: Tensor, size: int, pinned: bool = False) -> Tensor:
    """Squares out of the images of these rows, one of each: uint8 (len(rows), C, size, size).

    On the CPU squares are copied one by one, which is ten times as fast as indexing pixels.

    Args:
        images: uint8 (N, C, H, W), on any device.
        rows: int64 (n,), on the images' device.
        corners: int64 (2, n) on the CPU, the row and the column where each square begins.
        mirrored: bool (n,) on the CPU, the squares that are turned left to right.
        size: of the squares in pixels.
        pinned: whether the result lies in memory that a GPU copies from by itself.

    Example:
        >>> image = torch.arange(9, dtype=torch.uint8).view(1, 1, 3, 3)
        >>> cropped(image, torch.tensor([0]), torch.tensor([[1], [0]]), torch.tensor([True]), 2).tolist()
        [[[[4, 3], [7, 6]]]]
    """
    if images.device.type != "cpu":
        return _indexed(images, rows, corners, mirrored, size)
    result = _pinned(images, len(rows), size) if pinned else images.new_empty(len(rows), images.shape[1], size, size)
    source, target = images.numpy(), result.numpy()
    for place, (row, top, left, mirror) in enumerate(
        zip(rows.tolist(), *corners.tolist(), mirrored.tolist(), strict=True)
    ):
        square = source[row, :, top : top + size, left : left + size]
        target[place] = square[..., ::-1] if mirror else square
    return result


def placed(values: Tensor, device: torch.device) -> Tensor:
    """The values on the device, without waiting for it."""
    if device.type == "cuda" and not values.is_pinned():
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def _indexed(images: Tensor, rows: Tensor, corners: Tensor, mirrored: Tensor, size: int) -> Tensor:
    """Pixel by pixel, in one go: for devices on which many small copies cost more."""
    side = torch.arange(size)
    lines = corners[0, :, None] + side
    columns = corners[1, :, None] + torch.where(mirrored[:, None], side.flip(0), side)
    lines, columns = (placed(places, images.device) for places in (lines, columns))
    # Indices apart from each other put the channels last, so they are brought back.
    found = images[rows[:, None, None], :, lines[:, :, None], columns[:, None, :]]
    return found.permute(0, 3, 1, 2).contiguous()


def _pinned(images: Tensor, count: int, size: int) -> Tensor:
    return torch.empty(count, images.shape[1], size, size, dtype=images.dtype, pin_memory=True)


def _size(images: Tensor) -> int:
    return images.numel() * images.element_size()
