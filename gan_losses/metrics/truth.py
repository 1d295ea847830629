"""Features of the pictures of `truth`: a small network that reads all that is in them, whose weights ship with the package."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.data.truth import factors_of
from gan_losses.data.truth_drawing import COUNTS, SHAPES, SIZES, Scenes, periods
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.shipped import load_shipped

WEIGHTS = Path(__file__).with_name("truth.safetensors")
FACTS = Path(__file__).with_name("truth.json")
SIDE = 32
COMMAND = "python -m gan_losses.metrics.train_truth"
ANGLED = (2, 3, 4)  # the periods at which an angle can be read
HEADS = {"shape": len(SHAPES), "count": len(COUNTS), "middle": 2, "size": 1, "angle": 6, "colour": 3, "ground": 3}
SPREAD = 0.17  # of the middle, so that what is read is within about [-1, 1]


class TruthExtractor(Extractor):
    """A convolutional reader of 32 x 32 pictures of `truth`; its features are the 64 values under linear heads.

    The heads read shape and count as classes, and middle, size, angle, colour and ground as numbers; the angle as cosine and sine
    of it times each possible period. In training there was one more, which read how much a picture had been blurred
    and disturbed by noise: a distance in these features is to feel that too. As with the digits, the features have no
    ReLU, and each has mean 0 and variance 1 over pictures of 32 pixels. Images of other sizes are brought to 32 x 32 by
    bilinear interpolation, antialiased where it reduces; values of different image sizes are not comparable.

    Its `num_classes` are the shapes.

    Example:
        >>> import torch
        >>> extractor = load_truth_extractor()
        >>> features = extractor(torch.zeros(2, 3, 16, 16))
        >>> features.shape, list(extractor.factors(features))
        (torch.Size([2, 64]), ['shape', 'count', 'colour', 'ground'])
    """

    name = "truth"
    num_features = 64
    num_classes = len(SHAPES)
    resizer = "bilinear, antialiased, to 32 x 32"

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, 16, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.embedding = nn.Linear(32 * 4 * 4, self.num_features)
        self.heads = nn.Linear(self.num_features, sum(HEADS.values()))

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 3, H, W) in [-1, 1], H and W at least 16, to float32 (N, 64)."""
        if images.shape[-2:] != (SIDE, SIDE):
            images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        features: Tensor = self.embedding(self.convolutions(images))
        return features

    def read(self, features: Tensor) -> dict[str, Tensor]:
        """Features (N, 64) to what each head says: name in `HEADS` -> float32 (N, its length)."""
        return dict(zip(HEADS, self.heads(features).split(list(HEADS.values()), dim=1), strict=True))

    def classify(self, features: Tensor) -> Tensor:
        """Features (N, 64) to the logits (N, 4) of the shapes."""
        return self.read(features)["shape"]

    def scenes(self, features: Tensor, rank: int = 0) -> Scenes:
        """What the pictures show, as read, in float32: a first guess that a search for the best fit starts from.

        Args:
            features: (N, 64).
            rank: which shape is supposed, 0 the likeliest.
        """
        told = self.read(features)
        shape, count = told["shape"].argsort(1, descending=True)[:, rank], told["count"].argmax(1)
        period = periods(shape, count)
        turns = told["angle"].view(-1, len(ANGLED), 2)[torch.arange(len(shape)), (period - ANGLED[0]).clamp(min=0)]
        return Scenes(
            shape,
            count,
            0.5 + SPREAD * told["middle"],
            torch.atan2(turns[:, 1], turns[:, 0]) / period,
            1 + (SIZES[1] - 1) * told["size"][:, 0].clamp(-1.5, 1.5),
            (1 + told["colour"]) / 2,
            (1 + told["ground"]) / 2,
        )

    def factors(self, features: Tensor) -> dict[str, Tensor]:
        """Shape, count, colour and ground, int64 (N,) each, as the network alone reads them."""
        return factors_of(self.scenes(features))


def load_truth_extractor(weights: Path = WEIGHTS, facts: Path = FACTS) -> TruthExtractor:
    """The extractor with its shipped weights, in eval mode and without gradients of its own.

    Args:
        weights: the safetensors file.
        facts: the JSON file beside it, with the weights' digest.

    Raises:
        UsageError: if a file is missing or damaged, or if the weights are not those that the JSON file describes.
    """
    return load_shipped(TruthExtractor, weights, facts, COMMAND)
