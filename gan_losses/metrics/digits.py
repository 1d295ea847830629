"""Features of handwritten digits: a small classifier whose weights ship with the package."""

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.shipped import load_shipped

WEIGHTS = Path(__file__).with_name("digits.safetensors")
FACTS = Path(__file__).with_name("digits.json")
SIDE = 16
COMMAND = "python -m gan_losses.metrics.train_digits"


class DigitsExtractor(Extractor):
    """A convolutional classifier of 16 x 16 digits; its features are the 64 values under the linear classifier.

    They are taken without a ReLU, and each has mean 0 and variance 1 over the training images: a ReLU would make half
    of them exactly 0, far from the Gaussian that a Fréchet distance supposes, and unequal variances would let a few of
    them decide. Images larger than 16 x 16 are reduced by antialiased bilinear interpolation.

    Example:
        >>> import torch
        >>> extractor = load_digits_extractor()
        >>> extractor(torch.zeros(2, 1, 32, 32)).shape
        torch.Size([2, 64])
    """

    name = "digits"
    num_features = 64
    num_classes = 10
    resizer = "bilinear, antialiased, to 16 x 16"

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(48, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.embedding = nn.Linear(64 * 4 * 4, self.num_features)
        self.classifier = nn.Linear(self.num_features, self.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 1, H, W) in [-1, 1], H and W at least 16, to float32 (N, 64)."""
        if images.shape[-2:] != (SIDE, SIDE):
            images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        features: Tensor = self.embedding(self.convolutions(images))
        return features

    def classify(self, features: Tensor) -> Tensor:
        """Features (N, 64) to the logits (N, 10) of the digits 0 … 9."""
        logits: Tensor = self.classifier(features)
        return logits


def load_digits_extractor(weights: Path = WEIGHTS, facts: Path = FACTS) -> DigitsExtractor:
    """The extractor with its shipped weights, in eval mode and without gradients of its own.

    Args:
        weights: the safetensors file.
        facts: the JSON file beside it, with the weights' digest.

    Raises:
        UsageError: if a file is missing or damaged, or if the weights are not those that the JSON file describes.
    """
    return load_shipped(DigitsExtractor, weights, facts, COMMAND)
