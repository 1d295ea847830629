import pytest
import torch

from gan_losses.data.mixtures import ring
from gan_losses.errors import UsageError
from gan_losses.losses import get_loss
from gan_losses.losses.base import Recipe
from gan_losses.random import keyed_generator
from gan_losses.tasks.points import Points, PointsSettings
from gan_losses.training import Placement, Training

SMALL = PointsSettings(width=16, discriminator_width=16)


def trained(loss: str, seed: int = 0, steps: int = 3) -> Points:
    task = Points(SMALL, seed)
    placement = Placement(torch.device("cpu"), channels_last=False)
    training = Training(
        task,
        get_loss(loss),
        Recipe(learning_rate=1e-3),
        lambda step, draw: {"point": ring().sample(32, keyed_generator(seed, "data", step, draw))},
        placement,
        seed,
    )
    for step in range(steps):
        training.step(step)
    return task


@pytest.mark.parametrize("loss", ["bce", "wgangp:0.1", "rpgan", "hinge+r1"])
def test_the_common_training_moves_both_networks(loss: str) -> None:
    before, after = Points(SMALL, 0), trained(loss)
    for name, network in after.networks().items():
        moved = [
            not torch.equal(old, new)
            for old, new in zip(before.networks()[name].parameters(), network.parameters(), strict=True)
        ]
        assert all(moved[:-1]), name  # the last bias of a critic gets no slope from differences


def test_training_is_keyed_by_its_seed() -> None:
    first, second, other = (trained("bce", seed).generator_parameters()[0] for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_settings_go_to_the_networks_that_they_name() -> None:
    settings = PointsSettings(
        dimensions=3,
        latents=5,
        width=6,
        depth=1,
        discriminator_width=7,
        discriminator_depth=3,
        discriminator_activation="maxout5",
    )
    task = Points(settings, 0)
    generator, discriminator = task.generators["point"], task.discriminators["point"]
    assert [tuple(weight.shape) for weight in generator.parameters() if weight.dim() == 2] == [(6, 5), (3, 6)]
    expected = [(35, 3), (35, 7), (35, 7), (1, 7)]
    assert [tuple(weight.shape) for weight in discriminator.parameters() if weight.dim() == 2] == expected


@pytest.mark.parametrize("wrong", [{"generator_norm": "instance"}, {"discriminator_activation": "swish"}])
def test_unknown_norms_and_activations_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="points take"):
        Points.check(wrong)
