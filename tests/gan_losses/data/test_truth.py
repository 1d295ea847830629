import math

import pytest
import torch

from gan_losses.data import load_data
from gan_losses.data.truth import COLOURS, FACTORS, GROUNDS, MODES, factors_of, modes, scenes
from gan_losses.data.truth_drawing import COUNTS, SHAPES, Scenes, covers, draw, periods
from gan_losses.errors import UsageError


def one(shape, count, angle=0.3, size=1.0, middle=(0.5, 0.5)):
    double = {"dtype": torch.float64}
    return Scenes(
        torch.tensor([SHAPES.index(shape)]),
        torch.tensor([count - 1]),
        torch.tensor([middle], **double),
        torch.tensor([angle], **double),
        torch.tensor([size], **double),
        torch.tensor([[1.0, 0.5, 0.0]], **double),
        torch.tensor([[0.2, 0.2, 0.4]], **double),
    )


@pytest.mark.parametrize(("size", "digest"), [(16, "4ce8a26dedd0f2bc"), (32, "aca7dfe8f42c45f2")])
def test_the_digest_is_the_one_that_was_recorded(size, digest):
    assert load_data("truth:300", size).digest == digest


def test_the_set_is_what_it_says():
    data = load_data("truth:300", 16)
    assert (data.name, data.domains, data.channels, data.image_size) == ("truth:300", ("image",), 3, 16)
    assert (data.features, data.classes) == ("truth", SHAPES)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [300, 500, 2000]
    assert torch.equal(data.train.labels, scenes(300, "train").shape)


def test_a_larger_training_set_begins_with_the_smaller_one_and_test_images_stay():
    small, large = (load_data(f"truth:{count}", 16) for count in (200, 1500))
    assert torch.equal(small.train.images["image"], large.train.images["image"][:200])
    assert torch.equal(small.test.images["image"], large.test.images["image"])


def test_no_picture_comes_twice():
    data = load_data("truth:1500", 16)
    images = torch.cat([split.images["image"] for split in (data.train, data.validation, data.test)])
    assert len(images.flatten(1).unique(dim=0)) == len(images) == 4000


def test_classes_are_shapes_and_can_be_chosen():
    data = load_data("truth:400", 16, classes=["bar", "disc"])
    shapes = scenes(400, "train").shape
    assert (data.name, data.classes) == ("truth:400[disc,bar]", ("disc", "bar"))
    assert torch.equal(data.train.labels, (shapes[(shapes == 0) | (shapes == 3)] == 3).long())


@pytest.mark.parametrize("argument", ["1", "ten", "-5", "1000001", "4e3", "٣٣", "9" * 30])
def test_a_wrong_size_is_told(argument):
    with pytest.raises(UsageError) as caught:
        load_data(f"truth:{argument}", 16)
    told = f"data 'truth' has from 2 to 1,000,000 images to train on, and {argument!r} came: try truth:4000."
    assert str(caught.value) == told


@pytest.mark.parametrize("name", FACTORS)
def test_factors_are_drawn_evenly(name):
    counts = factors_of(scenes(4000, "train"))[name].bincount(minlength=FACTORS[name])
    expected = 4000 / FACTORS[name]
    assert len(counts) == FACTORS[name]
    assert (counts - expected).abs().max() < 4.5 * (expected * (1 - 1 / FACTORS[name])) ** 0.5


def test_every_mode_has_a_number_of_its_own():
    grid = torch.cartesian_prod(*(torch.arange(values) for values in FACTORS.values()))
    numbers = modes(dict(zip(FACTORS, grid.T, strict=True)))
    assert torch.equal(numbers.sort().values, torch.arange(MODES))
    assert MODES == 4 * 3 * 12 * 8 == 1152


def test_shades_never_reach_those_of_another_name():
    for named, spread in ((torch.tensor(list(COLOURS.values())), 0.08), (torch.tensor(GROUNDS), 0.06)):
        apart = (named[:, None] - named).abs().amax(2) + torch.eye(len(named))
        assert apart.min() > 2 * spread + 0.1


# Areas by the formulas of geometry, as shares of the picture; the radii are 0.26, 0.165 and 0.15.
AREAS = {
    "disc": lambda r: math.pi * (0.9 * r) ** 2,
    "square": lambda r: 2 * r**2,
    "triangle": lambda r: 3 * math.sqrt(3) / 4 * r**2,
    "bar": lambda r: 4 * 0.3 * r**2,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", COUNTS)
def test_shapes_have_their_areas(shape, count):
    area = covers(one(shape, count), 256).mean().item()
    assert area == pytest.approx(count * AREAS[shape]({1: 0.26, 2: 0.165, 3: 0.15}[count]), rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", COUNTS)
def test_pictures_come_back_after_their_period_and_not_before(shape, count):
    first = one(shape, count)
    period = int(periods(first.shape, first.count))
    turned, half = (one(shape, count, 0.3 + share * 2 * math.pi / period) for share in (1, 0.5))
    torch.testing.assert_close(covers(turned, 32), covers(first, 32), rtol=0, atol=1e-9)
    apart = (covers(half, 32) - covers(first, 32)).abs().max().item()
    assert (apart < 1e-9) == (shape == "disc" and count == 1)


def test_everything_stays_inside_of_the_picture():
    drawn = draw(scenes(500, "test"), 64)
    rim = torch.cat([drawn[:, :, 0], drawn[:, :, -1], drawn[:, :, :, 0], drawn[:, :, :, -1]], 2)
    assert torch.equal(rim.amax(2), rim.amin(2))


def test_shapes_of_a_picture_do_not_touch():
    known = scenes(300, "test")
    total = covers(known, 64).mean((1, 2))
    radius = torch.tensor([0.26, 0.165, 0.15], dtype=torch.float64)[known.count] * known.size
    alone = torch.stack(
        [AREAS[SHAPES[s]](r) * (c + 1) for s, r, c in zip(known.shape, radius, known.count, strict=True)]
    )
    torch.testing.assert_close(total, alone, rtol=0.06, atol=0)


def test_colours_are_those_of_the_scene():
    drawn = draw(one("disc", 1), 32)[0].double()
    assert drawn[:, 16, 16].tolist() == [255, 128, 0]
    assert drawn[:, 0, 0].tolist() == [51, 51, 102]


def test_drawing_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    assert torch.equal(draw(scenes(20, "test"), 16), draw(scenes(1001, "test")[:20], 16))
    assert torch.equal(torch.random.get_rng_state(), before)
