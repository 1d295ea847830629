"""The real images of a data set as an extractor sees them: everything is computed once, when first asked for."""

from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Split, resized, to_float
from gan_losses.errors import UsageError
from gan_losses.metrics.copies import Copies
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.moments import FOLD, Moments, MomentStream
from gan_losses.metrics.real_features import RealFeatures, identity
from gan_losses.metrics.rows import RowStore


class Collection:
    """Images, features, moments and the search for copies, by split and domain.

    Args:
        extractor: what the features are taken with.
        data: the images.
        device: where features and pixel distances are computed.
        batch_size: images that the extractor is given at once.
        cache: the folder below which a costly extractor's features of real images are kept; None keeps none.
    """

    def __init__(
        self, extractor: Extractor, data: DataSet, device: torch.device | str, batch_size: int, cache: Path | None
    ) -> None:
        self.extractor, self.data, self.device = extractor.to(device), data, torch.device(device)
        self.batch_size, self.cache = batch_size, cache if extractor.costly else None
        # Per instance: a cache on the methods themselves would keep every collection alive.
        self.images = lru_cache(None)(self._images)
        self.features = lru_cache(None)(self._features)
        self.moments = lru_cache(None)(self._moments)
        self.copies = lru_cache(None)(self._copies)

    def domain(self, name: str | None) -> str:
        """The domain that is meant: `name`, or the only one."""
        known = self.data.domains
        if name is None and len(known) == 1:
            return known[0]
        if name not in known:
            raise UsageError(f"data {self.data.name!r} has the domains {', '.join(known)}, and {name!r} was asked for.")
        return name

    def part(self, split: str) -> Split:
        """The split of that name."""
        parts: dict[str, Split] = {name: getattr(self.data, name) for name in ("train", "validation", "test")}
        return parts[split]

    @torch.no_grad()
    def extract(self, images: Tensor) -> Iterator[Tensor]:
        """Features of uint8 images (n, C, H, W), batch by batch: float32 (at most batch_size, num_features)."""
        for batch in images.split(self.batch_size) if len(images) else ():
            if self.device.type == "cuda" and not batch.is_cuda:
                batch = batch.pin_memory()
            features: Tensor = self.extractor(to_float(batch.to(self.device, non_blocking=True)))
            yield features.float().cpu()

    def rows(self, images: Tensor) -> Tensor:
        """All features of `images` together: float32 (n, num_features)."""
        store = RowStore(self.extractor.num_features)
        for features in self.extract(images):
            store.add(features)
        return store.rows()

    def some(self, split: str, domain: str, where: Tensor) -> Tensor:
        """The features of the images `where`, without those of the whole split if that would be the greater work."""
        images = self.images(split, domain)
        return self.rows(images[where]) if 2 * len(where) < len(images) else self.features(split, domain)[where]

    def _images(self, split: str, domain: str) -> Tensor:
        return resized(self.part(split).images[domain], self.data.image_size)

    def _features(self, split: str, domain: str) -> Tensor:
        compute = lambda: self.rows(self.images(split, domain))  # noqa: E731
        return self._kept(split, domain).features(compute) if self.cache else compute()

    def _moments(self, split: str, domain: str) -> Moments:
        compute = lambda: moments_of(self.features(split, domain))  # noqa: E731
        return self._kept(split, domain).moments(compute) if self.cache else compute()

    def _kept(self, split: str, domain: str) -> RealFeatures:
        assert self.cache is not None
        return RealFeatures(self.cache / "features", identity(self.extractor, self.data, split, domain))

    def _copies(self, domain: str) -> Copies:
        return Copies(self.images("train", domain), self.images("test", domain), self.device)


class Real:
    """What fakes are compared with: the images of one domain of one split, or some of them.

    Args:
        collection: where they are from.
        split: "train", "validation" or "test".
        domain: a name.
        some: features (n, num_features) to stand for those of the split; None takes the split's.
    """

    def __init__(self, collection: Collection, split: str, domain: str, some: Tensor | None = None) -> None:
        self.collection, self.split, self.domain, self._some = collection, split, domain, some

    @property
    def extractor(self) -> Extractor:
        """What the features are taken with."""
        return self.collection.extractor

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.collection.images(self.split, self.domain) if self._some is None else self._some)

    @cached_property
    def features(self) -> Tensor:
        """float32 (count, num_features) on the CPU."""
        return self.collection.features(self.split, self.domain) if self._some is None else self._some

    @cached_property
    def moments(self) -> Moments:
        """Of the features."""
        return self.collection.moments(self.split, self.domain) if self._some is None else moments_of(self._some)

    @property
    def copies(self) -> Copies:
        """The search for copies of the domain's training images."""
        return self.collection.copies(self.domain)

    def of(self, split: str) -> "Real":
        """The same domain's images of another split."""
        return Real(self.collection, split, self.domain)


def moments_of(rows: Tensor) -> Moments:
    """The moments of features (n, d), which may lie on disk."""
    stream = MomentStream(rows.shape[1])
    for part in rows.split(FOLD):
        stream.update(part)
    return stream.moments()
