import hashlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from gan_losses.data.base import Batches, DataSet, Split, resized, to_float, to_uint8


def numbered(count: int, domain: str = "image") -> Split:
    return Split({domain: torch.arange(count, dtype=torch.uint8).view(count, 1, 1, 1)})


def seen(batches: Batches, step: int, draw: int = 0) -> list[int]:
    return to_uint8(batches(step, draw)["image"]).flatten().tolist()


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 3))
def test_an_image_comes_again_only_when_all_were_seen(count: int, batch_size: int, draw: int) -> None:
    batches = Batches(numbered(count), batch_size, seed=1)
    stream = [image for step in range(count * 3 // batch_size + 1) for image in seen(batches, step, draw)]
    for start in range(0, len(stream) - count + 1, count):
        assert sorted(stream[start : start + count]) == list(range(count))


def test_batches_are_addressed_not_consumed() -> None:
    first, second = Batches(numbered(10), 4, seed=0), Batches(numbered(10), 4, seed=0)
    forwards = [seen(first, step) for step in range(12)]
    backwards = [seen(second, step) for step in reversed(range(12))]
    assert forwards == backwards[::-1]
    assert seen(first, 3, draw=1) != seen(first, 3, draw=0)
    assert seen(Batches(numbered(10), 4, seed=1), 3) != forwards[3]


def test_unpaired_domains_have_orders_of_their_own() -> None:
    split = Split({**numbered(30, "a").images, **numbered(50, "b").images})
    batch = Batches(split, 8, seed=0)(0)
    assert {domain: images.shape for domain, images in batch.items()} == {"a": (8, 1, 1, 1), "b": (8, 1, 1, 1)}
    assert not torch.equal(batch["a"], batch["b"])
    assert len(split) == 30


def test_pixels_survive_the_way_there_and_back() -> None:
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(pixels)), pixels)
    assert_close(to_float(pixels)[[0, 255]].tolist(), [-1.0, 1.0])
    assert to_uint8(torch.tensor([-7.0, 7.0])).tolist() == [0, 255]


def test_a_data_set_knows_its_shape() -> None:
    split = Split({"a": torch.zeros(3, 4, 8, 8, dtype=torch.uint8)})
    data = DataSet("x", split, split, split)
    assert (data.domains, data.channels, data.image_size) == (("a",), 4, 8)


def squares(count: int, size: int) -> Split:
    """Pictures in which every pixel of every picture has a value of its own, the same in both domains but for the sign."""
    values = torch.arange(count * size * size).view(count, 1, size, size) % 251
    return Split({"a": values.to(torch.uint8), "b": (250 - values).to(torch.uint8)})


def test_crops_and_flips_are_pieces_of_the_pictures_the_same_in_both_domains() -> None:
    split = Split({domain: images[:1] for domain, images in squares(1, 10).images.items()})
    batches = Batches(split, batch_size=3, seed=0, size=7, flip=True)
    found = set()
    for step in range(60):
        batch = {domain: to_uint8(images) for domain, images in batches(step).items()}
        assert batch["a"].shape == (3, 1, 7, 7)
        assert torch.equal(batch["a"], 250 - batch["b"])
        found |= {placed(split.images["a"][0, 0], piece[0]) for piece in batch["a"]}
    assert found == {(top, left, mirrored) for top in range(4) for left in range(4) for mirrored in (False, True)}


@pytest.mark.parametrize(
    ("size", "flip", "digest"),
    [
        (10, False, "c8aafc76343e3cb0"),
        (10, True, "590cc9f207c6f82f"),
        (7, False, "31999c0e9775572e"),
        (7, True, "d3f01335fedd5306"),
    ],
)
def test_batches_are_those_that_were_recorded(size: int, flip: bool, digest: str) -> None:
    batches, state = Batches(squares(6, 10), 4, seed=0, size=size, flip=flip), hashlib.sha256()
    for step in range(5):
        for images in batches(step, step % 2).values():
            state.update(images.numpy().tobytes())
    assert state.hexdigest()[:16] == digest


def placed(picture: torch.Tensor, piece: torch.Tensor) -> tuple[int, int, bool]:
    size = len(piece)
    places = [
        (top, left, mirrored)
        for top in range(len(picture) - size + 1)
        for left in range(len(picture) - size + 1)
        for mirrored, shown in ((False, piece), (True, piece.flip(1)))
        if torch.equal(picture[top : top + size, left : left + size], shown)
    ]
    assert len(places) == 1
    return places[0]


def test_augmentation_is_keyed_and_can_be_switched_off() -> None:
    split = squares(6, 8)
    plain, cropped, again = (
        Batches(split, 4, seed=0),
        Batches(split, 4, seed=0, size=6, flip=True),
        Batches(split, 4, seed=0, size=6, flip=True),
    )
    assert plain(0)["a"].shape[-1] == 8
    assert torch.equal(cropped(5)["a"], again(5)["a"])
    assert not torch.equal(cropped(5)["a"], cropped(5, 1)["a"])
    unflipped = Batches(split, 4, seed=0, size=8)
    assert torch.equal(unflipped(2)["b"], plain(2)["b"])


def test_half_of_the_images_are_mirrored() -> None:
    picture = torch.arange(4, dtype=torch.uint8).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    batches = Batches(Split({"image": picture}), 400, seed=0, flip=True)
    first = to_uint8(batches(0)["image"])[:, 0, 0, 0]
    assert set(first.tolist()) == {0, 3}
    assert abs((first == 3).double().mean().item() - 0.5) < 0.1


def test_resized_images_keep_their_mean_and_equal_sizes_are_left_alone() -> None:
    images = torch.randint(0, 256, (300, 3, 12, 12), dtype=torch.uint8)
    assert resized(images, 12) is images
    smaller = resized(images, 6)
    assert smaller.shape == (300, 3, 6, 6)
    assert_close(smaller.double().mean(), images.double().mean(), rtol=0, atol=1.0)
