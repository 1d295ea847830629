"""One score card for a collection of fakes: distances to the real images, copies, classes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, to_uint8
from gan_losses.metrics.copies import LIMIT, Copies
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.measure import Fakes, Measure
from gan_losses.metrics.moments import MomentStream
from gan_losses.metrics.real import Collection, Real
from gan_losses.metrics.registry import DEFAULT, METRICS, make_measures
from gan_losses.metrics.rows import Reservoir, RowStore

BATCH_SIZE = 256


class QualityMeter:
    """Measures fakes against the real images of a data set; what concerns the real ones is computed once and kept.

    Memory is bounded however many fakes come: of their images 2,000 at most are kept, and features beyond 256 MB lie in
    a temporary file. No value depends on the batch size, beyond the rounding of the extractor's network.

    Args:
        extractor: what features the distances are taken in.
        data: the real images; the training images serve the search for copies.
        device: where features and pixel distances are computed, in float32. Statistics are taken in float64.
        metrics: names in `METRICS`.
        batch_size: images that the extractor is given at once.
        cache: the folder below which features of real images are kept, if the extractor is costly.

    Raises:
        UsageError: on an unknown metric, or one that cannot be measured with the extractor.

    Example:
        >>> from gan_losses.data import load_data
        >>> from gan_losses.metrics.features import get_features
        >>> meter = QualityMeter(get_features("digits", channels=1), load_data("digits", 16))
        >>> scores = meter.score("validation", torch.zeros(meter.count("validation"), 1, 16, 16))
        >>> list(scores)[:5]
        ['fid[digits]', 'kid[digits]', 'copy_rate', 'share[0]', 'share[1]']
    """

    def __init__(
        self,
        extractor: Extractor,
        data: DataSet,
        device: torch.device | str = "cpu",
        metrics: Sequence[str] = DEFAULT,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
    ) -> None:
        self.collection = Collection(extractor, data, device, batch_size, cache)
        self.extractor, self.data, self.asked = extractor, data, tuple(metrics)
        self._measures = lru_cache(None)(lambda *place: make_measures(self.asked, Real(self.collection, *place)))
        self._measures("test", data.domains[0])  # says now what cannot be measured

    def count(self, split: str, domain: str | None = None) -> int:
        """How many real images of `domain` the split has."""
        return len(self.images(split, domain))

    def images(self, split: str, domain: str | None = None) -> Tensor:
        """The real images, as large as the GAN sees them: uint8 (N, C, H, W)."""
        return self.collection.images(split, self.collection.domain(domain))

    def features(self, split: str, domain: str | None = None) -> Tensor:
        """The real images' features: float32 (N, num_features) on the CPU, perhaps mapped from a file."""
        return self.collection.features(split, self.collection.domain(domain))

    def copies(self, domain: str | None = None) -> Copies:
        """The search for copies of the training images of `domain`."""
        return self.collection.copies(self.collection.domain(domain))

    def measures(self, split: str, domain: str | None = None, along: bool = False) -> list[Measure]:
        """The metrics against the real images of a split; with `along` only those that are measured during training."""
        found = self._measures(split, self.collection.domain(domain))
        return [measure for name, measure in found.items() if METRICS[name].along or not along]

    def score(
        self, split: str, fakes: Tensor | Iterable[Tensor], domain: str | None = None, along: bool = False
    ) -> dict[str, float]:
        """How good `fakes` are, after rounding to 8 bits as if they had been saved.

        Args:
            split: "train", "validation" or "test", the real images to compare with.
            fakes: floats (n, C, H, W) in [-1, 1] on any device, all together or in chunks; n should be
                `count(split, domain)`.
            domain: of the fakes; may be left out if the data set has one only.
            along: whether only the metrics that are measured during training are asked for.

        Returns:
            The names and values of all metrics, see `METRICS`; NaN for all if a fake is not finite or if there are
            fewer than two.

        Raises:
            ValueError: if the fakes' shape is not that of the data's images.
        """
        measures = self.measures(split, domain, along)
        shape = tuple(self.images(split, domain).shape[1:])
        names = [name for measure in measures for name in measure.names]
        kept = self._keep([fakes] if isinstance(fakes, Tensor) else fakes, shape, measures)
        if kept is None:
            return dict.fromkeys(names, torch.nan)
        values = [value for measure in measures for value in measure(kept)]
        return dict(zip(names, values, strict=True))

    def passport(self, split: str, fakes: Mapping[str, int]) -> dict[str, object]:
        """All that a value of `score` depends on beside the fakes; values with different passports do not compare.

        Args:
            split: as in `score`.
            fakes: domain -> how many fakes are scored. With one domain its numbers stand for themselves, with several
                they are given by domain.
        """
        settings: dict[str, dict[str, object]] = {}
        for domain, count in fakes.items():
            for measure in self.measures(split, domain):
                for name, value in measure.settings(count).items():
                    settings.setdefault(name, {})[domain] = value
        return {
            "extractor": self.extractor.name,
            "weights_digest": self.extractor.weights_digest,
            "resizer": self.extractor.resizer,
            "num_features": self.extractor.num_features,
            "extractor_dtype": self.extractor.dtype,
            "batch_size": self.collection.batch_size,
            "split": split,
            "domain": ", ".join(fakes),
            "n_real": _plain({domain: self.count(split, domain) for domain in fakes}),
            "n_fake": _plain(fakes),
            "image_size": self.data.image_size,
            "channels": self.data.channels,
            "dtype": "float64",
            "quantised": True,
            **{name: _plain(values) for name, values in settings.items()},
            **{name: version(name) for name in ("torch", "torchmetrics", *self.extractor.libraries)},
            "data_digest": self.data.digest,
        }

    def _keep(self, chunks: Iterable[Tensor], shape: tuple[int, ...], measures: Sequence[Measure]) -> Fakes | None:
        """What the measures need of the fakes; None if it says nothing."""
        needs = frozenset[str]().union(*(measure.needs for measure in measures))
        width, count = self.extractor.num_features, 0
        moments, rows, images = MomentStream(width), RowStore(width), Reservoir(LIMIT, "copies/fakes")
        for chunk in chunks:
            if chunk.shape[1:] != shape:
                raise ValueError(f"fakes of shape {tuple(chunk.shape[1:])} came, images of {shape} were expected.")
            if not torch.isfinite(chunk).all():
                return None
            count += len(chunk)
            saved = to_uint8(chunk.detach())
            if "images" in needs:
                images.add(saved)
            for features in self.collection.extract(saved) if needs & {"moments", "rows"} else ():
                if "moments" in needs:
                    moments.update(features)
                if "rows" in needs:
                    rows.add(features)
        if count < 2:
            return None
        return Fakes(
            count,
            moments.moments() if "moments" in needs else None,
            rows.rows() if "rows" in needs else None,
            images.items() if "images" in needs else None,
        )


def _plain(by_domain: Mapping[str, Any]) -> object:
    """The value alone where there is one domain."""
    return next(iter(by_domain.values())) if len(by_domain) == 1 else dict(by_domain)
