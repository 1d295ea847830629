"""A loaded data set in one safetensors file, so that every worker maps the same pixels instead of decoding them again."""

import json
import os
import tempfile
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from gan_losses.data.base import DataSet, Split

SPLITS = ("train", "validation", "test")


def save_dataset(data: DataSet, path: Path) -> None:
    """Write `data` to `path`: a temporary file, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name in SPLITS:
        split: Split = getattr(data, name)
        tensors |= {f"{name}/images/{domain}": images.contiguous() for domain, images in split.images.items()}
        if split.labels is not None:
            tensors[f"{name}/labels"] = split.labels.contiguous()
        tensors |= {f"{name}/truth/{domain}": images.contiguous() for domain, images in split.truth.items()}
        tensors |= {f"{name}/masks/{domain}": mask.contiguous() for domain, mask in split.masks.items()}
    facts = {key: getattr(data, key) for key in ("name", "classes", "features", "digest", "skipped")}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        # Bytes first: safetensors' own file writing hides a full disk behind an error of another class.
        Path(temporary).write_bytes(save(tensors, metadata={"facts": json.dumps(facts)}))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_dataset(path: Path) -> DataSet:
    """Read what `save_dataset` wrote."""
    with safe_open(path, framework="pt") as file:
        facts = json.loads(file.metadata()["facts"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, not a dict
    train, validation, test = (_split(name, tensors) for name in SPLITS)
    classes, skipped = tuple(facts.pop("classes")), tuple(facts.pop("skipped"))
    return DataSet(train=train, validation=validation, test=test, classes=classes, skipped=skipped, **facts)


def _split(name: str, tensors: dict[str, Tensor]) -> Split:
    images, truth, masks = (
        {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        for prefix in (f"{name}/images/", f"{name}/truth/", f"{name}/masks/")
    )
    return Split(images, tensors.get(f"{name}/labels"), truth, masks)
