"""The average of the generators' weights: against a plain loop, in and out of the networks, through a checkpoint."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.averaging import Averaged
from gan_losses.errors import UsageError


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)).double()


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.999])
def test_it_is_the_plain_loop_with_its_warm_up(decay: float) -> None:
    made = network()
    averaged = Averaged({"image": made}, decay)
    expected = [weight.detach().clone() for weight in made.parameters()]
    random = torch.Generator().manual_seed(0)
    for n in range(60):
        for position, weight in enumerate(made.parameters()):
            with torch.no_grad():
                weight.add_(torch.randn(weight.shape, dtype=weight.dtype, generator=random))
            beta = min(decay, (1 + n) / (10 + n))
            expected[position] = beta * expected[position] + (1 - beta) * weight.detach()
        averaged.update()
    assert averaged.updates == 60
    assert_close(averaged.weights, expected, rtol=1e-12, atol=1e-12)


def state(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_inside_the_networks_have_the_averages_and_afterwards_their_own_bit_for_bit() -> None:
    made = network()
    averaged = Averaged({"image": made}, 0.9)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(1)
    averaged.update()
    before, places = state(made), [value.data_ptr() for value in made.state_dict().values()]
    with averaged.swapped():
        for weight, average in zip(made.parameters(), averaged.weights, strict=True):
            assert torch.equal(weight.detach(), average)
        made(torch.randn(2, 1, 5, 5, dtype=torch.float64))  # running statistics move
        assert not torch.equal(made[1].running_mean, before["1.running_mean"])
    assert_close(state(made), before, rtol=0, atol=0)
    assert [value.data_ptr() for value in made.state_dict().values()] == places
    assert [weight.requires_grad for weight in made.parameters()] == [True] * 4


def test_an_error_inside_leaves_the_networks_as_they_were() -> None:
    made = network()
    averaged = Averaged({"image": made}, 0.9)
    averaged.weights[0].zero_()
    before = state(made)
    with pytest.raises(RuntimeError, match="evaluation"), averaged.swapped():
        raise RuntimeError("evaluation failed")
    assert_close(state(made), before, rtol=0, atol=0)


@pytest.mark.parametrize("decay", [-0.1, 1.0, 1.5, float("nan")])
def test_other_decays_are_refused(decay: float) -> None:
    with pytest.raises(UsageError, match=r"--ema .*: expected a decay of at least 0 and below 1"):
        Averaged({}, decay)


@pytest.mark.parametrize("n_critic", [1, 3])
def test_a_step_updates_it_once_after_the_generators(make, n_critic: int) -> None:
    training = make.training("bce", ema=0.5, n_critic=n_critic)
    expected = [weight.detach().clone() for weight in training.generator_weights]
    for index in range(4):
        training.step(index)
        beta = min(0.5, (1 + index) / (10 + index))
        expected = [
            beta * old + (1 - beta) * new.detach()
            for old, new in zip(expected, training.generator_weights, strict=True)
        ]
    assert training.averaged.updates == 4
    assert_close(training.averaged.weights, expected, rtol=1e-5, atol=1e-7)


def test_it_changes_nothing_of_the_training_and_its_time_is_the_optimisers(make) -> None:
    phases: list[str] = []
    plain, averaging = make.training("bce"), make.training("bce", ema=0.9, clock=phases.append)
    for index in range(3):
        assert_close(averaging.step(index), plain.step(index), rtol=0, atol=0)
    for one, two in zip(plain.task.networks().values(), averaging.task.networks().values(), strict=True):
        assert_close(state(two), state(one), rtol=0, atol=0)
    assert phases[-1] == "optimisers"
    assert plain.averaged is None
    assert "averaged" not in plain.state_dict()


def test_a_resumed_training_goes_on_bit_for_bit_with_its_average(make, tmp_path) -> None:
    whole, halted, resumed = (make.training("bce", ema=0.99, augment="diffaugment") for _ in range(3))
    for index in range(6):
        whole.step(index)
    for index in range(3):
        halted.step(index)
    torch.save(halted.state_dict(), tmp_path / "checkpoint.pt")
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    for index in range(3, 6):
        resumed.step(index)
    assert resumed.averaged.updates == 6
    assert_close(resumed.averaged.state_dict(), whole.averaged.state_dict(), rtol=0, atol=0)
    for one, two in zip(whole.task.networks().values(), resumed.task.networks().values(), strict=True):
        assert_close(state(two), state(one), rtol=0, atol=0)
    fresh = make.training("bce", ema=0.99)
    fresh.step(0)
    assert not all(map(torch.equal, fresh.averaged.weights, whole.averaged.weights))
