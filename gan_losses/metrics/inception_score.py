"""The Inception Score, kept only to compare with old tables."""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.metrics.measure import Fakes, Measure, rows_of
from gan_losses.metrics.real import Real

SPLITS, SEED = 10, 2020


class InceptionScore(Measure):
    """`is`: how sure the classifier is of each fake, and how many classes it finds in all of them.

    With p(y|x) the softmax of the logits, the mean over 10 parts of the fakes, shuffled as torch-fidelity does, of::

        exp mean_x KL(p(y|x) || mean_x p(y|x))

    From 1 (worst) to the number of classes. It never looks at the real images: not for ranking.

    Source: Salimans et al. 2016, arXiv:1606.03498.
    """

    needs = frozenset({"rows"})

    def __init__(self, real: Real) -> None:
        super().__init__(real)
        if not real.extractor.has_logits:
            problem = f"metric 'is' needs features with logits, and {real.extractor.name!r} have none"
            raise UsageError(f"{problem}: use features inception, or leave 'is' out.")

    @property
    def names(self) -> tuple[str, ...]:
        """`is`, in the extractor's spelling."""
        return (self.real.extractor.label("is"),)

    def settings(self, fakes: int) -> Mapping[str, object]:
        """How the fakes are shuffled and cut."""
        return {"is_estimator": f"mean of {SPLITS} parts, shuffled as torch-fidelity does from seed {SEED}"}

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The score; NaN of fewer fakes than parts."""
        rows = rows_of(fakes)
        if len(rows) < SPLITS:
            return (math.nan,)
        # numpy's generator, as in torch-fidelity: which fakes make up a part matters to the third digit.
        order = torch.from_numpy(np.random.RandomState(SEED).permutation(len(rows)))
        bounds = [number * len(rows) // SPLITS for number in range(SPLITS + 1)]
        parts = (self._logits(rows[order[start:end]]) for start, end in pairwise(bounds))
        return (float(np.mean([inception_score(logits) for logits in parts])),)

    @torch.no_grad()
    def _logits(self, rows: Tensor) -> Tensor:
        collection = self.real.collection
        batches = rows.split(collection.batch_size)
        return torch.cat([collection.extractor.logits(batch.to(collection.device)).cpu() for batch in batches])


def inception_score(logits: Tensor) -> float:
    """The exponential of the mean Kullback-Leibler divergence of each row's softmax from their mean, in float64.

    Args:
        logits: (n, classes), n at least 1.

    Example:
        >>> round(inception_score(torch.tensor([[50.0, 0.0], [0.0, 50.0]])), 6)  # sure, and of both classes
        2.0
    """
    logs = logits.double().log_softmax(dim=1)
    shares = logs.exp()
    return float((shares * (logs - shares.mean(dim=0).log())).sum(dim=1).mean().exp())
