"""The share of copies as a metric."""

from collections.abc import Mapping

from gan_losses.metrics.copies import LIMIT
from gan_losses.metrics.measure import Fakes, Measure


class CopyRate(Measure):
    """`copy_rate`: see `Copies`; about 0.01 is as real images have."""

    needs = frozenset({"images"})

    @property
    def names(self) -> tuple[str, ...]:
        """`copy_rate`: it needs no features."""
        return ("copy_rate",)

    def settings(self, fakes: int) -> Mapping[str, object]:
        """From how many images."""
        test = self.real.of("test").count
        return {"copies": f"threshold from {min(test, LIMIT)} test images, {min(fakes, LIMIT)} fakes"}

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The share among the fakes that were kept."""
        if fakes.nearest is not None:
            return (self.real.copies.rate_of(fakes.nearest),)
        assert fakes.images is not None
        return (self.real.copies.rate(fakes.images),)
