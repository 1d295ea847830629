"""From settings to trainings: what a cell and a timed step are made of."""

import pytest
import torch
from torch.testing import assert_close

from benchmarks import step_worker
from benchmarks.cells import build_training
from benchmarks.plan import Cell
from benchmarks.step_cases import step_case
from gan_losses.augmentation import Augmented
from gan_losses.data.base import DataSet, Split
from gan_losses.networks import resnet

SETTINGS = {
    "image_size": 32,
    "channels": 1,
    "width": 2,
    "latents": 4,
    "generator_norm": "batch",
    "discriminator_norm": "none",
    "optimizer": "adam",
    "learning_rate": 2e-4,
    "betas": [0.5, 0.999],
    "n_critic": 1,
    "batch_size": 4,
    "steps": 2,
    "log_every": 2,
    "precision": "fp32",
    "channels_last": True,
    "device": "cpu",
}
NEW = {"network": "resnet32", "ema": 0.9, "augment": "diffaugment"}


def data() -> DataSet:
    images = torch.randint(0, 256, (12, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    splits = [Split({"image": images[start : start + 4]}) for start in (0, 4, 8)]
    return DataSet("made", *splits, digest="made", features="digits")


def test_settings_from_before_train_as_they_did() -> None:
    usual = {"network": "dcgan", "ema": 0.0, "augment": "none"}
    old, new = (
        build_training(Cell("dcgan", "made", "controlled", "bce", 0, made), data())
        for made in (SETTINGS, SETTINGS | usual)
    )
    assert old.averaged is None
    assert old.judges == old.task.discriminators
    assert_close(new.step(0), old.step(0), rtol=0, atol=0)


def test_network_average_and_augmentation_come_from_the_settings() -> None:
    training = build_training(Cell("dcgan", "made", "controlled", "bce", 0, SETTINGS | NEW), data())
    assert isinstance(training.task.generators["image"], resnet.Generator)
    assert training.averaged.decay == 0.9
    assert isinstance(training.judges["image"], Augmented)
    with training.probe as probe:
        for index in range(2):
            training.step(index)
    assert next(iter(probe.rows[0]["layers"]["image"])).startswith("blocks.0.")
    assert probe.rows[0]["saturation"]["image"]["held_out_logit"] is not None


def test_a_timed_step_has_them_too_and_an_older_trees_does_not_hear_of_them() -> None:
    sizes = {"image_size": 32, "width": 2, "latents": 4, "channels": 1}
    old, new = (
        step_case("dcgan", "bce", sizes | more, 4, **rest).as_json()
        for more, rest in (({}, {}), ({"network": "resnet32"}, {"ema": 0.9, "augment": "diffaugment"}))
    )
    assert not {*NEW} & ({*old} | {*old["settings"]})
    assert old["settings"]["generator_norm"] == "batch"
    assert step_worker.build(old).averaged is None
    training = step_worker.build(new)
    assert isinstance(training.task.generators["image"], resnet.Generator)
    assert training.averaged.decay == 0.9
    assert isinstance(training.judges["image"], Augmented)


@pytest.mark.parametrize(("network", "norm"), [("dcgan", "batch"), ("resnet32", "batch"), ("r3gan", "none")])
def test_a_case_says_which_norm_its_generator_has(network: str, norm: str) -> None:
    case = step_case("dcgan", "bce", {"image_size": 32, "width": 2, "network": network}, 4)
    assert case.settings["generator_norm"] == norm
