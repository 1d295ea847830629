"""Features of plain and striped animals: a small network that reads scenes, whose weights ship with the package."""

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.data.shapes import FACTORS
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.shipped import load_shipped

WEIGHTS = Path(__file__).with_name("shapes.safetensors")
FACTS = Path(__file__).with_name("shapes.json")
SIDE = 48
COMMAND = "python -m gan_losses.metrics.train_shapes"
HEADS = {**FACTORS, "striped": 2}


class ShapesExtractor(Extractor):
    """A convolutional reader of 48 x 48 scenes of `shapes2stripes`; its features are the 64 values under linear heads.

    The heads read the kind of the animal, the ground, which way it faces, and whether it is striped. In training there
    was one more, which read how much a picture had been blurred, disturbed by noise and shifted in colour: a distance
    in these features is to feel bad stripes and not only missing ones.

    As with the digits, the features have no ReLU, and each has mean 0 and variance 1 over the training scenes, plain
    and striped. Images of other sizes are brought to 48 x 48 by bilinear interpolation, antialiased where it reduces;
    values of different image sizes are not comparable, since this dims stripes.

    Example:
        >>> import torch
        >>> extractor = load_shapes_extractor()
        >>> features = extractor(torch.zeros(2, 3, 64, 64))
        >>> features.shape, list(extractor.factors(features))
        (torch.Size([2, 64]), ['kind', 'ground', 'facing'])
    """

    name = "shapes"
    num_features = 64
    resizer = "bilinear, antialiased, to 48 x 48"

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(12, 24, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.embedding = nn.Linear(32 * 6 * 6, self.num_features)
        self.heads = nn.Linear(self.num_features, sum(HEADS.values()))

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 3, H, W) in [-1, 1], H and W at least 16, to float32 (N, 64)."""
        if images.shape[-2:] != (SIDE, SIDE):
            images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        features: Tensor = self.embedding(self.convolutions(images))
        return features

    def read(self, features: Tensor) -> dict[str, Tensor]:
        """Features (N, 64) to the logits of each head: name in `HEADS` -> float32 (N, number of its values)."""
        logits = self.heads(features).split(list(HEADS.values()), dim=1)
        return dict(zip(HEADS, logits, strict=True))

    def factors(self, features: Tensor) -> dict[str, Tensor]:
        """Kind, ground and facing, int64 (N,) each; not whether it is striped, which a translation has to change."""
        return {name: logits.argmax(dim=1) for name, logits in self.read(features).items() if name in FACTORS}


def load_shapes_extractor(weights: Path = WEIGHTS, facts: Path = FACTS) -> ShapesExtractor:
    """The extractor with its shipped weights, in eval mode and without gradients of its own.

    Args:
        weights: the safetensors file.
        facts: the JSON file beside it, with the weights' digest.

    Raises:
        UsageError: if a file is missing or damaged, or if the weights are not those that the JSON file describes.
    """
    return load_shipped(ShapesExtractor, weights, facts, COMMAND)
