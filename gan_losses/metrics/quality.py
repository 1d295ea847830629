"""One score card for a batch of fakes: distances to the real images, copies, classes."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Split, resized, to_float, to_uint8
from gan_losses.errors import UsageError
from gan_losses.metrics.copies import Copies
from gan_losses.metrics.distances import KERNEL_LIMIT, Distances
from gan_losses.metrics.extractor import Extractor

BATCH_SIZE = 256


class QualityMeter:
    """Measures fakes against the real images of a data set; what concerns the real ones is computed once and kept.

    Args:
        extractor: what features the distances are taken in.
        data: the real images; the training images serve the search for copies.
        device: where features and pixel distances are computed, in float32. Statistics are taken in float64.

    Example:
        >>> from gan_losses.data import load_data
        >>> from gan_losses.metrics.features import get_features
        >>> meter = QualityMeter(get_features("digits", channels=1), load_data("digits", 16))
        >>> scores = meter.score("validation", torch.zeros(meter.count("validation"), 1, 16, 16))
        >>> list(scores)[:5]
        ['fid[digits]', 'kid[digits]', 'copy_rate', 'share[0]', 'share[1]']
    """

    def __init__(self, extractor: Extractor, data: DataSet, device: torch.device | str = "cpu") -> None:
        self.extractor, self.data, self.device = extractor.to(device), data, torch.device(device)
        # Per instance: a cache on the methods themselves would keep every meter alive.
        self._images = cache(lambda split, domain: resized(_part(data, split).images[domain], data.image_size))
        self._features = cache(lambda split, domain: self._extract(self.images(split, domain)))
        self._distances = cache(lambda split, domain: Distances(self._features(split, domain)))
        self._copies = cache(
            lambda domain: Copies(self.images("train", domain), self.images("test", domain), self.device)
        )

    def count(self, split: str, domain: str | None = None) -> int:
        """How many real images of `domain` the split has, and so how many fakes it is to be compared with."""
        return len(self.images(split, domain))

    def images(self, split: str, domain: str | None = None) -> Tensor:
        """The real images, as large as the GAN sees them: uint8 (N, C, H, W)."""
        return self._images(split, self._domain(domain))

    def features(self, split: str, domain: str | None = None) -> Tensor:
        """The real images' features: float64 (N, num_features) on the CPU."""
        return self._features(split, self._domain(domain))

    def copies(self, domain: str | None = None) -> Copies:
        """The search for copies of the training images of `domain`."""
        return self._copies(self._domain(domain))

    def score(self, split: str, fakes: Tensor, domain: str | None = None) -> dict[str, float]:
        """How good `fakes` are, after rounding to 8 bits as if they had been saved.

        The metrics: `fid[<features>]` and `kid[<features>]` (see `Distances`; 0 is best; of equal n only),
        `copy_rate` (see `Copies`; about 0.01 is as real images have), and `share[<class>]`, the share of fakes that the
        extractor takes for that class, where it knows the data's classes.

        Args:
            split: "train", "validation" or "test", the real images to compare with.
            fakes: floats (n, C, H, W) in [-1, 1] on any device; n should be `count(split, domain)`.
            domain: of the fakes; may be left out if the data set has one only.

        Returns:
            metric -> value; NaN for all if a fake is not finite or if there are fewer than two.

        Raises:
            ValueError: if the fakes' shape is not that of the data's images.
        """
        domain = self._domain(domain)
        if fakes.shape[1:] != self.images(split, domain).shape[1:]:
            expected = tuple(self.images(split, domain).shape[1:])
            raise ValueError(f"fakes of shape {tuple(fakes.shape[1:])} came, images of {expected} were expected.")
        if len(fakes) < 2 or not torch.isfinite(fakes).all():
            return dict.fromkeys(self.metrics + self._shares, torch.nan)
        saved = to_uint8(fakes.detach())
        features = self._extract(saved)
        values = [*self._distances(split, domain)(features), self.copies(domain).rate(saved)]
        return dict(zip(self.metrics, values, strict=True)) | self._class_shares(features)

    @property
    def metrics(self) -> list[str]:
        """The names of both distances and of the share of copies."""
        return [f"fid[{self.extractor.name}]", f"kid[{self.extractor.name}]", "copy_rate"]

    def passport(self, split: str, fakes: Mapping[str, int]) -> dict[str, object]:
        """All that a value of `score` depends on beside the fakes; values with different passports do not compare.

        Args:
            split: as in `score`.
            fakes: domain -> how many fakes are scored. With one domain its numbers stand for themselves, with several
                they are given by domain.
        """
        real = {domain: self.count(split, domain) for domain in fakes}
        pairs = {
            domain: f"unbiased, all pairs of {min(real[domain], count, KERNEL_LIMIT)}, kernel (x·y / d + 1)³"
            for domain, count in fakes.items()
        }
        return {
            "extractor": self.extractor.name,
            "weights_digest": self.extractor.weights_digest,
            "resizer": self.extractor.resizer,
            "num_features": self.extractor.num_features,
            "split": split,
            "domain": ", ".join(fakes),
            "n_real": _plain(real),
            "n_fake": _plain(fakes),
            "image_size": self.data.image_size,
            "channels": self.data.channels,
            "dtype": "float64",
            "quantised": True,
            "kid_estimator": _plain(pairs),
            "torchmetrics": version("torchmetrics"),
            "data_digest": self.data.digest,
        }

    def _domain(self, domain: str | None) -> str:
        known = self.data.domains
        if domain is None and len(known) == 1:
            return known[0]
        if domain not in known:
            raise UsageError(
                f"data {self.data.name!r} has the domains {', '.join(known)}, and {domain!r} was asked for."
            )
        return domain

    @torch.no_grad()
    def _extract(self, images: Tensor) -> Tensor:
        """uint8 (n, C, H, W) to float64 (n, num_features) on the CPU (not every device has float64)."""
        batches = [self.extractor(to_float(batch.to(self.device))) for batch in images.split(BATCH_SIZE)]
        return torch.cat(batches).cpu().double()

    @property
    def _shares(self) -> list[str]:
        knows = self.data.classes and self.extractor.num_classes == len(self.data.classes)
        return [f"share[{name}]" for name in self.data.classes] if knows else []

    @torch.no_grad()
    def _class_shares(self, features: Tensor) -> dict[str, float]:
        if not self._shares:
            return {}
        logits = self.extractor.classify(features.float().to(self.device))
        counts = logits.argmax(dim=1).bincount(minlength=len(self._shares))
        return dict(zip(self._shares, (counts / len(features)).tolist(), strict=True))


def _part(data: DataSet, split: str) -> Split:
    parts: dict[str, Split] = {part: getattr(data, part) for part in ("train", "validation", "test")}
    return parts[split]


def _plain(by_domain: Mapping[str, Any]) -> object:
    """The value alone where there is one domain."""
    return next(iter(by_domain.values())) if len(by_domain) == 1 else dict(by_domain)
