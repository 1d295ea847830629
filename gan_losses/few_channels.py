"""Convolutions between images of few channels and many maps, on a processor.

oneDNN spreads a convolution's output channels over a vector unit of 16 numbers: with the 1 or 3 channels of an image most
of it idles. The functions here compute the same sums in another order: neighbouring pixels of an image as channels, or one matrix
product whose overlapping patches are added up. With many channels, or on a GPU, they are torch's own.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

FEW = 4
COLUMNS = 4  # of an image that are computed as channels of one convolution; measured: 2, 4 and 8 pay, 4 most
aten = torch.ops.aten


def pays(channels: int, *tensors: Tensor) -> bool:
    """Whether an image of so many channels is worth another order of sums here."""
    device = tensors[0].device.type
    short = torch.is_autocast_enabled(device) or tensors[0].dtype == torch.bfloat16
    return channels <= FEW and device == "cpu" and not short


def spread(maps: Tensor, weight: Tensor, size: tuple[int, int], stride: list[int], padding: list[int]) -> Tensor:
    """A transposed convolution, or the gradient of a convolution by its input: every map's value times its kernel, summed.

    Args:
        maps: (N, C, h, w).
        weight: (C, O, kernel, kernel).
        size: (H, W) of the result.
        stride: of the convolution.
        padding: likewise.

    Returns:
        (N, O, H, W).

    Example:
        >>> spread(torch.ones(1, 2, 2, 2), torch.ones(2, 1, 2, 2), (4, 4), [2, 2], [0, 0]).unique().item()
        2.0
    """
    channels, few, *kernel = weight.shape
    covered = all(
        edge + side <= step * (given + 1)
        for edge, side, step, given in zip(padding, size, stride, maps.shape[2:], strict=True)
    )
    if few > 1 and kernel == [2 * step for step in stride] and covered:
        return _by_windows(maps, weight, size, stride, padding)
    patches = weight.reshape(channels, -1).t() @ maps.flatten(2)
    return F.fold(patches, size, (kernel[0], kernel[1]), stride=tuple(stride), padding=tuple(padding))


def _by_windows(maps: Tensor, weight: Tensor, size: tuple[int, int], stride: list[int], padding: list[int]) -> Tensor:
    """Where kernels overlap by half, each block of stride x stride pixels sees a window of 2 x 2 values: a convolution whose
    channels are the block's pixels.
    """
    (channels, few), (rows, columns) = weight.shape[:2], stride
    blocks = weight.reshape(channels, few, 2, rows, 2, columns).flip(2, 4)
    kernel = blocks.permute(1, 3, 5, 0, 2, 4).reshape(few * rows * columns, channels, 2, 2)
    pixels = F.conv2d(maps, kernel, padding=1).unflatten(1, (few, rows, columns))
    images: Tensor = pixels.permute(0, 1, 4, 2, 5, 3).flatten(2, 3).flatten(3, 4)
    top, left = padding
    return images[:, :, top : top + size[0], left : left + size[1]]


def input_gradient(slope: Tensor, weight: Tensor, images: Tensor, how: tuple[Any, ...]) -> Tensor:
    """The gradient of a convolution by its input.

    Args:
        slope: that comes in, of the convolution's output.
        weight: of the convolution.
        images: its input, only looked at for shape and layout.
        how: stride, padding, dilation, transposed, output padding, groups, as `torch.ops.aten.convolution` has them.
    """
    stride, padding, dilation, transposed, _, groups = how
    simple = images.dim() == 4 and not transposed and groups == 1 and set(dilation) == {1}
    if simple and pays(weight.shape[1], slope):
        return spread(slope, weight, (images.shape[2], images.shape[3]), stride, padding)
    gradient: Tensor = aten.convolution_backward(slope, images, weight, None, *how, (True, False, False))[0]
    return gradient


def convolve_to_few(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`F.conv2d` of stride 1 without padding, to the few channels of an image.

    Args:
        maps: (N, C, H, W).
        weight: (O, C, kernel, kernel).
        bias: (O,).

    Returns:
        (N, O, H - kernel + 1, W - kernel + 1).

    Example:
        >>> convolve_to_few(torch.ones(1, 8, 6, 6), torch.ones(1, 8, 3, 3), None).unique().item()
        72.0
    """
    channels, _, _, side = weight.shape
    count, width = len(maps), maps.shape[3] - side + 1
    if not pays(channels, maps) or width % COLUMNS:
        return F.conv2d(maps, weight, bias)
    # COLUMNS neighbouring kernels, each shifted by one, as one kernel of a convolution that steps over all of them.
    shifted = torch.stack([F.pad(weight, (by, COLUMNS - 1 - by)) for by in range(COLUMNS)], 1).flatten(0, 1)
    columns = F.conv2d(maps, shifted, stride=(1, COLUMNS)).unflatten(1, (channels, COLUMNS))
    images: Tensor = columns.permute(0, 1, 3, 4, 2).reshape(count, channels, -1, width)
    return images if bias is None else images + bias.view(-1, 1, 1)


class FromFew(Function):
    """A convolution of images, whose gradient by the images is `spread`."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, how: Any) -> Tensor:
        """Images (N, C, H, W) to maps; `how` as in `input_gradient`."""
        ctx.save_for_backward(images, weight)
        ctx.how, ctx.biases = how, None if bias is None else list(bias.shape)
        maps: Tensor = aten.convolution(images, weight, bias, *how)
        return maps

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        """By images, weight and bias, those that are wanted."""
        (images, weight), (slope,), wanted = ctx.saved_tensors, slopes, ctx.needs_input_grad[:3]
        by_images = input_gradient(slope, weight, images, ctx.how) if wanted[0] else None
        rest = (False, *wanted[1:])
        _, by_weight, by_bias = aten.convolution_backward(slope, images, weight, ctx.biases, *ctx.how, rest)
        return by_images, by_weight, by_bias, None


class SpreadToFew(Function):
    """A transposed convolution to images by `spread`; its gradients are torch's."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor | None, size: Any, how: Any) -> Tensor:
        """Maps (N, C, h, w) to images of `size`; `how` as in `input_gradient`, transposed."""
        ctx.save_for_backward(maps, weight)
        ctx.how, ctx.biases = how, None if bias is None else list(bias.shape)
        images = spread(maps, weight, size, how[0], how[1])
        return images if bias is None else images + bias.view(-1, 1, 1)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        """By maps, weight and bias, those that are wanted."""
        maps, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:3]
        gradients = aten.convolution_backward(slopes[0], maps, weight, ctx.biases, *ctx.how, wanted)
        return *gradients, None, None
