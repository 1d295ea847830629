"""The Feature Likelihood Divergence, computed by its authors' package."""

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gan_losses.errors import UsageError
from gan_losses.metrics.measure import Fakes, Measure, rows_of
from gan_losses.metrics.real import Real
from gan_losses.random import stream_seed

PACKAGE, MODULE = "git+https://github.com/marcojira/fld", "fld.metrics.FLD"


class Likelihood(Measure):
    """`fld`: how likely unseen real images are under a mixture of Gaussians around the fakes, lower is better.

    The Gaussians' widths are fitted to the training images, so a fake that copies one gets a width near 0 and explains
    nothing else: memorising costs. 100 times the negative log-likelihood per dimension, less that of a mixture around
    one half of the training images. The unseen images are those that the fakes are compared with, or the test images
    where fakes are compared with the training images. At most 10,000 fakes are used; memory grows with their number
    times that of the training images.

    Source: Jiralerspong et al. 2023, arXiv:2302.04440.
    """

    needs = frozenset({"rows"})

    def __init__(self, real: Real) -> None:
        super().__init__(real)
        self._metric = _imported()

    @property
    def names(self) -> tuple[str, ...]:
        """`fld`, in the extractor's spelling."""
        return (self.real.extractor.label("fld"),)

    def settings(self, fakes: int) -> Mapping[str, object]:
        """What is explained by what."""
        return {"fld_estimator": f"{MODULE}, widths from train, likelihood of {self._unseen.split}"}

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The divergence."""
        train, unseen = self.real.of("train").features, self._unseen.features
        with _seeded(), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Very high FLD")  # the value says so itself
            return (float(self._metric(eval_feat="test").compute_metric(train, unseen, rows_of(fakes))),)

    @property
    def _unseen(self) -> Real:
        return self.real.of("test") if self.real.split == "train" else self.real


def _imported() -> Any:
    try:
        return importlib.import_module(MODULE).FLD
    except ImportError as error:
        problem = f"metric 'fld' needs its authors' package, which cannot be imported ({error})"
        raise UsageError(f"{problem}: pip install {PACKAGE}, or leave 'fld' out.") from None


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """The global generator of numpy, which the package shuffles with, keyed inside and as it was afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(stream_seed(0, "likelihood") % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
