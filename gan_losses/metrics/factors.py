"""The exact metrics of `truth`: what its fakes show is read from them, and not guessed from features."""

from collections.abc import Mapping
from functools import cached_property

from gan_losses.data.truth import MODES
from gan_losses.errors import UsageError
from gan_losses.metrics.measure import Fakes, Measure
from gan_losses.metrics.modes import kl_by_chance, kl_to_uniform, seen, seen_by_chance
from gan_losses.metrics.real import Real
from gan_losses.metrics.truth import TruthExtractor, load_truth_extractor
from gan_losses.metrics.truth_reading import TOLERANCE, read

FEATURES = "truth"


class Factors(Measure):
    """Precision, coverage and modes of pictures of `truth`, exact up to the reading; see `read`.

    - `truth_precision`: share of fakes that are possible pictures: within 8 grey levels (root mean square) of a scene that is drawn.
    - `truth_residual`: the median of that distance, in grey levels of 255. By itself it is no quality: an empty
      picture, a shape of the ground's colour, leaves nothing either.
    - `truth_modes`: how many of the 1,152 modes the possible ones meet.
    - `truth_coverage`: that number over what as many perfect fakes as all of these meet on average, `seen_by_chance`:
      about 1 is perfect.
    - `truth_kl`: KL of the modes' shares among the possible ones to equal shares, in nats, less what sampling alone does
      at their number, `kl_by_chance`: about 0 is perfect; NaN if none is possible.

    Of more than 2,000 fakes so many are read. After Lucic et al. 2017, arXiv:1711.10337.
    """

    needs = frozenset({"images"})

    def __init__(self, real: Real) -> None:
        super().__init__(real)
        data = real.collection.data
        if data.features != FEATURES:
            raise UsageError(
                f"metric 'factors' reads the pictures of data truth, and data {data.name!r} came: leave it out."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The five."""
        return ("truth_precision", "truth_residual", "truth_modes", "truth_coverage", "truth_kl")

    def settings(self, fakes: int) -> Mapping[str, object]:
        """The tolerance."""
        return {
            "factors": f"possible within {TOLERANCE:g} of 255 levels, root mean square; coverage and KL of {MODES} modes"
        }

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """Of the fakes that were kept."""
        assert fakes.images is not None
        found = read(self._reader, fakes.images.to(self.real.collection.device))
        modes = found.modes[found.possible].cpu()
        met = seen(modes)
        excess = kl_to_uniform(modes, MODES) - kl_by_chance(max(1, len(modes)), MODES)
        coverage = met / seen_by_chance(len(fakes.images), MODES)
        precision = float(found.possible.double().mean())
        return precision, float(found.residual.median()), float(met), coverage, excess

    @cached_property
    def _reader(self) -> TruthExtractor:
        return load_truth_extractor().to(self.real.collection.device)
