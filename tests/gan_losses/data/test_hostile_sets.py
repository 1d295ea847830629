"""Files of the well-known sets that lie about themselves, wait, never end, or would run code."""

import os
import pickle
import random
import struct
from pathlib import Path

import pytest

from gan_losses.data import load_data
from gan_losses.errors import UsageError
from tests.formats import WRITERS, allow


class Poison:
    """Makes a file if it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path("ran"),)


def idx(shape, size, kind=8, axes=None):
    return (
        bytes([0, 0, kind, len(shape) if axes is None else axes]) + struct.pack(f">{len(shape)}I", *shape) + bytes(size)
    )


IMAGES = {
    "more than there are": idx((60000, 28, 28), 100),
    "fewer than there are": idx((2, 28, 28), 784 * 40),
    "no rows": idx((40, 0, 28), 1),
    "nothing": b"",
    "too many to count": idx((2**32 - 1,) * 3, 10),
    "two axes": idx((40, 784), 784 * 40),
    "no axes": idx((), 10),
    "255 axes": idx((1,), 1, axes=255),
    "floats": idx((40, 28, 28), 4 * 784 * 40, 13),
    "of no kind": idx((40, 28, 28), 784 * 40, 10),
    "a pickle": pickle.dumps(Poison()),
    "a page": b"<html>log in first</html>",
}
LABELS = {
    "more than there are": idx((60000,), 40),
    "fewer than images": idx((4,), 4),
    "unknown": idx((40,), 0) + b"\xff" * 40,
    "three axes": idx((2, 4, 5), 40),
}
PLACES = {
    "pipe": os.mkfifo,
    "zeros": lambda path: path.symlink_to("/dev/zero"),
    "log": lambda path: path.symlink_to("/proc/kmsg"),
    "loop": lambda path: path.symlink_to(path.name),
    "folder": Path.mkdir,
    "sparse": lambda path: (path.touch(), os.truncate(path, 1 << 42)),
    "empty": Path.touch,
    "poison": lambda path: path.write_bytes(pickle.dumps(Poison())),
}
FILES = (
    ("mnist", "MNIST/raw/train-images-idx3-ubyte"),
    ("mnist", "MNIST/raw/t10k-labels-idx1-ubyte"),
    ("cifar10", "cifar-10-batches-py/data_batch_3"),
    ("cifar10", "cifar-10-batches-py/batches.meta"),
    ("svhn", "test_32x32.mat"),
    ("stl10", "stl10_binary/unlabeled_X.bin"),
    ("celeba", "celeba/list_eval_partition.txt"),
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "root"


def refusal(name, root, **options):
    with pytest.raises(UsageError) as caught:
        load_data(name, 32, root=root, **options)
    assert str(caught.value).isprintable()
    assert not Path("ran").exists()
    return str(caught.value)


@pytest.mark.parametrize("name", IMAGES)
def test_images_that_lie_are_told(root, name):
    WRITERS["mnist"](root)
    (root / "MNIST/raw/train-images-idx3-ubyte").write_bytes(IMAGES[name])
    assert refusal("mnist", root).startswith(f"mnist in {str(root)!r} cannot be read (")


@pytest.mark.parametrize("name", LABELS)
def test_labels_that_lie_are_told(root, name):
    WRITERS["mnist"](root)
    (root / "MNIST/raw/train-labels-idx1-ubyte").write_bytes(LABELS[name])
    assert refusal("mnist", root).startswith(f"mnist in {str(root)!r} cannot be read (")


def test_spoilt_headers_are_read_or_told(root):
    random_, refusals = random.Random(0), 0
    WRITERS["mnist"](root)
    file = root / "MNIST/raw/train-images-idx3-ubyte"
    sound = file.read_bytes()
    for _ in range(60):
        content = bytearray(sound[: random_.choice([len(sound), random_.randrange(len(sound))])])
        content[random_.randrange(16) % max(1, len(content)) : 1] = b""
        for _ in range(random_.randrange(3)):
            content[random_.randrange(min(16, len(content)))] = random_.randrange(256)
        file.write_bytes(content)
        try:
            load_data("mnist", 32, root=root)
        except UsageError as error:
            refusals += str(error).isprintable()
    assert refusals > 40


@pytest.mark.parametrize(("name", "file"), FILES)
@pytest.mark.parametrize("kind", PLACES)
def test_what_would_wait_never_end_or_run_code_is_told(root, monkeypatch, name, file, kind):
    allow(monkeypatch, WRITERS[name](root)[1])
    (root / file).unlink()
    PLACES[kind](root / file)
    assert name in refusal(name, root)


def test_without_one_face_that_can_be_read_there_is_no_set(root, monkeypatch):
    allow(monkeypatch, WRITERS["celeba"](root)[1])
    for face in (root / "celeba/img_align_celeba").iterdir():
        face.write_bytes(b"no picture")
    assert refusal("celeba", root, bad_images="skip").startswith("none of 16 faces in ")


@pytest.mark.parametrize("name", ["mnist", "cifar10", "facades", "celeba"])
def test_a_root_that_cannot_be_is_told(tmp_path, name):
    assert "cannot be looked at (File name too long)" in refusal(name, tmp_path / ("x" * 300))
