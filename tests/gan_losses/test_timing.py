import pytest
import torch

from gan_losses import timing
from gan_losses.timing import PHASES, PhaseClock


@pytest.fixture
def ticking(monkeypatch):
    """A clock whose reading the test sets."""
    now = {"seconds": 0.0}
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now["seconds"])
    return now


def test_time_until_the_next_call_is_the_phases(ticking) -> None:
    clock = PhaseClock(torch.device("cpu"))
    for phase, seconds in (("data", 1.0), ("generator", 2.0), ("discriminator", 4.0), ("generator", 8.0)):
        clock(phase)
        ticking["seconds"] += seconds
    clock.finish()
    assert dict(clock.wall) == {"data": [1.0], "generator": [10.0], "discriminator": [4.0], "step": [15.0]}
    assert not clock.device_time


def test_samples_are_kept_step_by_step(ticking) -> None:
    clock = PhaseClock(torch.device("cpu"))
    for seconds in (1.0, 3.0):
        clock("data")
        ticking["seconds"] += seconds
        clock.finish()
    assert clock.wall["step"] == [1.0, 3.0]


@pytest.mark.parametrize("name", ["bce", "wgangp"])
def test_the_phases_of_a_step_add_up_to_it(make, name) -> None:
    training = make.training(name, n_critic=2)
    training.clock = clock = PhaseClock(torch.device("cpu"))
    training.step(0)
    clock.finish()
    assert set(clock.wall) == {*PHASES, "step"}
    total = sum(clock.wall[phase][0] for phase in PHASES)
    assert total == pytest.approx(clock.wall["step"][0], rel=1e-9)
