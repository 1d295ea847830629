"""Stacked digits read one channel at a time by the classifier of digits: features, modes met, and how unevenly."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gan_losses.data.stacked import MODES
from gan_losses.errors import UsageError
from gan_losses.metrics.digits import load_digits_extractor
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.measure import Fakes, Measure, rows_of
from gan_losses.metrics.modes import kl_by_chance, kl_to_uniform, seen, seen_by_chance
from gan_losses.metrics.real import Real

CHANNELS = 3


class StackedExtractor(Extractor):
    """The digits' features of the three channels, one after another: 192 values.

    Example:
        >>> extractor = StackedExtractor()
        >>> features = extractor(torch.zeros(2, 3, 16, 16))
        >>> features.shape, extractor.modes(features).shape
        (torch.Size([2, 192]), torch.Size([2]))
    """

    name = "stacked-digits"

    def __init__(self) -> None:
        super().__init__()
        self.digits = load_digits_extractor()
        self.num_features = CHANNELS * self.digits.num_features
        self.resizer, self.weights_digest = self.digits.resizer, self.digits.weights_digest
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 3, H, W) in [-1, 1], H and W at least 16, to float32 (N, 192)."""
        features: Tensor = self.digits(images.flatten(0, 1).unsqueeze(1))
        return features.view(len(images), self.num_features)

    def modes(self, features: Tensor) -> Tensor:
        """Features (N, 192) to the number that the three digits make: int64 (N,) in 0 … 999."""
        each = features.view(len(features), CHANNELS, self.digits.num_features)
        figures = self.digits.classify(each).argmax(2)
        return figures @ torch.tensor([100, 10, 1], device=figures.device)


class StackedModes(Measure):
    """`stacked_modes` of 1,000, and `stacked_kl`, the KL of their shares to equal ones: published with 26,000 fakes.

    `stacked_modes` counts the modes that the classifier finds at least once; `stacked_kl` is `kl_to_uniform`, in nats. Perfect
    fakes have 1,000 and 0.0193 at 26,000, see `kl_by_chance`: compare at equal n only. Every fake counts for some mode,
    however bad it is, as in the papers.

    Sources: Metz et al. 2016, arXiv:1611.02163; Lin et al. 2017, arXiv:1712.04086.
    """

    needs = frozenset({"rows"})

    def __init__(self, real: Real) -> None:
        super().__init__(real)
        extractor = real.extractor
        if not isinstance(extractor, StackedExtractor):
            raise UsageError(
                f"metric 'stacked' reads stacked digits, and features {extractor.name!r} do not: leave it out."
            )
        self.reader = extractor

    @property
    def names(self) -> tuple[str, ...]:
        """`stacked_modes` and `stacked_kl`."""
        return ("stacked_modes", "stacked_kl")

    def settings(self, fakes: int) -> Mapping[str, object]:
        """What perfect fakes have on average."""
        perfect = f"{seen_by_chance(fakes, MODES):.1f} modes and KL {kl_by_chance(fakes, MODES):.4f}"
        return {"stacked": f"{fakes} perfect fakes have {perfect}"}

    @torch.no_grad()
    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """Both."""
        collection = self.real.collection
        parts = rows_of(fakes).split(collection.batch_size)
        modes = torch.cat([self.reader.modes(part.to(collection.device)).cpu() for part in parts])
        return float(seen(modes)), kl_to_uniform(modes, MODES)
