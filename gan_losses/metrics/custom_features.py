"""Extractors of the user's own: my_features.py:build, package.module:build."""

import hashlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from gan_losses.errors import UsageError, nearest
from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.metrics.weights import DEFAULT_PLACE, Place
from gan_losses.places import DIGEST, load_module, said, where
from gan_losses.random import stream_seed

PROBE = (2, 64, 64)  # images, height, width
NAME = re.compile(r"[\w.-]{1,40}")  # it becomes a part of metrics' names
FACTS = {"name": str, "num_features": int, "resizer": str, "weights_digest": str}


class WrappedExtractor(Extractor):
    """Any network as an extractor.

    Args:
        name: what it is called.
        network: float32 (N, C, H, W) in [-1, 1] to (N, d).
        channels: C.
        source: the file that it comes from, with a digest: code without weights leaves no other trace.

    Raises:
        UsageError: if the network does not give one vector for each image.
    """

    def __init__(self, name: str, network: nn.Module, channels: int, source: str) -> None:
        super().__init__()
        self.name, self.network = name, network.eval().requires_grad_(False)
        self.resizer, self.weights_digest = f"its own, {source}", weights_digest(network.state_dict())
        self.num_features = _width(name, self, channels)

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, C, H, W) in [-1, 1] to float32 (N, d)."""
        features: Tensor = self.network(images)
        return features.float()


def load_custom(spec: str, channels: int, place: Place = DEFAULT_PLACE) -> Extractor:
    """What a function of the user's own builds.

    It is called with the number of channels. It returns an `Extractor`, which is taken as it is; or any `nn.Module`
    that maps float32 images (N, C, H, W) in [-1, 1], of 64 x 64 among other sizes, to features (N, d). Numbers that it
    draws from torch's global generator are the same every time, and leave that generator as it was.

    Args:
        spec: "file.py:function" or "package.module:function".
        channels: of the images.
        place: not used: such a function finds its weights itself.

    Raises:
        UsageError: it cannot be imported or called, or what it returns does not serve; told with file and line.
    """
    name = spec.rpartition(":")[2]
    module = load_module("features", spec)
    made = _call(spec, _function(spec, name, module), channels)
    if isinstance(made, Extractor):
        return _checked(spec, made, channels)
    if not isinstance(made, nn.Module):
        raise UsageError(f"features {spec!r} makes {type(made).__name__}: return an Extractor or an nn.Module.")
    try:
        return WrappedExtractor(name, made, channels, _source(module)).eval()
    except UsageError:
        raise
    except Exception as error:  # of weights that are no plain tensors
        raise UsageError(f"features {spec!r}: {where(error)}: {said(error)}; mend the network.") from error


def _function(spec: str, name: str, module: ModuleType) -> Callable[[int], Any]:
    found = _fact(module, name)
    if callable(found):
        return found  # type: ignore[no-any-return]
    own = [key for key, value in vars(module).items() if inspect.isfunction(value) and not key.startswith("_")]
    close = nearest(name, own)
    hint = f"did you mean {close!r}?" if close else f"its functions: {', '.join(own) or 'none'}."
    raise UsageError(f"features {spec!r}: there is no function {name!r} in it; {hint}")


def _call(spec: str, function: Callable[[int], Any], channels: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(0, "features/custom"))
        try:
            return function(channels)
        except UsageError:
            raise
        except (Exception, SystemExit) as error:
            raise UsageError(f"features {spec!r}: {where(error)}: {said(error)}; mend the function.") from error


def _checked(spec: str, extractor: Extractor, channels: int) -> Extractor:
    for fact, kind in FACTS.items():
        if not isinstance(_fact(extractor, fact), kind):
            raise UsageError(f"features {spec!r}: the extractor has no {fact}: give it one of type {kind.__name__}.")
    if not NAME.fullmatch(extractor.name):
        raise UsageError(f"features {spec!r}: name {extractor.name!r:.60} has to be 1 to 40 letters, digits, . - or _.")
    width = _width(spec, extractor, channels)
    if width != extractor.num_features:
        raise UsageError(f"features {spec!r} are {width}, and num_features says {extractor.num_features}: correct it.")
    return extractor


def _fact(owner: object, name: str) -> Any:
    try:
        return getattr(owner, name, None)
    except Exception:  # a property, or a module's __getattr__, that fails
        return None


@torch.no_grad()
def _width(spec: str, extractor: Extractor, channels: int) -> int:
    """How many features an image has, by trying."""
    count, height, width = PROBE
    asked = f"images ({count}, {channels}, {height}, {width})"
    try:
        features = extractor.eval().requires_grad_(False)(torch.zeros(count, channels, height, width))
        found = tuple(features.shape)
        fit = isinstance(features, Tensor) and features.is_floating_point() and len(found) == 2
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"features {spec!r}: {asked} failed: {where(error)}: {said(error)}; mend the network."
        ) from error
    if not fit or found[0] != count or not found[1]:
        raise UsageError(f"features {spec!r}: {asked} gave {found} {_kind(features)}: give floats ({count}, d).")
    return int(found[1])


def _kind(features: Any) -> str:
    return str(features.dtype) if isinstance(features, Tensor) else type(features).__name__


def _source(module: ModuleType) -> str:
    """The name of a module's file, and a digest of it as it was when it was loaded."""
    file = Path(module.__file__ or module.__name__)
    digest = getattr(module, DIGEST, None)
    if digest is None and file.is_file():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    return f"{file.name} {digest or ''}".strip()
