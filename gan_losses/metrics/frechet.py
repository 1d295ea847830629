"""The Fréchet distance of two sets of features."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from gan_losses.metrics.measure import Fakes, Measure
from gan_losses.metrics.moments import Moments

PANEL = 256  # columns of a triangular product that are multiplied at once

# numpy from here on: its products and its eigenvalues share their threads. Those of torch and numpy would each keep the cores
# busy while they wait for more to do.
Array = NDArray[np.float64]


def frechet_distance(real: Moments, fake: Moments) -> float:
    """Squared Fréchet distance of the normal distributions that have these moments.

    With means μ and covariances Σ::

        |μ_r - μ_f|² + tr(Σ_r + Σ_f - 2 (Σ_r Σ_f)^½)

    It is 0 or more and biased upwards by small n: compare at equal n only. Up to n = width the covariances are
    singular; the value still exists and reads high. The trace of the root is a sum of singular values: of Σ_r's and
    Σ_f's factors' product, so that all matrices stay symmetric and no root of a rounding error is taken for each of the
    directions that n < width vectors do not span.

    Source: Heusel et al. 2017, arXiv:1706.08500.

    Args:
        real: its root is computed once and kept.
        fake: of the same width.

    Returns:
        The distance, in squared units of the features; NaN if a moment is not finite.

    Example:
        >>> from gan_losses.metrics.moments import MomentStream
        >>> stream, shifted = MomentStream(2), MomentStream(2)
        >>> corners = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
        >>> stream.update(corners)
        >>> shifted.update(corners + torch.tensor([3.0, 4.0]))
        >>> round(frechet_distance(stream.moments(), shifted.moments()), 6)  # the squared distance of the means
        25.0
    """
    known = (real.mean - fake.mean).square().sum() + real.trace + fake.trace
    if not torch.isfinite(known):
        return math.nan
    return max(float(known - 2 * _trace_of_root(real, fake)), 0.0)  # below 0 by rounding alone


def _trace_of_root(real: Moments, fake: Moments) -> float:
    if real.factor is not None and fake.factor is not None:
        across = real.factor.numpy() @ fake.factor.numpy().T
        across = across if len(across) < across.shape[1] else across.T
        product = across @ across.T
    elif fake.factor is not None:
        across = _through(fake.factor.numpy(), real.root.numpy(), real.triangular)
        product = across @ across.T
    elif real.factor is not None:
        product = _half(real.factor.numpy() @ fake.covariance.numpy(), real.factor.numpy())
    else:
        product = _between(real.root.numpy(), fake.covariance.numpy(), real.triangular)
    values = np.linalg.eigvalsh(product)  # of the lower half
    return float(np.sqrt(values.clip(min=0)).sum())


def _through(factor: Array, root: Array, triangular: bool) -> Array:
    """The product factor root; a triangular root needs half of the work only."""
    if not triangular:
        return factor @ root
    product = np.empty((len(factor), len(root)))
    for columns in _panels(len(root)):
        product[:, columns] = factor[:, columns.start :] @ root[columns.start :, columns]
    return product


def _between(root: Array, covariance: Array, triangular: bool) -> Array:
    """rootᵀ covariance root, of which a triangular root needs the lower half only."""
    if not triangular:
        return _half(root.T @ covariance, root.T)
    product = np.zeros_like(covariance)
    for columns in _panels(len(root)):
        half = covariance[columns.start :, columns.start :] @ root[columns.start :, columns]
        for rows in _panels(len(root)):
            if rows.start >= columns.start:
                product[rows, columns] = root[rows.start :, rows].T @ half[rows.start - columns.start :]
    return product


def _half(left: Array, right: Array) -> Array:
    """The lower half of left rightᵀ, a symmetric matrix."""
    product = np.zeros((len(left), len(left)))
    for columns in _panels(len(left)):
        product[columns.start :, columns] = left[columns.start :] @ right[columns].T
    return product


def _panels(width: int) -> Iterator[slice]:
    return (slice(start, min(start + PANEL, width)) for start in range(0, width, PANEL))


class Frechet(Measure):
    """`fid`: see `frechet_distance`. 0 is best; of equal n only."""

    needs = frozenset({"moments"})

    @property
    def names(self) -> tuple[str, ...]:
        """`fid`, in the extractor's spelling."""
        return (self.real.extractor.label("fid"),)

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The distance of the fakes' moments to the real ones."""
        assert fakes.moments is not None
        return (frechet_distance(self.real.moments, fakes.moments),)
