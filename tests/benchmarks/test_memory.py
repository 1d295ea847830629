import pytest
import torch

from benchmarks.memory import compare, peak_live_bytes
from gan_losses.errors import UsageError

KIB = 256  # numbers of float32


def test_the_peak_is_that_of_tensors_alive_at_once() -> None:
    def step() -> None:
        first = torch.empty(1000 * KIB)
        second = torch.empty(500 * KIB)  # 1500 KiB
        del first
        third = torch.empty(700 * KIB)  # 1200 KiB
        del second
        fourth = torch.empty(900 * KIB)  # 1600 KiB, the peak
        del third, fourth

    assert peak_live_bytes(step) == 1600 * 1024


def test_what_was_alive_before_counts_neither_when_it_stays_nor_when_it_goes() -> None:
    held = [torch.empty(300 * KIB), torch.empty(300 * KIB)]

    def step() -> torch.Tensor:
        held.pop()
        return torch.empty(100 * KIB)

    assert peak_live_bytes(step) == 100 * 1024


def test_what_backward_keeps_is_counted() -> None:
    """x (1 part) exists; exp keeps its result y; the sum is a number, and so is its slope; then y and dx: 2 parts."""
    x = torch.zeros(1000 * KIB, requires_grad=True)
    peak = peak_live_bytes(lambda: x.exp().sum().backward())
    assert peak == pytest.approx(2 * 1000 * 1024, abs=1024)


@pytest.mark.parametrize(
    ("task", "sizes"),
    [
        ("dcgan", {"image_size": 16, "width": 4, "latents": 4}),
        ("cyclegan", {"image_size": 16, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4}),
    ],
)
def test_both_steps_are_measured_on_the_same_networks(task: str, sizes: dict) -> None:
    small, large = (compare(task, "lsgan", sizes, batch) for batch in (2, 8))
    for peaks in (small, large):
        assert 0.5 < peaks.textbook / peaks.ours < 2
    assert large.ours > 1.5 * small.ours
    assert large.textbook > 1.5 * small.textbook


def test_a_penalty_takes_memory_in_both() -> None:
    sizes = {"image_size": 16, "width": 4, "latents": 4, "discriminator_norm": "layer"}
    plain, penalised = (compare("dcgan", loss, sizes, 16) for loss in ("hinge", "hinge+gp"))
    assert penalised.textbook > plain.textbook
    assert penalised.ours > plain.ours


def test_an_unknown_loss_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="unknown loss 'lsgna'"):
        compare("dcgan", "lsgna")
