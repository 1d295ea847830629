import pytest
import torch

from gan_losses.data import gather
from gan_losses.data.gather import SHARE, cropped, picked, resident


@pytest.fixture
def images():
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (30, 3, 9, 9), dtype=torch.uint8, generator=random)


def test_squares_are_cut_and_mirrored_one_by_one(images):
    random = torch.Generator().manual_seed(1)
    rows, corners = torch.randint(30, (8,), generator=random), torch.randint(4, (2, 8), generator=random)
    mirrored = torch.arange(8) % 2 == 0
    found = cropped(images, rows, corners, mirrored, 6)
    for place, (row, top, left) in enumerate(zip(rows, *corners, strict=True)):
        square = images[row, :, top : top + 6, left : left + 6]
        assert torch.equal(found[place], square.flip(-1) if mirrored[place] else square)
    assert found.is_contiguous()


def test_devices_that_index_pixels_find_the_same(images):
    rows, corners, mirrored = (
        torch.tensor([4, 4, 0]),
        torch.tensor([[0, 3, 2], [1, 0, 3]]),
        torch.tensor([True, False, True]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gather, "placed", lambda values, device: values)
        indexed = gather._indexed(images, rows, corners, mirrored, 6)
    assert torch.equal(indexed, cropped(images, rows, corners, mirrored, 6))


def test_whole_images_are_picked_in_order(images):
    rows = torch.tensor([5, 1, 5])
    assert torch.equal(picked(images, rows), images[rows])


def test_on_the_cpu_nothing_is_copied(images):
    assert resident({"image": images}, torch.device("cpu"))["image"].data_ptr() == images.data_ptr()


@pytest.mark.parametrize("spare", [0, -1])
def test_a_gpu_gets_a_copy_only_of_what_fits_well(images, monkeypatch, spare):
    free = SHARE * images.nbytes + spare
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, free))
    moved = []
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device: moved.append(device) or tensor)
    device = torch.device("cuda")
    assert resident({"image": images}, device)["image"] is images
    assert moved == ([device] if spare == 0 else [])
