"""How good the fakes are: features, distances between sets of images, copies, and rows to read the numbers by."""

from gan_losses.metrics.copies import Copies
from gan_losses.metrics.features import FEATURES, Extractor, Features, get_features
from gan_losses.metrics.frechet import frechet_distance
from gan_losses.metrics.ladder import Row, ladder
from gan_losses.metrics.measure import Fakes, Measure
from gan_losses.metrics.moments import Moments, MomentStream
from gan_losses.metrics.quality import QualityMeter
from gan_losses.metrics.registry import DEFAULT, METRICS, Metric
from gan_losses.metrics.weights import Place

__all__ = [
    "DEFAULT",
    "FEATURES",
    "METRICS",
    "Copies",
    "Extractor",
    "Fakes",
    "Features",
    "Measure",
    "Metric",
    "MomentStream",
    "Moments",
    "Place",
    "QualityMeter",
    "Row",
    "frechet_distance",
    "get_features",
    "ladder",
]
