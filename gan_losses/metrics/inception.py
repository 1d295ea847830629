"""The features of the literature's FID: Inception v3 with the weights of 2015."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.metrics.arithmetic import PRECISIONS, dtype_name, exact_products
from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.metrics.inception_network import InceptionNetwork
from gan_losses.metrics.inception_plan import NUM_FEATURES, SIDE, shapes
from gan_losses.metrics.weights import DEFAULT_PLACE, Place, WeightFile, check_tensors, kept_files, load_weights

# The first to put TensorFlow's weights into this form, and the one that torch-fidelity and torchmetrics read.
WEIGHTS = WeightFile(
    "inception",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    95_628_359,
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)
AT_ONCE = 8  # images on a CPU: what a layer gives is then still in its cache when the next one reads it


class InceptionExtractor(Extractor):
    """The 2,048 values under the classifier of the Inception v3 of 2015, and its 1,008 logits.

    The same features as torch-fidelity's and torchmetrics', to rounding: 8-bit pixels, resized as TensorFlow 1 did it
    and without antialiasing, then (value - 128) / 128. Grey images are taken as three equal channels.

    Sources: Heusel et al. 2017, arXiv:1706.08500 (FID); Szegedy et al. 2015, arXiv:1512.00567 (the network).

    Args:
        state: the tensors of a weight file, by name.
        precision: name in `PRECISIONS`.

    Raises:
        UsageError: if they are not this network's, or not finite.
    """

    name = "inception"
    num_features = NUM_FEATURES
    resizer = f"bilinear as in TensorFlow 1, not antialiased, to {SIDE} x {SIDE}"
    costly = True
    bare_label = True
    has_logits = True
    head: Tensor

    def __init__(self, state: Mapping[str, Tensor], precision: str = "fp32") -> None:
        super().__init__()
        check_tensors(state, shapes(), self.name)
        self.weights_digest = weights_digest(state)
        self.dtype = dtype_name(precision)
        self.inner = PRECISIONS[precision]
        self.network = InceptionNetwork(state).to(self.inner)
        self.register_buffer("head", state["fc.weight"].float())
        if not all(tensor.isfinite().all() for tensor in self.buffers()):
            raise UsageError("features 'inception': the weights are not all finite numbers: name another file.")
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 1 or 3, H, W) in [-1, 1] to float32 (N, 2048)."""
        at_once = AT_ONCE if images.device.type == "cpu" else max(len(images), 1)
        with exact_products():
            return torch.cat([self._features(part) for part in images.split(at_once)])

    def logits(self, features: Tensor) -> Tensor:
        """Features (N, 2048) to logits (N, 1008) without the classifier's bias, as the Inception Score is taken."""
        with exact_products():
            return features.to(self.head) @ self.head.T

    def _features(self, images: Tensor) -> Tensor:
        pixels = resize(images.add(1).mul_(127.5).round_(), SIDE).sub_(128).div_(128)
        features: Tensor = self.network(pixels.to(self.inner).expand(-1, 3, -1, -1))
        return features


def resize(images: Tensor, side: int) -> Tensor:
    """Bilinear interpolation as TensorFlow 1 did it: pixel i is taken at i · old / new, in float32, nothing is averaged.

    Args:
        images: float32 (N, C, H, W).
        side: of the result.

    Returns:
        float32 (N, C, side, side), its channels last in memory.

    Example:
        >>> resize(torch.tensor([[[[0.0, 8.0]]]]), 4)[0, 0, 0]
        tensor([0., 4., 8., 8.])
    """
    rows = _stretch(images.permute(0, 2, 3, 1), 2, side)  # columns first, as in TensorFlow: there are fewer rows yet
    return _stretch(rows, 1, side).permute(0, 3, 1, 2)


def _stretch(images: Tensor, dim: int, size: int) -> Tensor:
    count = images.shape[dim]
    places = torch.arange(size, dtype=torch.float32, device=images.device).mul_(count / size)
    below = places.long()
    first, second = (images.index_select(dim, index) for index in (below, (below + 1).clamp_max_(count - 1)))
    share = places.sub_(below).view(-1, *[1] * (images.dim() - 1 - dim))
    return second.sub_(first).mul_(share).add_(first)


def load_inception(channels: int, place: Place = DEFAULT_PLACE) -> InceptionExtractor:
    """The extractor with the published weights, or those that `place` names.

    Raises:
        UsageError: on images that are neither grey nor colour, or without the weights, see `load_weights`.
    """
    if channels not in (1, 3):
        raise UsageError(
            f"features 'inception' take grey or colour images, and {channels} channels came: use features random."
        )
    return InceptionExtractor(load_weights(WEIGHTS, place), place.precision)


def kept_inception(place: Place) -> list[Path]:
    """Where the published weights are at hand, if anywhere."""
    return kept_files(WEIGHTS, place)
