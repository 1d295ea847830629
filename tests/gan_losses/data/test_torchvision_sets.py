import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F
from torch.testing import assert_close

from gan_losses.data import DATA, load_data
from gan_losses.data.halves import halves
from gan_losses.data.published import PUBLISHED
from gan_losses.data.torchvision_sets import ARRAYS
from gan_losses.errors import UsageError
from tests.formats import CELEBA_LISTS, CIFAR_CLASSES, WRITERS, allow

HALVED = ("mnist", "fashion-mnist", "cifar10", "svhn")
NATIVE = {"mnist": 28, "fashion-mnist": 28, "cifar10": 32, "svhn": 32, "stl10": 96, "celeba": 178}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a set in its own format, and have torchvision's readers take it: what was written."""

    def write(name, **options):
        written, patches = WRITERS[name](tmp_path, **options)
        allow(monkeypatch, patches)
        return written

    return write


@pytest.fixture
def load(tmp_path):
    return lambda name, size=None, **options: load_data(name, size or NATIVE[name], root=tmp_path, **options)


def refusal(load, *arguments, **options):
    with pytest.raises(UsageError) as caught:
        load(*arguments, **options)
    return str(caught.value)


def rows(split):
    return sorted(bytes(image.numpy()) for image in split.images["image"])


@pytest.mark.parametrize("name", HALVED)
def test_training_images_are_the_official_ones_bit_for_bit(name, write, load):
    images, labels = write(name)["train"]
    data = load(name)
    assert torch.equal(data.train.images["image"], torch.from_numpy(images))
    assert data.train.labels.tolist() == labels.tolist()
    assert (data.name, data.domains, data.features, data.path.is_dir()) == (name, ("image",), "random", True)


@pytest.mark.parametrize("name", HALVED)
def test_official_test_images_are_halved_by_content_with_their_labels(name, write, load):
    images, labels = write(name)["test"]
    data = load(name)
    assert abs(len(data.validation) - len(data.test)) <= 1
    assert sorted(rows(data.validation) + rows(data.test)) == sorted(image.tobytes() for image in images)
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for split in (data.validation, data.test):
        found = [known[bytes(image.numpy())] for image in split.images["image"]]
        assert split.labels.tolist() == found


def test_halves_do_not_hang_on_the_order_and_keep_equal_images_together():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (41, 1, 4, 4), dtype=np.uint8)
    images = np.concatenate([images, images[:10]])
    validation, test = halves(images)
    assert sorted([*validation, *test]) == list(range(51))
    assert {images[row].tobytes() for row in validation}.isdisjoint(images[row].tobytes() for row in test)
    assert len({images[row].tobytes() for row in test}) == 20
    shuffled = random.permutation(51)
    again = halves(images[shuffled])[1]
    assert [images[shuffled[row]].tobytes() for row in again] == [images[row].tobytes() for row in test]


def test_stl10_trains_on_the_unlabelled_and_has_no_classes(write, load):
    written = write("stl10")
    data = load("stl10")
    parts = zip(("unlabeled", "train", "test"), (data.train, data.validation, data.test), strict=True)
    for name, split in parts:
        assert torch.equal(split.images["image"], torch.from_numpy(written[name][0]))
        assert split.labels is None
    assert data.classes == ()


def test_celeba_has_its_own_partition_and_the_square_in_the_middle(write, load, tmp_path):
    names = write("celeba")
    data = load("celeba")
    assert [len(split) for split in (data.train, data.validation, data.test)] == [16, 2, 2]
    for part, split in zip(("train", "validation", "test"), (data.train, data.validation, data.test), strict=True):
        for name, image in zip(names[part], split.images["image"], strict=True):
            whole = np.asarray(Image.open(tmp_path / "celeba" / "img_align_celeba" / name))
            assert torch.equal(image, torch.from_numpy(whole[20:198].transpose(2, 0, 1).copy()))


@pytest.mark.parametrize(("name", "size"), [("mnist", 32), ("cifar10", 16), ("celeba", 64), ("stl10", 48)])
def test_other_sizes_are_bilinear_and_antialiased(name, size, write, load):
    write(name)
    native, found = (load(name, each).test.images["image"] for each in (NATIVE[name], size))
    expected = F.interpolate(native.double(), (size, size), mode="bilinear", antialias=True)
    assert_close(found.double(), expected, rtol=0, atol=1.5)  # Pillow rounds to 8 bits twice
    assert (found.double() - expected).abs().mean() < 0.5


def test_training_images_may_be_larger_for_crops(write, load):
    write("cifar10")
    data = load("cifar10", train_size=36)
    assert (data.image_size, data.train_size) == (32, 36)


def test_a_few_classes_are_kept_in_the_order_of_the_set(write, load):
    written = write("cifar10")
    data = load("cifar10", classes=("dog", "cat"))
    assert (data.name, data.classes) == ("cifar10[cat,dog]", ("cat", "dog"))
    images, labels = written["train"]
    wanted = [(image.tobytes(), label - 3) for image, label in zip(images, labels, strict=True) if label in (3, 5)]
    expected = [(image, 1 if label == 2 else 0) for image, label in wanted]
    found = zip(data.train.images["image"], data.train.labels.tolist(), strict=True)
    assert [(bytes(image.numpy()), label) for image, label in found] == expected
    whole = load("cifar10")
    for part in ("validation", "test"):  # chosen after the halving: no image changes its part
        assert set(rows(getattr(data, part))) <= set(rows(getattr(whole, part)))


def test_classes_of_other_sets(write, load):
    write("mnist")
    assert load("mnist", classes=["3"]).name == "mnist[3]"
    digits = load_data("digits", 16, classes=["7", "1"])
    assert (digits.name, digits.classes, set(digits.test.labels.tolist())) == ("digits[1,7]", ("1", "7"), {0, 1})
    whole = load_data("digits", 16)
    assert torch.equal(
        digits.test.images["image"][digits.test.labels == 1], whole.test.images["image"][whole.test.labels == 7]
    )


