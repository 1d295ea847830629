"""Features of real images on disk, each beside a passport, so that a costly extractor sees an image once."""

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_losses.data.base import DataSet
from gan_losses.data.places import alone
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.moments import Moments
from gan_losses.regular import open_regular, read_regular

Identity = Mapping[str, str | int]
MOST_PASSPORT = 1 << 20  # bytes


def identity(extractor: Extractor, data: DataSet, split: str, domain: str) -> Identity:
    """All that the features of real images depend on."""
    return {
        "extractor": extractor.name,
        "weights_digest": extractor.weights_digest,
        "resizer": extractor.resizer,
        "dtype": extractor.dtype,
        "data_digest": data.digest,
        "domain": domain,
        "split": split,
        "image_size": data.image_size,
        "n_real": len(getattr(data, split).images[domain]),
        "torch": torch.__version__,  # another one rounds in its own way
    }


@dataclass(frozen=True)
class RealFeatures:
    """The features of one set of real images, and their moments, in `.npy` files of a folder.

    Every array has a JSON file beside it: what it is, and its sha256. An array whose file is missing, damaged or of
    something else is computed anew and put in its place in one move; several processes compute it once. Where the
    folder cannot be written, nothing is kept.

    Args:
        folder: made if it is missing.
        identity: what the features depend on, see `identity`.
    """

    folder: Path
    identity: Identity

    def features(self, compute: Callable[[], Tensor]) -> Tensor:
        """float32 (n, num_features), mapped from the file."""
        return torch.from_numpy(self._array("features", lambda: compute().numpy()))

    def moments(self, compute: Callable[[], Moments]) -> Moments:
        """In float64: the mean is the file's first row, the covariance or its factor the others."""
        table = torch.from_numpy(self._array("moments", lambda: _table(compute())))
        count, mean, rest = int(self.identity["n_real"]), table[0], table[1:]
        return Moments(count, mean, factor=rest) if count <= len(mean) else Moments(count, mean, full=rest)

    def _array(self, kind: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        passport = {"kind": kind, **self.identity}
        digest = hashlib.sha256(json.dumps(passport, sort_keys=True).encode()).hexdigest()[:16]
        name = re.sub(r"[^\w-]+", "-", f"{self.identity['extractor']}-{self.identity['split']}-{kind}-{digest}")
        path = self.folder / f"{name}.npy"
        with _alone(path):
            kept = _mapped(path, passport)
            if kept is not None:
                return kept
            array = compute()
            try:
                _write(path, passport, array)
            except OSError:
                return array
            kept = _mapped(path, passport)
            return array if kept is None else kept


def _table(moments: Moments) -> np.ndarray:
    rest = moments.full if moments.factor is None else moments.factor
    assert rest is not None
    return torch.cat([moments.mean[None], rest]).numpy()


def _mapped(path: Path, passport: Identity) -> np.ndarray | None:
    """The array of the file, or None where it is not what the passport says: a hash is easily made to fit."""
    try:
        known = json.loads(read_regular(_beside(path), MOST_PASSPORT))
        with open_regular(path) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if known != {**passport, "sha256": found}:
            return None
        # Copies on write: torch takes no array that is for reading only.
        array: np.ndarray = np.lib.format.open_memmap(path, mode="c")
    except Exception:  # of JSON and of a header that hold anything
        return None
    return array if _fits(array, passport) else None


def _fits(array: np.ndarray, passport: Identity) -> bool:
    if not isinstance(array, np.ndarray) or array.ndim != 2 or not array.size:
        return False
    count, (rows, width) = int(passport["n_real"]), array.shape
    if passport["kind"] == "features":
        return array.dtype == np.float32 and rows == count
    return array.dtype == np.float64 and rows == 1 + min(count, width)


def _write(path: Path, passport: Identity, array: np.ndarray) -> None:
    """The array first: a passport never stands beside what it does not describe."""
    with _replacing(path) as temporary:
        with temporary.open("wb") as stream:
            np.save(stream, array, allow_pickle=False)
        with temporary.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    with _replacing(_beside(path)) as temporary:
        temporary.write_text(json.dumps({**passport, "sha256": digest}, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `path` if all goes well."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        temporary.replace(path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process computes `path`; not at all where nothing can be written or locked."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(alone(path, lambda: None))
        yield
