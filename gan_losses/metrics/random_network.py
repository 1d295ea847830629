"""Features for images of any kind: a convolutional network with random weights, always the same ones."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.random import keyed_generator

SLOPE = 0.2
GAIN = 3.0  # brings the features' mean square over real images near 1, where the kernel distance is at home


class RandomExtractor(Extractor):
    """Four strided convolutions with fixed random weights; features are each layer's channel means times 3.

    Nothing was trained, so a distance in these features compares colours, edges and textures at four scales and knows
    nothing of objects. It is never to be called FID without its name: `fid[random]`. Values of different image sizes
    are not comparable, since nothing is resized.

    Args:
        channels: of the images.

    Example:
        >>> RandomExtractor(3)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 64])
    """

    name = "random"
    num_features = 64
    resizer = "none"

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [channels, 16, 16, 16, 16]
        self.layers = nn.ParameterList(
            _he_uniform(widths[depth + 1], widths[depth], depth) for depth in range(len(widths) - 1)
        )
        self.weights_digest = weights_digest(self.state_dict())
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, C, H, W) in [-1, 1], H and W at least 16, to float32 (N, 64)."""
        values, means = images, []
        for weight in self.layers:
            values = F.leaky_relu(F.conv2d(values, weight, stride=2, padding=1), SLOPE)
            means.append(values.mean(dim=(2, 3)))
        return GAIN * torch.cat(means, dim=1)


def _he_uniform(outputs: int, inputs: int, depth: int) -> Tensor:
    # Uniform and not normal or orthogonal numbers: those go through functions that differ between processors.
    bound = math.sqrt(6 / ((1 + SLOPE**2) * inputs * 9))
    generator = keyed_generator(0, "features/random", inputs, depth)
    return torch.rand(outputs, inputs, 3, 3, generator=generator).mul_(2).sub_(1).mul_(bound)