def test_classes_that_cannot_be_chosen_are_told(load, tmp_path):
    assert refusal(load, "cifar10", classes=["cta"]) == (
        f"unknown class of cifar10 'cta': did you mean 'cat'? Known: {', '.join(CIFAR_CLASSES)}."
    )
    for name in ("stl10", "celeba"):
        expected = f"data {name!r} has no classes to choose from, and cat, dog came: leave them out."
        assert refusal(load, name, classes=["cat", "dog"]) == expected
    assert not (tmp_path / "cache").exists()


def test_a_class_without_images_is_told(write, load):
    write("cifar10", count=8)  # the test images have the labels 0 … 3
    assert (
        refusal(load, "cifar10", classes=["horse"])
        == "cifar10[horse] has no images for validation: choose other classes."
    )


def test_class_names_are_the_sets_own(write, load):
    write("cifar10")
    assert list(load("cifar10").classes) == CIFAR_CLASSES
    from torchvision.datasets import FashionMNIST

    assert list(ARRAYS["fashion-mnist"].classes) == FashionMNIST.classes
    assert ARRAYS["mnist"].classes == ARRAYS["svhn"].classes == tuple("0123456789")


def test_what_is_not_there_is_told_with_what_to_put_where(load, tmp_path):
    root = str(tmp_path)
    assert refusal(load, "cifar10") == (
        f"no cifar10 in {root!r} (cifar-10-batches-py/data_batch_1 is missing): add --download (170 MB from "
        f"www.cs.toronto.edu), or put cifar-10-python.tar.gz into {str(tmp_path / 'downloads' / 'cifar10')!r}, or "
        f"cifar-10-batches-py/data_batch_1 and 6 more files into {root!r} yourself."
    )
    assert refusal(load, "svhn") == (
        f"no svhn in {root!r} (train_32x32.mat is missing): add --download (246 MB from ufldl.stanford.edu), or put "
        f"train_32x32.mat, test_32x32.mat into {root!r} yourself."
    )
    files = ", ".join(f"celeba/{name}" for name in ("img_align_celeba", CELEBA_LISTS[-1], *CELEBA_LISTS[:-1]))
    assert refusal(load, "celeba", download=True) == (
        f"no celeba in {root!r} (celeba/img_align_celeba is missing): it cannot be downloaded from here, get it from "
        f"https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put {files} into that folder."
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cifar10", "cifar-10-batches-py/data_batch_2"),
        ("svhn", "test_32x32.mat"),
        ("stl10", "stl10_binary/test_X.bin"),
        ("celeba", "celeba/list_eval_partition.txt"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_refused(name, file, write, load, tmp_path):
    write(name)
    spoilt = bytearray((tmp_path / file).read_bytes())
    spoilt[-2] ^= 1
    (tmp_path / file).write_bytes(spoilt)
    remedy = "delete the set's files there and get them anew"
    problem = f"{name} in {str(tmp_path)!r} cannot be read (a file is not the published one)"
    assert refusal(load, name) == f"{problem}: {remedy}."


def test_a_pickle_of_another_hash_is_never_opened(write, load, tmp_path):
    write("cifar10")
    harmful = b"cos\nmkdir\n(V" + str(tmp_path / "harm").encode() + b"\ntR."
    (tmp_path / "cifar-10-batches-py" / "batches.meta").write_bytes(harmful)
    assert "a file is not the published one" in refusal(load, "cifar10")
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").write_bytes(harmful)
    assert "a file is not the published one" in refusal(load, "cifar10")
    assert not (tmp_path / "harm").exists()


def test_a_damaged_file_of_mnist_is_told(write, load, tmp_path):
    write("mnist")
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal(load, "mnist").startswith(f"mnist in {str(tmp_path)!r} cannot be read (")


def test_labels_that_do_not_belong_to_the_images_are_told(write, load, tmp_path):
    write("mnist")
    path = tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    content = path.read_bytes()
    problem, remedy = f"mnist in {str(tmp_path)!r} cannot be read", "delete the set's files there and get them anew."
    path.write_bytes(content[:7] + bytes([19]) + content[8:-1])
    assert refusal(load, "mnist") == f"{problem} (20 images and 19 labels for test): {remedy}"
    path.write_bytes(content[:-1] + bytes([10]))
    assert refusal(load, "mnist") == f"{problem} (labels for test that none of the 10 classes has): {remedy}"


def test_bad_faces_stop_or_are_skipped_and_listed(write, load, tmp_path):
    names = write("celeba")
    bad = tmp_path / "celeba" / "img_align_celeba" / names["train"][3]
    bad.write_bytes(bad.read_bytes()[:300])
    assert refusal(load, "celeba").startswith(f"cannot read {str(bad)!r} (")
    data = load("celeba", bad_images="skip")
    assert (data.skipped, len(data.train)) == ((bad.name,), 15)
    assert load("celeba", bad_images="skip").skipped == (bad.name,)


def test_every_set_is_registered_and_described():
    for name in PUBLISHED:
        source = DATA[name]
        assert (source.argument, source.domains_of("")) == ("", ("image",))
        assert len(source.summary) < 110
        assert source.has_classes == (name not in ("stl10", "celeba"))
    for known in PUBLISHED.values():
        assert all(len(remote.sha256) == 64 and remote.size > 4000 for remote in known.remotes)


def test_one_domain_of_a_papers_set():
    source = DATA["facades"]
    assert [source.domains_of(argument) for argument in ("", "a", "b")] == [("a", "b"), ("image",), ("image",)]
