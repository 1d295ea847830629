"""The outermost layers, between images and maps: torch's layers with the same weights, faster on a processor."""

from torch import Tensor, nn
from torch.overrides import has_torch_function

from gan_losses.few_channels import FromFew, SpreadToFew, convolve_to_few, pays


class ImageToMaps(nn.Conv2d):
    """`nn.Conv2d` from images; zero padding, no groups.

    Example:
        >>> import torch
        >>> ImageToMaps(1, 8, 4, 2, 1)(torch.zeros(2, 1, 16, 16)).shape
        torch.Size([2, 8, 8, 8])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) to (N, maps, h, w)."""
        if has_torch_function((input,)) or not (input.requires_grad and pays(self.in_channels, input)):
            return super().forward(input)
        how = (list(self.stride), list(self.padding), list(self.dilation), False, [0, 0], self.groups)
        maps: Tensor = FromFew.apply(input, self.weight, self.bias, how)
        return maps


class MapsToImage(nn.Conv2d):
    """`nn.Conv2d` of stride 1 to images, without padding, dilation or groups.

    Example:
        >>> import torch
        >>> MapsToImage(8, 3, 7)(torch.zeros(2, 8, 22, 22)).shape
        torch.Size([2, 3, 16, 16])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, maps, h, w) to (N, C, H, W)."""
        return convolve_to_few(input, self.weight, self.bias)


class MapsToLargerImage(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` to images, without dilation, groups or output padding.

    Example:
        >>> import torch
        >>> MapsToLargerImage(8, 1, 4, 2, 1)(torch.zeros(2, 8, 8, 8)).shape
        torch.Size([2, 1, 16, 16])
    """

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(N, maps, h, w) to (N, C, H, W)."""
        if output_size is not None or not pays(self.out_channels, input):
            return super().forward(input, output_size)
        stride, padding = [list(map(int, pair)) for pair in (self.stride, self.padding)]
        height, width = (
            (side - 1) * step - 2 * edge + kernel
            for side, step, edge, kernel in zip(input.shape[2:], stride, padding, self.kernel_size, strict=True)
        )
        how = (stride, padding, [1, 1], True, [0, 0], 1)
        images: Tensor = SpreadToFew.apply(input, self.weight, self.bias, (height, width), how)
        return images


__all__ = ["ImageToMaps", "MapsToImage", "MapsToLargerImage"]
