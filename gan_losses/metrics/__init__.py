"""How good the fakes are: features, distances between sets of images, copies, and rows to read the numbers by."""

from gan_losses.metrics.copies import Copies
from gan_losses.metrics.distances import Distances
from gan_losses.metrics.features import FEATURES, Extractor, Features, get_features
from gan_losses.metrics.ladder import Row, ladder
from gan_losses.metrics.quality import QualityMeter

__all__ = [
    "FEATURES",
    "Copies",
    "Distances",
    "Extractor",
    "Features",
    "QualityMeter",
    "Row",
    "get_features",
    "ladder",
]
