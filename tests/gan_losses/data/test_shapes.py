from itertools import product

import pytest
import torch
from torch.nn import functional as F

from gan_losses.data import load_data
from gan_losses.data.base import Request
from gan_losses.data.shapes import COUNTS, FACTORS, draw_scenes, load_shapes, stripes
from gan_losses.errors import UsageError

DARK = {
    16: "#..#",
    32: "#..#",
    48: "#..#",
    64: "#..#",
    72: "##....##",
    96: "##....##",
}  # one period, written out by hand


def load(size):
    return load_shapes(Request("", image_size=size, train_size=size))


@pytest.fixture(scope="module")
def data():
    return load(32)


@pytest.fixture(scope="module", params=[32, 48, 64, 96])
def scenes(request):
    return draw_scenes(50, request.param, "test/here")


def dark_columns(size):
    return torch.tensor([mark == "#" for mark in DARK[size] * (size // len(DARK[size]))])


def interior(mask):
    """Pixels above the legs all of whose neighbours are the animal's too, so that they hold nothing but animal.

    Between two legs there may be slits of half a pixel, which the ground shines through.
    """
    above = torch.arange(mask.shape[-2])[:, None] < 0.56 * mask.shape[-2]
    return (F.avg_pool2d(F.pad(mask.float(), (1, 1, 1, 1)), 3, stride=1) > 0.999) & above


def paint(plain):
    """Stripes over a whole picture, by column alone."""
    return torch.where(dark_columns(plain.shape[-1]), 0.2 * plain.float(), 0.95 * 255)


@pytest.mark.parametrize(
    ("size", "digest"), [(32, "993421f4ef5f5f17"), (48, "e2b72d241e6409e6"), (64, "e69262cbbc5cb461")]
)
def test_the_digest_is_the_one_that_was_recorded(size, digest):
    assert load(size).digest == digest


def test_the_set_is_what_it_says(data):
    assert (data.name, data.domains, data.channels, data.image_size) == ("shapes2stripes", ("a", "b"), 3, 32)
    assert (data.features, data.classes, data.skipped, data.train.labels) == ("shapes", (), (), None)
    for part, count in COUNTS.items():
        for images in getattr(data, part).images.values():
            assert (images.dtype, tuple(images.shape)) == (torch.uint8, (count, 3, 32, 32))


def test_the_registry_draws_the_same_set(data):
    assert load_data("shapes2stripes", 32).digest == data.digest


def test_the_truth_is_known_of_test_images_alone(data):
    for split in (data.train, data.validation):
        assert dict(split.truth) == dict(split.masks) == {}
    assert set(data.test.truth) == set(data.test.masks) == {"a", "b"}


@pytest.mark.parametrize(("source", "target"), [("a", "b"), ("b", "a")])
def test_the_true_partner_is_the_image_itself_outside_of_the_animal(data, source, target):
    images, truth, mask = data.test.images[source], data.test.truth[target], data.test.masks[target]
    assert (mask.dtype, tuple(mask.shape)) == (torch.bool, (200, 1, 32, 32))
    changed = images != truth
    assert not (changed & ~mask).any()
    assert changed.any(1)[mask[:, 0]].double().mean() > 0.99  # a coat under a half-covered rim may happen to agree


@pytest.mark.parametrize(("target", "look"), [("a", "plain"), ("b", "striped")])
def test_both_ways_have_the_partners_of_their_own_scenes(data, target, look):
    source = {"a": "b", "b": "a"}[target]
    drawn = draw_scenes(200, 32, f"test/{source}")
    assert torch.equal(data.test.truth[target], getattr(drawn, look))
    assert torch.equal(data.test.masks[target], drawn.mask)


def test_outside_of_the_animals_nothing_is_striped(scenes):
    assert not ((scenes.plain != scenes.striped) & ~scenes.mask).any()
    share = scenes.mask.double().mean((1, 2, 3))
    assert share.min() > 0.05
    assert share.max() < 0.5


def test_inside_each_column_is_white_or_dark_by_its_place_alone(scenes):
    inside = interior(scenes.mask).expand_as(scenes.plain)
    assert inside.double().mean() > 0.03
    off = (scenes.striped.float() - paint(scenes.plain)).abs()[inside]
    assert off.max() < 0.75  # one rounding, and a fifth of another
    # At the rim a pixel is part ground, and so less white or dark; it never goes the other way.
    change = scenes.striped.float() - scenes.plain.float()
    change = torch.where(dark_columns(scenes.plain.shape[-1]), -change, change)
    assert change[scenes.mask.expand_as(change)].min() >= 0


def test_a_mirrored_scene_has_the_mirrored_partner(scenes):
    inside = interior(scenes.mask).expand_as(scenes.plain).flip(3)
    off = (scenes.striped.flip(3).float() - paint(scenes.plain.flip(3))).abs()[inside]
    assert off.max() < 0.75


@pytest.mark.parametrize("size", DARK)
def test_stripes_are_symmetric_and_grow_with_the_picture(size):
    assert torch.equal(stripes(size), dark_columns(size))
    assert torch.equal(stripes(size), stripes(size).flip(0))
    assert 2 * int(stripes(size).sum()) == size


def test_no_scene_comes_twice(data):
    # The first and the last row are sky and ground, so stripes do not hide that two scenes are one.
    edges = {
        (part, domain): getattr(data, part).images[domain][:, :, [0, -1]] for part, domain in product(COUNTS, "ab")
    }
    assert not data.test.masks["a"][:, :, [0, -1]].any()
    assert not data.test.masks["b"][:, :, [0, -1]].any()
    everything = torch.cat(list(edges.values())).flatten(1)
    assert len(everything.unique(dim=0)) == len(everything) == 2 * sum(COUNTS.values())


@pytest.mark.parametrize("name", FACTORS)
def test_factors_are_drawn_evenly(name):
    values = draw_scenes(800, 16, "train/a").factors[name]
    counts = values.bincount()
    assert (values.dtype, len(counts)) == (torch.int64, FACTORS[name])
    expected = 800 / FACTORS[name]
    assert (counts - expected).abs().max() < 4 * (expected * (1 - 1 / FACTORS[name])) ** 0.5  # four standard deviations


def test_animals_face_to_the_side_that_is_told(scenes):
    """The head is the highest part."""
    columns = torch.arange(scenes.mask.shape[-1]).double()
    rows = scenes.mask[:, 0].any(2).int().argmax(1)
    tops = scenes.mask[torch.arange(50), 0, rows].double()
    middle = (scenes.mask[:, 0].sum(1) * columns).sum(1) / scenes.mask.sum((1, 2, 3))
    left = (tops * columns).sum(1) / tops.sum(1) < middle
    assert torch.equal(left.long(), scenes.factors["facing"])


def test_grounds_have_their_colours():
    scenes = draw_scenes(100, 32, "test/here")
    below = scenes.plain[:, :, -1].double().mean(2)
    means = torch.stack([below[scenes.factors["ground"] == value].mean(0) for value in range(FACTORS["ground"])])
    expected = 255 * torch.tensor([(0.35, 0.60, 0.30), (0.75, 0.70, 0.45), (0.55, 0.60, 0.70), (0.50, 0.45, 0.40)])
    torch.testing.assert_close(means, expected.double(), rtol=0, atol=12)


def test_more_scenes_begin_with_the_same_ones():
    fewer, more = (draw_scenes(count, 16, "test/here") for count in (50, 100))
    for part in ("plain", "striped", "mask"):
        assert torch.equal(getattr(fewer, part), getattr(more, part)[:50])
        assert not torch.equal(getattr(fewer, part), getattr(more, part)[50:])
    assert all(torch.equal(fewer.factors[name], more.factors[name][:50]) for name in FACTORS)


def test_drawing_depends_on_nothing_but_the_stream():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = draw_scenes(50, 32, "test/here")
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    torch.set_num_threads(2)
    second, other = draw_scenes(50, 32, "test/here"), draw_scenes(50, 32, "test/there")
    assert torch.equal(first.striped, second.striped)
    assert not torch.equal(first.striped, other.striped)


@pytest.mark.parametrize("size", [30, 49, 66])
def test_a_size_that_is_no_multiple_of_four_is_told(size):
    with pytest.raises(UsageError) as caught:
        load(size)
    expected = f"shapes2stripes is drawn at multiples of 4 pixels, and {size} came: try 48 or 64."
    assert str(caught.value) == expected


def test_crops_are_refused():
    with pytest.raises(UsageError) as caught:
        load_shapes(Request("", image_size=48, train_size=54))
    expected = "shapes2stripes has its stripes at fixed columns, which crops would shift: leave crops out."
    assert str(caught.value) == expected
