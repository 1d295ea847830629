"""Well-known data sets in their own file formats, small and filled with random pixels, as torchvision's readers take them.

Each writer fills `root` and returns what it wrote and the md5s that torchvision's readers have to be told of, since they
refuse anything but the published files: `allow(patch, patches)` puts them in place for a test.
"""

import csv
import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from PIL import Image

import gan_losses._torchvision  # noqa: F401

# isort: split
from torchvision import datasets

Pixels = Any
Patches = list[tuple[Any, str, Any]]

CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
CELEBA_LISTS = (
    "list_attr_celeba.txt",
    "identity_CelebA.txt",
    "list_bbox_celeba.txt",
    "list_landmarks_align_celeba.txt",
    "list_eval_partition.txt",
)


def allow(patch: Any, patches: Patches) -> None:
    """Have torchvision's readers take the files that were written, until the monkeypatch `patch` is undone."""
    for owner, name, value in patches:
        patch.setattr(owner, name, value)


def noise(shape: tuple[int, ...], seed: int = 0) -> Pixels:
    """Random pixels of uint8."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def classes_of(count: int) -> Any:
    """0, 1, …, 9, 0, …"""
    return np.arange(count) % 10


def write_mnist(root: Path, count: int = 40, reader: str = "MNIST", seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """IDX files: `count` images to train on and half as many to test, (N, 28, 28), with labels."""
    folder = root / reader / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for part, number in (("train", count), ("t10k", count // 2)):
        images, labels = noise((number, 28, 28), seed + number), classes_of(number).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">4B3I", 0, 0, 8, 3, number, 28, 28) + images.tobytes()
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, number) + labels.tobytes())
        written["train" if part == "train" else "test"] = (images[:, None], labels)
    return written, []


def write_fashion_mnist(root: Path, count: int = 40, seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """As `write_mnist`."""
    return write_mnist(root, count, "FashionMNIST", seed)


def write_cifar10(root: Path, count: int = 50, seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """Pickles: five batches with `count` images in all and a test batch with `count // 2`, (N, 3, 32, 32)."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = noise((count, 3, 32, 32), seed), classes_of(count)
    tests, answers = noise((count // 2, 3, 32, 32), seed + 1), classes_of(count // 2)
    batches = {f"data_batch_{part + 1}": (images[part::5], labels[part::5]) for part in range(5)}
    for name, (pixels, numbers) in {**batches, "test_batch": (tests, answers)}.items():
        batch = {"data": pixels.reshape(len(pixels), -1), "labels": numbers.tolist()}
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": CIFAR_CLASSES}))
    known = [[name, md5(folder / name)] for name in batches]
    patches: Patches = [
        (datasets.CIFAR10, "train_list", known),
        (datasets.CIFAR10, "test_list", [["test_batch", md5(folder / "test_batch")]]),
        (datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": md5(folder / "batches.meta")}),
    ]
    train = [np.concatenate([batch[place] for batch in batches.values()]) for place in (0, 1)]
    return {"train": tuple(train), "test": (tests, answers)}, patches


def write_svhn(root: Path, count: int = 40, seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """MATLAB files: X (32, 32, 3, N) and y (N, 1) in which the digit 0 is 10."""
    root.mkdir(parents=True, exist_ok=True)
    written, known = {}, dict(datasets.SVHN.split_list)
    for part, number in (("train", count), ("test", count // 2)):
        images, labels = noise((number, 3, 32, 32), seed + number), classes_of(number)
        path = root / f"{part}_32x32.mat"
        kept = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(path, {"X": images.transpose(2, 3, 1, 0), "y": kept}, do_compression=True)
        known[part] = [known[part][0], path.name, md5(path)]
        written[part] = (images, labels)
    return written, [(datasets.SVHN, "split_list", known)]


def write_stl10(root: Path, count: int = 20, seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """Binary files of pictures of 96 px, column by column: `count` unlabelled ones, half as many labelled and to test."""
    folder = root / "stl10_binary"
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for number, (name, amount) in enumerate((("unlabeled", count), ("train", count // 2), ("test", count // 2))):
        images, labels = noise((amount, 3, 96, 96), seed + number), classes_of(amount).astype(np.uint8)
        (folder / f"{name}_X.bin").write_bytes(images.transpose(0, 1, 3, 2).tobytes())
        (folder / f"{name}_y.bin").write_bytes((labels + 1).tobytes())
        written[name] = (images, labels)
    (folder / "unlabeled_y.bin").unlink()
    (folder / "class_names.txt").write_text("\n".join(CIFAR_CLASSES))
    files = {f"{name}_{kind}.bin": 0 for name in ("train", "test") for kind in "Xy"}
    md5s = {name: md5(folder / name) for name in [*files, "unlabeled_X.bin"]}
    train = [[name, md5s[name]] for name in ("train_X.bin", "train_y.bin", "unlabeled_X.bin")]
    test = [[name, md5s[name]] for name in ("test_X.bin", "test_y.bin")]
    return written, [(datasets.STL10, "train_list", train), (datasets.STL10, "test_list", test)]


def write_celeba(root: Path, count: int = 20, seed: int = 0) -> tuple[dict[str, Any], Patches]:
    """JPEG files of 178 x 218 px and the five lists; of ten pictures eight are to train on, one each for the others."""
    folder = root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True, exist_ok=True)
    names = [f"{number + 1:06d}.jpg" for number in range(count)]
    for name, pixels in zip(names, noise((count, 28, 23, 3), seed), strict=True):
        picture = Image.fromarray(pixels).resize((178, 218), Image.Resampling.BICUBIC)
        picture.save(folder / "img_align_celeba" / name, quality=95)
    partition = [0 if number % 10 < 8 else number % 10 - 7 for number in range(count)]
    rows: dict[str, list[list[str]]] = {
        "list_eval_partition.txt": [[name, str(part)] for name, part in zip(names, partition, strict=True)],
        "identity_CelebA.txt": [[name, "7"] for name in names],
        "list_attr_celeba.txt": [[str(count)], ["Smiling", "Young"], *([name, "1", "-1"] for name in names)],
        "list_bbox_celeba.txt": [[str(count)], ["image_id", "x_1"], *([name, "3"] for name in names)],
        "list_landmarks_align_celeba.txt": [[str(count)], ["lefteye_x"], *([name, "69"] for name in names)],
    }
    for name, lines in rows.items():
        with (folder / name).open("w", newline="") as stream:
            csv.writer(stream, delimiter=" ", lineterminator="\n").writerows(lines)
    known = [(key, md5(folder / name) if name in rows else "", name) for key, _, name in datasets.CelebA.file_list]
    written = {
        part: [name for name, of in zip(names, partition, strict=True) if of == place]
        for place, part in enumerate(("train", "validation", "test"))
    }
    return written, [(datasets.CelebA, "file_list", known)]


def md5(path: Path) -> str:
    """Of a file, in hexadecimal."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


WRITERS = {
    "mnist": write_mnist,
    "fashion-mnist": write_fashion_mnist,
    "cifar10": write_cifar10,
    "svhn": write_svhn,
    "stl10": write_stl10,
    "celeba": write_celeba,
}
