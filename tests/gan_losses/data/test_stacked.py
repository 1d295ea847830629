import pytest
import torch

from gan_losses.data import load_data
from gan_losses.data.base import Request
from gan_losses.data.digits import load_digits
from gan_losses.data.stacked import stack
from gan_losses.errors import UsageError

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits():
    return load_digits(Request("", 16, 16))


@pytest.fixture(scope="module")
def data():
    return load_data("stacked-digits:1500", 16)


def test_the_set_is_what_it_says(data):
    assert (data.name, data.domains, data.channels, data.image_size) == ("stacked-digits:1500", ("image",), 3, 16)
    assert (data.features, data.classes, data.train.labels) == ("stacked-digits", (), None)
    assert [len(getattr(data, part)) for part in PARTS] == [1500, 1000, 2600]


def test_the_digest_is_the_one_that_was_recorded(data):
    assert data.digest == "69a5c7770b027cf7"


@pytest.mark.parametrize("part", PARTS)
def test_every_channel_is_a_digit_of_the_same_split(data, digits, part):
    known = getattr(digits, part).images["image"].flatten(1)
    channels = getattr(data, part).images["image"].flatten(0, 1).flatten(1)
    assert len(torch.cat([known, channels]).unique(dim=0)) == len(known.unique(dim=0))


def test_the_mode_is_what_the_channels_show(digits):
    pictures, modes = stack(digits.test, 50, "here")
    for picture, mode in zip(pictures, modes.tolist(), strict=True):
        same = [(digits.test.images["image"][:, 0] == channel).flatten(1).all(1) for channel in picture]
        assert [int(digits.test.labels[rows][0]) for rows in same] == [mode // 100, mode // 10 % 10, mode % 10]


def test_channels_are_drawn_independently_and_evenly(digits):
    modes = stack(digits.train, 20_000, "here")[1]
    figures = torch.stack([modes // 100, modes // 10 % 10, modes % 10])
    shares = digits.train.labels.bincount() / len(digits.train)
    for each in figures:
        torch.testing.assert_close(each.bincount() / 20_000, shares, rtol=0, atol=0.009)
    assert torch.corrcoef(figures.double()).fill_diagonal_(0).abs().max() < 0.03


def test_more_stacks_begin_with_the_same_ones(digits):
    few, many = (stack(digits.train, count, "here") for count in (40, 400))
    assert torch.equal(few[0], many[0][:40])
    assert torch.equal(few[1], many[1][:40])


def test_a_wrong_size_is_told():
    with pytest.raises(UsageError) as caught:
        load_data("stacked-digits:many", 16)
    assert str(caught.value) == (
        "data 'stacked-digits' has from 2 to 200,000 stacks to train on, and 'many' came: try stacked-digits:10000."
    )
