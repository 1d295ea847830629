"""Extractors of torch-fidelity's registry: DINOv2, CLIP, VGG-16, and what else is registered there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import URLError

import torch
from torch import Tensor, nn

import gan_losses._torchvision  # noqa: F401  (before torch-fidelity)
from gan_losses.data.base import to_uint8
from gan_losses.errors import UsageError, unknown_name
from gan_losses.metrics.arithmetic import PRECISIONS, dtype_name, exact_products
from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.metrics.weights import DEFAULT_PLACE, Place, sha256_of
from gan_losses.places import said

WHOLE = 64  # hexadecimal digits of a sha256
HASHED = re.compile(r"-([0-9a-f]{8,64})\.")  # in the name of a file in the hub's folder, by its convention


class RegisteredExtractor(Extractor):
    """One of torch-fidelity's extractors.

    It is given 8-bit pixels, and resizes and normalises them itself. Grey images are taken as three equal channels.

    Sources: Stein et al. 2023, arXiv:2306.04675 (why DINOv2); Oquab et al. 2023, arXiv:2304.07193 (DINOv2); Radford et
    al. 2021, arXiv:2103.00020 (CLIP).

    Args:
        name: what it is called here.
        network: uint8 (N, 3, H, W) to a tuple of one tensor (N, d).
        precision: name in `PRECISIONS`; "bf16" is autocast.
    """

    resizer = "torch-fidelity's own"
    costly = True
    libraries = ("torch-fidelity",)

    def __init__(self, name: str, network: nn.Module, precision: str = "fp32") -> None:
        super().__init__()
        self.name, self.network, self.precision = name, network, precision
        self.dtype, self.weights_digest = dtype_name(precision), weights_digest(network.state_dict())
        self.eval().requires_grad_(False)
        self.num_features = self(torch.zeros(1, 3, 32, 32)).shape[1]

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 1 or 3, H, W) in [-1, 1] to float32 (N, num_features)."""
        pixels = to_uint8(images).expand(-1, 3, -1, -1).contiguous()
        dtype = PRECISIONS[self.precision]
        short = torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32)
        with exact_products(), short:
            features: Tensor = self.network(pixels)[0]
        return features.float()


def load_registered(
    registered: str, channels: int, place: Place = DEFAULT_PLACE, name: str = ""
) -> RegisteredExtractor:
    """An extractor of torch-fidelity's registry.

    Its weights come through torch's hub, and with DINOv2 so does its code, which is then executed: nothing is taken that
    is not in the hub's folder already, unless `place.download` says so.

    Args:
        registered: its name there.
        channels: of the images, 1 or 3.
        place: `download` and `precision` are heeded.
        name: what it is called here; "" is the same.

    Raises:
        UsageError: without torch-fidelity, on an unknown name or other channels, or if its parts cannot be had.
    """
    spec = name or f"fidelity:{registered}"
    if channels not in (1, 3):
        raise UsageError(
            f"features {spec!r} take grey or colour images, and {channels} channels came: use features random."
        )
    registry = _registry(spec)
    if registered not in registry:
        raise unknown_name("features fidelity", registered, registry)
    _check_kept(spec, registered)
    return RegisteredExtractor(
        name or registered, _built(spec, registered, registry[registered], place), place.precision
    )


def _registry(spec: str) -> dict[str, Any]:
    try:
        from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
    except ModuleNotFoundError as error:
        remedy = "install gan-losses[fidelity], or torch-fidelity"
        raise UsageError(f"features {spec!r} need {error.name}, which is not installed: {remedy}.") from error
    return FEATURE_EXTRACTORS_REGISTRY  # type: ignore[no-any-return]


def _check_kept(spec: str, registered: str) -> None:
    """Whether files in the hub's folder are what their names say: the hub itself looks only when it downloads."""
    for path in (_hub() / "checkpoints").glob(f"{registered}-*"):
        named = HASHED.search(path.name)
        if named and not _has_hash(path, named[1]):
            raise UsageError(f"features {spec!r}: {str(path)!r} does not have the sha256 in its name: delete it.")


def _has_hash(path: Path, begin: str) -> bool:
    try:
        return sha256_of(path).startswith(begin)
    except OSError:  # a folder, a pipe
        return False


def _built(spec: str, registered: str, build: Callable[..., Any], place: Place) -> nn.Module:
    layer = build.get_default_feature_layer_for_metric("fid")  # type: ignore[attr-defined]
    try:
        with nullcontext() if place.download else _offline(), _tensors_only(), torch.random.fork_rng(devices=[]):
            network: nn.Module = build(registered, [layer], verbose=False)
    except Exception as error:
        remedy = "check the connection" if place.download else "add --download to let it be fetched"
        raise UsageError(
            f"features {spec!r}: torch-fidelity cannot make them ({said(error):.200}): {remedy}, "
            f"or put their parts into the folder of torch's hub, {str(_hub())!r}."
        ) from error
    return network.eval().requires_grad_(False)


@contextmanager
def _offline() -> Iterator[None]:
    """Inside, torch's hub finds no net: it takes what is in its folder, or fails."""

    def refuse(*arguments: object, **settings: object) -> NoReturn:
        raise URLError("it is not in the hub's folder, and downloads were not asked for")

    hub: Any = torch.hub  # all that it opens goes through this one name
    opens = hub.urlopen
    hub.urlopen = refuse
    try:
        yield
    finally:
        hub.urlopen = opens


@contextmanager
def _tensors_only() -> Iterator[None]:
    """Inside, `torch.load` unpickles nothing but tensors, except a file that has the whole sha256 of its name.

    torch-fidelity and the hub ask for any pickle, and look at a file's hash only when they download it. CLIP's file is
    a TorchScript archive, which cannot be read otherwise; its name has all 64 digits.
    """
    torch_: Any = torch
    load = torch_.load

    def guarded(file: Any, *arguments: Any, **settings: Any) -> Any:
        named = HASHED.search(Path(file).name) if isinstance(file, str | Path) else None
        if not (named and len(named[1]) == WHOLE and _has_hash(Path(file), named[1])):
            settings["weights_only"] = True
        return load(file, *arguments, **settings)

    torch_.load = guarded
    try:
        yield
    finally:
        torch_.load = load


def _hub() -> Path:
    return Path(torch.hub.get_dir())
