import torch

from gan_losses.tasks import DCGAN, TASKS


def test_settings_it_does_not_know_are_passed_over() -> None:
    settings = {"image_size": 32, "channels": 2, "width": 4, "latents": 5, "steps": 3, "discriminator_norm": "group"}
    task = TASKS["dcgan"].from_settings(settings, seed=0)
    batch = task.complete({"image": torch.zeros(3, 2, 32, 32)}, torch.Generator().manual_seed(0))
    assert batch["latents"].shape == (3, 5)
    assert task.fakes(batch)["image"].shape == (3, 2, 32, 32)
    assert list(task.networks()) == ["generator_image", "discriminator_image"]


def test_weights_are_keyed_by_the_seed() -> None:
    settings = {"image_size": 16, "channels": 1, "width": 4}
    first, second, other = (DCGAN.from_settings(settings, seed) for seed in (0, 0, 1))
    assert all(map(torch.equal, first.generator_parameters(), second.generator_parameters()))
    assert not torch.equal(first.generators["image"].project.weight, other.generators["image"].project.weight)


def test_it_has_no_further_terms_and_no_memory(make) -> None:
    task = make.task()
    fakes = {"image": torch.zeros(1)}
    assert task.auxiliary({}, fakes) == {}
    assert task.history(fakes, torch.Generator()) is fakes
