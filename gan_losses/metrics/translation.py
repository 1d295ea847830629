"""How good the translations between two domains are: round trips, hidden information, identity, known answers."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

import gan_losses._torchvision  # noqa: F401  (before torchmetrics)
from gan_losses.data.base import Split, to_float, to_uint8
from gan_losses.metrics.extractor import Extractor
from gan_losses.random import keyed_generator

# isort: split
from torchmetrics.functional.image import structural_similarity_index_measure

Translate = Callable[[str, Tensor], Tensor]
Trip = tuple[Tensor, Tensor, Tensor]

CHUNK = 256
PSNR_CAP = 100.0
NOISE_LEVELS = (2, 8)


class Metric(NamedTuple):
    """How a metric is shown and read.

    Attributes:
        label: a column's heading.
        unit: "dB", "share" (a number that is 1 for the whole), or "" for a pure number.
        better: "higher", "lower", or "" where neither end is the better one.
    """

    label: str
    unit: str
    better: str


METRICS: dict[str, Metric] = {
    "cycle_psnr": Metric("round trip, PSNR", "dB", "higher"),
    "cycle_ssim": Metric("round trip, SSIM", "", "higher"),
    "lost_rounded": Metric("lost by rounding to 8 bits", "dB", "lower"),
    "lost_noise2": Metric("lost by noise of 2/255", "dB", "lower"),
    "lost_noise8": Metric("lost by noise of 8/255", "dB", "lower"),
    "identity_l1": Metric("change of target images", "share", "lower"),
    "true_l1": Metric("error to the truth", "share", "lower"),
    "true_ssim": Metric("SSIM to the truth", "", "higher"),
    "true_share": Metric("error left where change is due", "share", "lower"),
    "outside_l1": Metric("change where none is due", "share", "lower"),
    "kept": Metric("factors kept", "share", "higher"),
}
_ROUND_TRIP = ("cycle_psnr", "cycle_ssim", "lost_rounded", *(f"lost_noise{level}" for level in NOISE_LEVELS))


class TranslationMeter:
    """How good translations between two domains are, beyond distances between sets.

    For each target domain X, whose images are made from those of the source S, in this order (`METRICS` tells which
    end is the better one):

    - `cycle_psnr@S`, `cycle_ssim@S`: round trip S → X → S against the input, not rounded, see `psnr` and `ssim`.
    - `lost_rounded@S`: dB of PSNR that the round trip loses if the translation in its middle is rounded to 8 bits.
      Above 0, information was hidden below a grey level.
    - `lost_noise2@S`, `lost_noise8@S`: the same under Gaussian noise with a standard deviation of 2/255 and 8/255 of
      the range from black to white, clamped to that range. The noise is the same for all translations and calls.
      An honest inverse passes disturbances on, so that its PSNR is at most about 59 dB after rounding, and 42 and
      30 dB after the noise: only a disturbed round trip well below both that and `cycle_psnr` betrays a hidden message.
    - `identity_l1@X`: mean |T_X(x) - x| over the real images x of X, a share of the range from black to white.
    - `true_l1@X`, `true_ssim@X`: mean absolute error (a share of the range) and `ssim` of the translations to the
      truth; where the split knows it.
    - `true_share@X`: Σ |T_X(s) - truth| / Σ |s - truth| over the masks' pixels of all images: 0 is perfect, 1 is as far
      as the input was, and it may exceed 1. NaN if no pixel is masked. Where the split has masks.
    - `outside_l1@X`: mean |T_X(s) - s| outside the masks, a share of the range: 0 is an untouched background.
    - `kept@X`: share of the translations in which the extractor reads the same factors, all of them, as in their
      inputs; where it reads any.

    Everything from `identity_l1` on is taken after rounding to 8 bits, as if the translations had been saved.

    Sources: Zhu et al. 2017, arXiv:1703.10593 (CycleGAN: round trip and identity); Chu et al. 2017, arXiv:1712.02950
    (CycleGAN hides information in its translations).

    Args:
        split: the real images by domain, and the truth and the masks by target domain, if known.
        sources: target domain -> the domain it is translated from; each has to be the source of its own source.
        extractor: what factors are read with, or None.
        device: where translations are made and compared, in float32. Statistics are taken in float64.
        seed: of the noise.

    Raises:
        ValueError: if a round trip by `sources` does not lead back.

    Example:
        >>> images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
        >>> split = Split({"a": images, "b": images}, truth={"b": 255 - images})
        >>> meter = TranslationMeter(split, {"a": "b", "b": "a"}, extractor=None)
        >>> scores = meter.score(lambda target, images: -images)  # the negative: its own inverse
        >>> scores["cycle_psnr@a"], scores["lost_rounded@a"], scores["true_l1@b"], round(scores["identity_l1@b"], 3)
        (100.0, 0.0, 0.0, 0.502)
    """

    def __init__(
        self,
        split: Split,
        sources: Mapping[str, str],
        extractor: Extractor | None,
        device: torch.device | str = "cpu",
        seed: int = 0,
    ) -> None:
        if any(sources.get(source) != target for target, source in sources.items()):
            raise ValueError(f"each domain has to be the source of its own source, got {dict(sources)}.")
        self.split, self.sources, self.device, self.seed = split, dict(sources), torch.device(device), seed
        self.extractor = extractor if extractor is None else extractor.to(device)
        self._factors = {target: self._read(split.images[source]) for target, source in self.sources.items()}

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics that `score` gives, in its order; `METRICS` knows the part before the @."""
        return [key for target in self.sources for key in self._names(target)]

    @torch.no_grad()
    def score(self, translate: Translate) -> dict[str, float]:
        """How good `translate` is; see the class for the metrics.

        Args:
            translate: (target, images) -> translations. The images are float32 (n, C, H, W) in [-1, 1] on the device,
                n at most 256: of the target's source, or of the target itself, which should come back unchanged. The
                translations are floats of that shape and range.

        Returns:
            metric -> value; NaN for all if a translation is not finite.

        Raises:
            ValueError: if a translation is not of its input's shape.
        """
        scores: dict[str, float] = {}
        try:
            for target in self.sources:
                values = self._measure(_checked(translate), target)
                scores |= {key: float(values[metric]) for key, metric in self._names(target).items()}
        except _NotFiniteError:
            return dict.fromkeys(self.metrics, torch.nan)
        return scores

    def _names(self, target: str) -> dict[str, str]:
        """The metrics of `target`: full name -> name in `METRICS`."""
        names = ["identity_l1"]
        if target in self.split.truth:
            names += ["true_l1", "true_ssim"] + ["true_share", "outside_l1"] * (target in self.split.masks)
        names += ["kept"] * (self._factors[target].shape[1] > 0)
        round_trip = {f"{name}@{self.sources[target]}": name for name in _ROUND_TRIP}
        return round_trip | {f"{name}@{target}": name for name in names}

    def _measure(self, translate: Translate, target: str) -> dict[str, Tensor]:
        real, images = self.split.images[target], self.split.images[self.sources[target]]
        values, saved = self._round_trips(translate, target, images)
        same = [to_uint8(translate(target, chunk)).cpu() for chunk in self._floats(real)]
        values["identity_l1"] = _share(_levels(torch.cat(same), real))
        if target in self.split.truth:
            values |= self._against_truth(target, images, saved)
        values["kept"] = (self._read(saved) == self._factors[target]).all(dim=1).double().mean()
        return values

    def _round_trips(self, translate: Translate, target: str, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The means of what concerns round trips, and the translations in their middle: uint8 (N, C, H, W)."""
        rows, saved = [], []
        for index, chunk in enumerate(self._floats(images)):
            translation = translate(target, chunk)
            saved.append(to_uint8(translation))
            trip = translate(self.sources[target], translation)
            row = {"cycle_psnr": psnr(trip, chunk), "cycle_ssim": ssim(trip, chunk)}
            for name, disturbed in self._disturb(translation, index).items():
                row[name] = row["cycle_psnr"] - psnr(translate(self.sources[target], disturbed), chunk)
            rows.append(row)
        means = {name: torch.cat([row[name] for row in rows]).mean() for name in _ROUND_TRIP}
        return means, torch.cat(saved).cpu()

    def _disturb(self, translation: Tensor, index: int) -> dict[str, Tensor]:
        """The translations of chunk `index` as they are after rounding and after noise."""
        # Drawn on the CPU: other devices have other generators.
        noise = torch.randn(translation.shape, generator=keyed_generator(self.seed, "hiding/noise", index))
        noise = noise.to(translation.device)
        disturbed = {"lost_rounded": to_float(to_uint8(translation))}
        for level in NOISE_LEVELS:
            disturbed[f"lost_noise{level}"] = (translation + noise * (level / 127.5)).clamp(-1, 1)
        return disturbed

    def _against_truth(self, target: str, images: Tensor, saved: Tensor) -> dict[str, Tensor]:
        truth = self.split.truth[target]
        error = _levels(saved, truth)
        likeness = torch.cat([ssim(*pair) for pair in zip(self._floats(saved), self._floats(truth), strict=True)])
        values = {"true_l1": _share(error), "true_ssim": likeness.mean()}
        if target in self.split.masks:
            inside = self.split.masks[target].cpu().expand_as(error)
            values["true_share"] = error[inside].sum().double() / _levels(images, truth)[inside].sum()
            values["outside_l1"] = _share(_levels(saved, images)[~inside])
        return values

    @torch.no_grad()
    def _read(self, images: Tensor) -> Tensor:
        """The factors of uint8 images: int64 (N, number of factors) on the CPU, of width 0 where none are read."""
        nothing = torch.zeros(len(images), 0, dtype=torch.int64)
        if self.extractor is None:
            return nothing
        read = [self.extractor.factors(self.extractor(chunk)) for chunk in self._floats(images)]
        return torch.cat([torch.stack(list(part.values()), dim=1).cpu() for part in read]) if read[0] else nothing

    def _floats(self, images: Tensor) -> Iterator[Tensor]:
        return (to_float(chunk.to(self.device)) for chunk in images.split(CHUNK))


def psnr(images: Tensor, references: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image: -10 log10 of the mean squared error over pixels in [0, 1].

    In dB, higher is nearer: 6 dB halve the error, and 48 dB are an error of one grey level. Capped at 100 dB, because
    an image without any error would have infinitely many and spoil the mean.

    Args:
        images: float32 (n, C, H, W) in [-1, 1].
        references: the same.

    Returns:
        float64 (n,) on the CPU.

    Example:
        >>> psnr(torch.tensor([0.5, 0.0]).view(2, 1, 1, 1), torch.zeros(2, 1, 1, 1)).tolist()  # off by a quarter, by 0
        [12.041199826559248, 100.0]
    """
    errors = ((images - references) / 2).square().flatten(1).mean(dim=1).cpu().double()
    return (-10 * torch.log10(errors)).clamp(max=PSNR_CAP)


def ssim(images: Tensor, references: Tensor) -> Tensor:
    """Structural similarity of each image, by torchmetrics.

    The mean over pixels and channels, of pixels x, y in [0, 1] in a Gaussian window with σ = 1.5 (11 x 11 pixels, the
    image mirrored at its border)::

        (2 μ_x μ_y + 0.01²) (2 σ_xy + 0.03²) / ((μ_x² + μ_y² + 0.01²) (σ_x² + σ_y² + 0.03²))

    It is 1 for equal images, about 0 for unrelated ones, and may be negative, to -1.

    Source: Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity", IEEE
    Transactions on Image Processing 13 (4), 600-612 (not on arXiv).

    Args:
        images: float32 (n, C, H, W) in [-1, 1], H and W at least 6.
        references: the same.

    Returns:
        float64 (n,) on the CPU.

    Example:
        >>> images = torch.linspace(-1, 1, 64).view(1, 1, 8, 8)
        >>> round(ssim(images, images).item(), 6), ssim(images, -images).item() < 0
        (1.0, True)
    """
    # CUDA may convolve float32 in TF32, too coarse for variances. The CPU does not, and float64 takes it ten times long.
    dtype = torch.float64 if images.is_cuda else torch.float32
    pair = [((batch + 1) / 2).to(dtype) for batch in (images, references)]
    values: Tensor = structural_similarity_index_measure(*pair, data_range=1.0, reduction="none")
    return values.cpu().double()


@torch.no_grad()
def trip(translate: Translate, sources: Mapping[str, str], images_by_domain: Mapping[str, Tensor]) -> dict[str, Trip]:
    """Round trips to look at.

    Args:
        translate: as in `TranslationMeter.score`.
        sources: target domain -> the domain it is translated from.
        images_by_domain: uint8, or floats in [-1, 1], (n, C, H, W) on the device that `translate` works on; n may
            differ.

    Returns:
        target -> (images of its source, their translations, what became of them on the way back), each float32
        (n, C, H, W) on the CPU, not rounded.

    Example:
        >>> trips = trip(lambda target, images: -images, {"a": "b", "b": "a"}, {"a": torch.ones(2, 1, 8, 8),
        ...     "b": torch.zeros(3, 1, 8, 8)})
        >>> [part[0, 0, 0, 0].item() for part in trips["b"]], len(trips["a"][0])
        ([1.0, -1.0, 1.0], 3)
    """
    trips = {}
    for target, source in sources.items():
        images = images_by_domain[source]
        images = to_float(images) if images.dtype == torch.uint8 else images.float()
        translation = translate(target, images).float()
        returned = translate(source, translation).float()
        trips[target] = (images.cpu(), translation.cpu(), returned.cpu())
    return trips


class _NotFiniteError(ArithmeticError):
    """A translation is not finite, so that nothing can be said of any."""


def _checked(translate: Translate) -> Translate:
    def checked(target: str, images: Tensor) -> Tensor:
        translation = translate(target, images).float()  # it may come in half precision
        if translation.shape != images.shape:
            raise ValueError(
                f"translations to {target!r} of shape {tuple(translation.shape)} came, {tuple(images.shape)} was expected."
            )
        if not torch.isfinite(translation).all():
            raise _NotFiniteError
        return translation

    return checked


def _levels(first: Tensor, second: Tensor) -> Tensor:
    """|first - second| of uint8 images in grey levels: int16, so that all sums are exact."""
    return (first.cpu().short() - second.cpu().short()).abs()


def _share(levels: Tensor) -> Tensor:
    """The mean of grey levels as a share of the range from black to white: float64, NaN of none."""
    return levels.sum().double() / (255 * levels.numel())
