import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from gan_losses.data.base import Batches, DataSet, Split, to_float, to_uint8


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
