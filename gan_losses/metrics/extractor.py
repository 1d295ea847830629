"""What a feature extractor is: images in, one vector per image out."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn


class Extractor(nn.Module, ABC):
    """Images to the feature vectors that distances are taken between.

    Attributes:
        name: as in `FEATURES`; it stands in the metric's name, `fid[digits]`.
        num_features: length of a vector.
        resizer: how images of other sizes are brought to the network's input, in words.
        weights_digest: 16 hexadecimal digits of sha256 over the weights, see `weights_digest`.
        num_classes: how many classes `classify` knows, 0 for none.
        dtype: what the network computes in; "bfloat16" only where it was asked for.
        costly: whether the features of real images are worth keeping on disk.
        bare_label: whether its metrics go without its name, `fid`: only what the literature means by the bare word.
        has_logits: whether `logits` gives those that an Inception Score is taken from.
        libraries: distributions whose code the features come from, and whose versions belong to a value.
    """

    name: str
    num_features: int
    resizer: str
    weights_digest: str
    num_classes: int = 0
    dtype: str = "float32"
    costly: bool = False
    bare_label: bool = False
    has_logits: bool = False
    libraries: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, C, H, W) in [-1, 1], each value one of the 256 of 8 bits, to float32 (N, num_features)."""

    def label(self, metric: str) -> str:
        """The name that a metric in these features has in records, as in `fid[digits]`."""
        return metric if self.bare_label else f"{metric}[{self.name}]"

    def logits(self, features: Tensor) -> Tensor:
        """Features (N, num_features) to the logits (N, classes) of the classifier that the features are of."""
        raise NotImplementedError(f"{self.name} features have no logits for an Inception Score")

    def classify(self, features: Tensor) -> Tensor:
        """Features (N, num_features) to logits (N, num_classes)."""
        raise NotImplementedError(f"{self.name} features know no classes")

    def factors(self, features: Tensor) -> dict[str, Tensor]:
        """What can be read from an image and a translation has to keep: name -> int64 (N,); {} where nothing can."""
        return {}


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """16 hexadecimal digits of sha256 over names, shapes and values, the same in whatever order they come.

    Example:
        >>> import torch
        >>> first, second = {"a": torch.zeros(2), "b": torch.ones(1)}, {"b": torch.ones(1), "a": torch.zeros(2)}
        >>> weights_digest(first) == weights_digest(second)
        True
    """
    state = hashlib.sha256()
    for name in sorted(weights):
        values = weights[name].detach().cpu().contiguous()
        state.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        state.update(values.numpy().tobytes())
    return state.hexdigest()[:16]
