"""Fréchet and kernel distance between two sets of features, computed by torchmetrics in float64."""

import warnings

import torch
from torch import Tensor, nn

import gan_losses._torchvision  # noqa: F401  (before torchmetrics)
from gan_losses.random import stream_seed

# isort: split
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

KERNEL_LIMIT = 4000


class Distances:
    """The distances of fake features to one set of real ones, whose statistics are taken once.

    Fréchet distance between two normal distributions with the sets' means and (unbiased) covariances::

        |μ_r - μ_f|² + tr(Σ_r + Σ_f - 2 (Σ_r Σ_f)^½)

    It is 0 or more and biased upwards by small n: compare at equal n only, and with the floor that `ladder` gives.
    From n up to the number of features the covariances are singular; the value still exists and reads high.

    Kernel distance: squared maximum mean discrepancy, unbiased (so it may be negative), with the kernel
    (x·y / d + 1)³, over all pairs of min(n_real, n_fake) samples a side, or of 4,000 where there are more, because its
    memory grows with the square.

    Sources: Heusel et al. 2017, arXiv:1706.08500 (FID); Bińkowski et al. 2018, arXiv:1801.01401 (KID).

    Args:
        real: features (n_real, d), n_real at least 2.

    Example:
        >>> corners = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
        >>> frechet, kernel = Distances(corners)(corners + torch.tensor([3.0, 4.0]))
        >>> round(frechet, 6)  # equal covariances, so the squared distance of the means
        25.0
    """

    def __init__(self, real: Tensor) -> None:
        given = _Given(real.shape[1])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*will save all extracted features.*")  # as intended
            kernel = KernelInceptionDistance(feature=given, subsets=1, reset_real_features=False)
        frechet = FrechetInceptionDistance(feature=given, reset_real_features=False)
        self._metrics = [metric.set_dtype(torch.float64) for metric in (frechet, kernel)]
        self._count = len(real)
        for metric in self._metrics:
            metric.update(real.double(), real=True)

    def __call__(self, fake: Tensor) -> tuple[float, float]:
        """Fréchet and kernel distance of `fake` (n_fake, d), n_fake at least 2."""
        frechet, kernel = self._metrics
        kernel.subset_size = min(len(fake), self._count, KERNEL_LIMIT)
        for metric in self._metrics:
            metric.reset()  # the fakes only
            metric.update(fake.double(), real=False)
        # torchmetrics permutes the samples with the global generator, which must neither change the value nor be moved.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(0, "kernel-distance"))
            mean, _ = kernel.compute()
        return max(float(frechet.compute()), 0.0), float(mean)  # below 0 by rounding alone


class _Given(nn.Identity):
    """Stands where torchmetrics expects a network: the features are there already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
