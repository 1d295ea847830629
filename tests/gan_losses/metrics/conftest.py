import pytest
import torch

from gan_losses.data import DataSet, Split, load_data
from gan_losses.metrics import Extractor, QualityMeter, get_features
from gan_losses.metrics.real import Collection, Real
from gan_losses.random import keyed_generator


class Pixels(Extractor):
    """Features that are the pixels themselves, so that nothing depends on what a batch is."""

    name, resizer, weights_digest = "pixels", "none", "0" * 16
    has_logits = True

    def __init__(self, num_features, costly=False):
        super().__init__()
        self.num_features, self.costly, self.calls = num_features, costly, 0

    def forward(self, images):
        self.calls += 1
        return images.flatten(1)

    def logits(self, features):
        return 3 * features[:, :4]


def album(sizes=(40, 20, 20), channels=1, side=4, classes=(), name="album"):
    """Noise, each split its own."""
    parts = []
    for part, size in enumerate(sizes):
        random = keyed_generator(0, f"test/{name}", part)
        images = torch.randint(256, (size, channels, side, side), dtype=torch.uint8, generator=random)
        labels = torch.randint(len(classes), (size,), generator=random) if classes else None
        parts.append(Split({"image": images}, labels))
    return DataSet(name, *parts, classes=tuple(classes), digest=name)


@pytest.fixture(scope="session")
def pixels():
    return Pixels


@pytest.fixture(scope="session")
def make_album():
    return album


@pytest.fixture(scope="session")
def against():
    """Features -> the real side that they make."""

    def make(features):
        collection = Collection(Pixels(features.shape[1]), album(), "cpu", 256, None)
        return Real(collection, "test", "image", features)

    return make


@pytest.fixture(scope="session")
def features():
    """Correlated float64 features (count, width)."""

    def make(count, width, key=0, shift=0.0):
        random = keyed_generator(0, "test/features", key)
        mixing = torch.randn(width, width, generator=random, dtype=torch.float64)
        return torch.randn(count, width, generator=random, dtype=torch.float64) @ mixing + shift

    return make


@pytest.fixture(scope="session")
def digits():
    return load_data("digits", 16)


@pytest.fixture(scope="session")
def meter(digits):
    return QualityMeter(get_features("digits", channels=1), digits)
