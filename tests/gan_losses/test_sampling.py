import pytest
import torch

from gan_losses import sampling
from gan_losses.data.base import Split
from gan_losses.errors import UsageError
from gan_losses.sampling import evaluation_mode, grid, sample, sample_chunks
from gan_losses.tasks import CycleGAN, CycleGANSettings
from gan_losses.training import Placement

CPU = Placement(torch.device("cpu"))


def split(make, count):
    return Split({"image": make.images()[:count]})


def test_one_fake_per_image_from_keyed_latents(make) -> None:
    task = make.task()
    first, second = (sample(task, split(make, 20), 0, "evaluation/test", CPU)["image"] for _ in range(2))
    assert first.shape == (20, 1, 16, 16)
    assert torch.equal(first, second)
    assert not torch.equal(first, sample(task, split(make, 20), 1, "evaluation/test", CPU)["image"])
    assert not torch.equal(first, sample(task, split(make, 20), 0, "grid", CPU)["image"])


def test_an_image_does_not_depend_on_those_beside_it(make) -> None:
    task = make.task()
    few, many = (sample(task, split(make, count), 0, "s", CPU)["image"] for count in (4, 20))
    assert torch.allclose(few, many[:4], atol=1e-6)  # running statistics, not the batch's


def test_every_chunk_has_latents_of_its_own(make, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "CHUNK", 8)
    fakes = sample(make.task(), split(make, 20), 0, "s", CPU)["image"]
    assert fakes.shape == (20, 1, 16, 16)
    assert len(fakes.flatten(1).unique(dim=0)) == 20


@pytest.mark.parametrize("count", [None, 3, 16, 20, 50])
def test_chunks_are_the_same_fakes_one_part_after_the_other(make, monkeypatch, count) -> None:
    monkeypatch.setattr(sampling, "CHUNK", 8)
    task, larger = make.task(), Split({"image": torch.cat([make.images()] * 2)[: count or 20]})
    chunks = [chunk["image"] for chunk in sample_chunks(task, split(make, 20), 0, "s", CPU, count)]
    expected = sample(task, larger, 0, "s", CPU)["image"]
    assert [len(chunk) for chunk in chunks[:-1]] == [8] * (len(chunks) - 1)
    assert torch.equal(torch.cat(chunks), expected)


def test_between_chunks_the_world_is_as_it_was(make) -> None:
    task = make.task()
    placement = Placement(torch.device("cpu"), "bf16")
    for chunk in sample_chunks(task, split(make, 20), 0, "s", placement):
        assert chunk["image"].dtype == torch.float32
        assert task.generators["image"].training
        assert torch.is_grad_enabled()
        assert not torch.is_autocast_enabled("cpu")


def test_domains_of_unequal_length_end_one_after_the_other(make, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "CHUNK", 8)
    task = CycleGAN(CycleGANSettings(16, width=4, blocks=1, layers=1, discriminator_width=4, channels=1), 0)
    images = make.images()
    pair = Split({"a": images[:5], "b": images[:20]})
    chunks = list(sample_chunks(task, pair, 0, "s", CPU))
    assert [{domain: len(fakes) for domain, fakes in chunk.items()} for chunk in chunks] == [
        {"a": 8, "b": 5},
        {"a": 8},
        {"a": 4},
    ]
    with pytest.raises(UsageError, match="7 fakes were asked for"):
        sample_chunks(task, pair, 0, "s", CPU, 7)


def test_it_changes_nothing_in_the_networks(make) -> None:
    task = make.task()
    before = {name: value.clone() for name, value in task.generators["image"].state_dict().items()}
    sample(task, split(make, 20), 0, "s", CPU)
    assert task.generators["image"].training
    for name, value in task.generators["image"].state_dict().items():
        assert torch.equal(value, before[name]), name


def test_evaluation_mode_puts_every_mode_back() -> None:
    networks = [torch.nn.Dropout().train(), torch.nn.Dropout().eval()]
    with evaluation_mode(networks):
        assert [network.training for network in networks] == [False, False]
    assert [network.training for network in networks] == [True, False]


def test_a_grid_shows_the_images_row_by_row() -> None:
    images = torch.linspace(-1, 1, 4).view(4, 1, 1, 1).expand(4, 1, 2, 2)
    picture = grid(images, columns=2)
    assert picture.shape == (3, 7, 7)
    assert picture.dtype == torch.uint8
    assert [picture[0, y, x].item() for y, x in ((1, 1), (1, 4), (4, 1), (4, 4))] == [0, 85, 170, 255]
