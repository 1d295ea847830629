"""The metrics by name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gan_losses.errors import unknown_name
from gan_losses.metrics.copy_rate import CopyRate
from gan_losses.metrics.factors import Factors
from gan_losses.metrics.frechet import Frechet
from gan_losses.metrics.inception_score import InceptionScore
from gan_losses.metrics.kernel import Kernel
from gan_losses.metrics.likelihood import Likelihood
from gan_losses.metrics.measure import Measure
from gan_losses.metrics.neighbours import Neighbours
from gan_losses.metrics.real import Real
from gan_losses.metrics.shares import ClassShares
from gan_losses.metrics.stacked import StackedModes


@dataclass(frozen=True)
class Metric:
    """One entry of the registry.

    Attributes:
        make: the real images -> a `Measure`.
        summary: one line for `--list`.
        along: whether it is also measured on validation during training.
        asked: whether it is measured only where the user asks for it.
        ladder: whether it is measured of images of known quality too.
        of_features: whether its value depends on the extractor, whose name then stands in the value's name.
        of_logits: whether it needs an extractor with logits.
        selects: whether the best weights may be chosen by its lowest value on validation.
    """

    make: Callable[[Real], Measure]
    summary: str
    along: bool = False
    asked: bool = False
    ladder: bool = True
    of_features: bool = True
    of_logits: bool = False
    selects: bool = False


METRICS: dict[str, Metric] = {
    "fid": Metric(Frechet, "Fréchet distance between the features of fakes and real images", along=True, selects=True),
    "kid": Metric(
        Kernel, "kernel distance (squared MMD, unbiased) between the same features", along=True, selects=True
    ),
    "copies": Metric(
        CopyRate, "share of fakes as near to a training image as 1 % of test images", along=True, of_features=False
    ),
    "classes": Metric(
        ClassShares,
        "share of fakes of each class, where the features know the classes",
        along=True,
        ladder=False,
        of_features=False,
    ),
    "prdc": Metric(Neighbours, "precision, recall, density and coverage by nearest neighbours of features", asked=True),
    "is": Metric(InceptionScore, "Inception Score, only to compare with old tables", asked=True, of_logits=True),
    "factors": Metric(
        Factors,
        "what fakes of data truth show: exact precision, coverage and modes",
        asked=True,
        ladder=False,
        of_features=False,
    ),
    "stacked": Metric(
        StackedModes, "modes of stacked digits that are met, of 1,000, and how evenly", asked=True, of_features=False
    ),
    "fld": Metric(
        Likelihood, "likelihood of unseen images around the fakes, by its authors' package", asked=True, ladder=False
    ),
}
DEFAULT = tuple(name for name, metric in METRICS.items() if not metric.asked)


def make_measures(names: Iterable[str], real: Real) -> dict[str, Measure]:
    """The metrics of these names against `real`: name -> measure, in the registry's order.

    Raises:
        UsageError: on an unknown name, or if one cannot be measured with the extractor and the data.
    """
    asked = list(names)
    for name in asked:
        if name not in METRICS:
            raise unknown_name("metric", name, METRICS)
    return {name: metric.make(real) for name, metric in METRICS.items() if name in asked}
