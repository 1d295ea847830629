import pytest
import torch
from sklearn.datasets import load_digits as read_digits
from torch.nn import functional as F

from gan_losses.data import DATA, load_data
from gan_losses.data.digits import apportion, enlarge, stratify
from gan_losses.errors import UsageError

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", 16)


def test_the_split_has_1000_397_and_400_digits_of_16_pixels(digits):
    shapes = [getattr(digits, name).images["image"].shape for name in SPLITS]
    assert shapes == [(1000, 1, 16, 16), (397, 1, 16, 16), (400, 1, 16, 16)]
    assert [len(getattr(digits, name).labels) for name in SPLITS] == [1000, 397, 400]
    assert digits.train.images["image"].dtype == torch.uint8
    assert digits.train.labels.dtype == torch.int64
    assert (digits.classes, digits.features, digits.domains) == (tuple("0123456789"), "digits", ("image",))


def test_every_split_has_the_classes_in_the_proportion_of_the_whole(digits):
    whole = torch.from_numpy(read_digits().target).bincount().double()
    for name in SPLITS:
        labels = getattr(digits, name).labels
        ideal = whole * len(labels) / 1797
        # Two roundings at most, and each moves a class by less than one image.
        assert (labels.bincount() - ideal).abs().max() < 2, name


def test_the_splits_are_disjoint_and_hold_every_digit_once(digits):
    labels = torch.from_numpy(read_digits().target)
    rows = stratify(labels, [1000, 397, 400])
    assert torch.cat(rows).sort().values.tolist() == list(range(1797))
    for name, part in zip(SPLITS, rows, strict=True):
        torch.testing.assert_close(getattr(digits, name).labels, labels[part].long(), rtol=0, atol=0)


def test_the_pixels_and_the_split_are_the_same_on_every_machine():
    assert {size: load_data("digits", size).digest for size in (16, 32)} == {
        16: "5109e8921c80fbc0",
        32: "81641e9acab07daa",
    }


def test_the_original_digits_can_be_read_off_the_enlarged_ones():
    raw = torch.from_numpy(read_digits().images)
    back = F.interpolate(enlarge(raw, 8).double(), size=8).squeeze(1) * 16 / 255
    torch.testing.assert_close(back, raw, rtol=0, atol=0.5 * 16 / 255)


def test_enlarging_is_bilinear_between_pixel_centres():
    corner = torch.zeros(1, 8, 8, dtype=torch.float64)
    corner[0, 0, 0] = 16
    row = enlarge(corner, 16)[0, 0, 0]
    # Centres at 0 (clamped), 0.25, 0.75, 1.25 source pixels from the first: weights 1, 0.75, 0.25, 0.
    assert row[:4].tolist() == [255, 191, 64, 0]


@pytest.mark.parametrize("image_size", [16, 32, 64, 128])
def test_digits_come_in_every_image_size(image_size):
    data = load_data("digits", image_size)
    assert (data.image_size, data.channels) == (image_size, 1)
    assert (data.test.images["image"].min().item(), data.test.images["image"].max().item()) == (0, 255)


def test_apportion_gives_every_seat_and_prefers_the_largest_remainder():
    assert apportion([178, 182, 177], 100) == [33, 34, 33]
    assert apportion([1, 1, 1], 2) == [1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("digit", 16), f"unknown data 'digit': did you mean 'digits'? Known: {', '.join(DATA)}."),
        (("digits:here", 16), "data 'digits' takes nothing after a colon, and 'here' came: write digits."),
        (("images", 16), "data 'images' needs to know where: write images:FOLDER."),
        (("images:", 16), "data 'images' needs to know where: write images:FOLDER."),
        (("digits", 8), "the image size is 16 pixels or more, and 8 came."),
        (("digits", 16, "ask"), "bad images either stop the run or are skipped: write stop or skip, not 'ask'."),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(arguments, sentence):
    with pytest.raises(UsageError) as caught:
        load_data(*arguments)
    assert str(caught.value) == sentence


def test_every_source_has_a_summary_of_one_line():
    assert all(source.summary and "\n" not in source.summary for source in DATA.values())
