import sys

import numpy as np
import pytest
import torch
from skimage import data as photographs

from gan_losses.data.base import Request
from gan_losses.data.textures import TEXTURES, load_textures, photograph
from gan_losses.errors import UsageError


def load(argument="grass,gravel", image_size=32, train_size=36):
    return load_textures(Request(argument, image_size, train_size))


def refusal(*arguments):
    with pytest.raises(UsageError) as caught:
        load(*arguments)
    return str(caught.value)


@pytest.fixture(scope="module")
def data():
    return load()


def places(patches, image):
    """(row, column) of each patch in the photograph, found by its pixels alone."""
    size = patches.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    found = []
    for patch in patches.squeeze(1).numpy():
        likely = np.argwhere((windows[:, :, 0, :8] == patch[0, :8]).all(axis=-1))
        matches = [(int(row), int(column)) for row, column in likely if (windows[row, column] == patch).all()]
        assert len(matches) == 1
        found += matches
    return found


@pytest.mark.parametrize(("domain", "name"), [("a", "grass"), ("b", "gravel")])
@pytest.mark.parametrize(
    ("part", "count", "rows", "columns"),
    [
        ("train", 400, (0, 512), (0, 256)),
        ("validation", 100, (0, 256), (256, 512)),
        ("test", 100, (256, 512), (256, 512)),
    ],
)
def test_patches_lie_in_their_part_of_their_photograph(data, domain, name, part, count, rows, columns):
    patches = getattr(data, part).images[domain]
    size = 36 if part == "train" else 32
    assert (patches.dtype, tuple(patches.shape)) == (torch.uint8, (count, 1, size, size))
    found = places(patches, getattr(photographs, name)())
    for axis, (first, end) in enumerate((rows, columns)):
        starts = [place[axis] for place in found]
        assert first <= min(starts) < first + 16  # the whole part is used, to its edges: a few pixels of luck aside
        assert end - size - 16 < max(starts) <= end - size


def test_the_patches_are_the_same_every_time_and_stand_for_the_names(data):
    assert load().digest == data.digest
    assert (data.name, data.domains, data.channels, data.image_size) == ("textures:grass,gravel", ("a", "b"), 1, 32)
    assert (data.features, data.classes, data.skipped, data.train.labels) == ("random", (), (), None)
    turned = load("gravel,brick")
    assert torch.equal(turned.train.images["a"], data.train.images["b"])
    assert not torch.equal(turned.train.images["b"], data.train.images["a"])
    assert turned.digest != data.digest


def test_the_digest_is_the_one_that_was_recorded(data):
    assert data.digest == "6e35967414908b41"


def test_the_largest_size_is_the_part_itself():
    data = load(image_size=256, train_size=256)
    assert torch.equal(data.test.images["a"][0, 0], photograph("grass")[256:, 256:])
    assert torch.equal(data.validation.images["b"][99, 0], photograph("gravel")[:256, 256:])


@pytest.mark.parametrize("name", TEXTURES)
def test_every_photograph_is_there_without_a_download(name):
    image = photograph(name)
    assert (tuple(image.shape), image.dtype) == ((512, 512), torch.uint8)


@pytest.mark.parametrize("sizes", [(257, 257), (16, 257)])
def test_a_size_beyond_the_parts_is_told(sizes):
    expected = "textures have patches of 256 pixels at most, and 257 came: ask for a smaller size."
    assert refusal("grass,gravel", *sizes) == expected


@pytest.mark.parametrize("argument", ["grass", "grass,grass", "grass,gravel,brick", ""])
def test_other_than_two_different_names_are_told(argument):
    expected = f"textures need two different ones of grass, gravel, brick, and {argument!r} came"
    assert refusal(argument) == f"{expected}: write textures:grass,gravel."


def test_an_unknown_name_is_told():
    assert refusal("grass,grvel") == "unknown texture 'grvel': did you mean 'gravel'? Known: grass, gravel, brick."


def test_a_missing_package_is_told_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    remedy = "pip install 'gan-losses[textures]' (from a checkout: pip install -e '.[textures]')"
    expected = f"data 'textures' are photographs of scikit-image, which is not installed: {remedy}."
    assert refusal() == expected
