"""Weight files from elsewhere: found, downloaded if that was asked for, and read only once their hash is right."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from gan_losses.data import default_root
from gan_losses.data.fetch import Say, fetch, human_size
from gan_losses.errors import UsageError
from gan_losses.places import said
from gan_losses.regular import open_regular, read_regular


def quiet(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Place:
    """Where extractors find what they are made of, and what they may do to get it. It can be pickled.

    Attributes:
        root: the folder that downloads are kept in; None is the user's cache.
        weights: a file to take in place of the published one.
        sha256: the hash of `weights`, where it is not the published file.
        download: whether anything may be downloaded.
        precision: that networks compute in, see `gan_losses.metrics.arithmetic.PRECISIONS`.
        say: is told a line at a time what is downloaded.
    """

    root: Path | None = None
    weights: Path | None = None
    sha256: str | None = None
    download: bool = False
    precision: str = "fp32"
    say: Say = quiet


DEFAULT_PLACE = Place()
PLAIN = frozenset({torch.float64, torch.float32, torch.float16, torch.int64})  # the last for counts of batches
MOST_TIMES = 8  # as large as the published file a user's own may be: the same tensors in 64 bits, and to spare


@dataclass(frozen=True)
class WeightFile:
    """A published file.

    Attributes:
        features: the extractor that it is for.
        url: where it is downloaded from; the last part is its name.
        size: its bytes.
        sha256: its hash in hexadecimal.
    """

    features: str
    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Of the file."""
        return self.url.rpartition("/")[2]


def load_weights(known: WeightFile, place: Place) -> dict[str, Tensor]:
    """The tensors of a weight file, on the CPU.

    The file is `place.weights`; or the one of the published name in the folder `weights` of `place.root`, or in the
    folder of torch's hub; or it is downloaded to the former.

    Its hash is taken of the very bytes that are then read, and before anything of them is: a pickle may run any code
    that its maker wrote into it. Even with the right hash only tensors are read, from a safetensors file if that is the
    name's suffix, else as `torch.load(weights_only=True)` does.

    Args:
        known: the published file.
        place: where to look, whether to download, and the hash of a file that is not the published one.

    Raises:
        UsageError: if there is no such file and it may not or cannot be downloaded, if its hash is another one, or if
            it is damaged or holds anything but tensors by name.
    """
    path = place.weights if place.weights is not None else _find(known, place)
    content = _checked(path, known, place)
    try:
        return _tensors(path, content)
    except Exception as error:  # whatever a reader says to bytes that are not what it expects
        kind = "holds more than tensors, or is damaged" if path.suffix != ".safetensors" else "is damaged"
        reason = f"{said(error).partition('.')[0]:.120}"
        raise _wrong(known, path, f"{kind} ({reason})", "name another file") from error


def check_tensors(found: Mapping[str, Tensor], expected: Mapping[str, torch.Size], features: str) -> None:
    """Whether tensors are those of a network.

    Args:
        found: name -> tensor.
        expected: name -> shape.
        features: the extractor that is spoken of.

    Raises:
        UsageError: if one is missing, unexpected, of another shape, or not a dense tensor of plain numbers.
    """
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    unlike = [name for name in sorted(expected.keys() & found.keys()) if not _fits(found[name], expected[name])]
    problems = {"missing": missing, "not of it": more, "of another shape or kind": unlike}
    told = [f"{len(names)} {problem} (first {names[0]!r})" for problem, names in problems.items() if names]
    if told:
        raise UsageError(
            f"features {features!r}: the weights are not of this network, of its {len(expected)} tensors "
            f"{' and '.join(told)}: name a file that was made for it."
        )


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fits(tensor: Tensor, shape: torch.Size) -> bool:
    return tensor.shape == shape and tensor.layout == torch.strided and not tensor.is_meta and tensor.dtype in PLAIN


def kept_files(known: WeightFile, place: Place) -> list[Path]:
    """Where the file is at hand, if anywhere: in the folder `weights` of `place.root`, in the folder of torch's hub."""
    hub = Path(torch.hub.get_dir()) / "checkpoints" / known.name
    return [path for path in (_kept(known, place), hub) if path.is_file()]


def _kept(known: WeightFile, place: Place) -> Path:
    return (place.root or default_root()) / "weights" / known.name


def _find(known: WeightFile, place: Place) -> Path:
    if place.sha256 is not None:
        raise UsageError(f"features {known.features!r}: a hash came without a file of weights: name the file too.")
    found = kept_files(known, place)
    if found:
        return found[0]
    kept = _kept(known, place)
    if not place.download:
        raise UsageError(
            f"features {known.features!r}: the weights are not here: put {known.url} ({human_size(known.size)}) at "
            f"{str(kept)!r}, or name the file with --weights, or add --download."
        )
    fetch(known.url, kept, known.size, known.sha256, place.say)
    return kept


def _checked(path: Path, known: WeightFile, place: Place) -> bytes:
    """The content of the file, if it has the hash that is expected."""
    try:
        content = read_regular(path, MOST_TIMES * known.size)
    except OSError as error:
        raise _wrong(known, path, f"cannot be read ({error.strerror})", "check the path") from None
    found, expected = hashlib.sha256(content).hexdigest(), (place.sha256 or known.sha256).lower()
    if found != expected:
        remedy = "delete it" if place.weights is None else "if you trust it, give its hash with --weights-sha256"
        raise _wrong(known, path, f"has sha256 {found}, and {expected} was expected", remedy)
    return content


def _tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return dict(safetensors.torch.load(content))
    found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise TypeError("it is not a mapping of names to tensors")
    return {str(name): value for name, value in found.items()}


def _wrong(known: WeightFile, path: Path, problem: str, remedy: str) -> UsageError:
    return UsageError(f"features {known.features!r}: {str(path)!r} {problem}: {remedy}.")
