import copy
import json

import torch

from gan_losses.data import to_float
from gan_losses.metrics.digits import load_digits_extractor
from gan_losses.metrics.train_digits import distort, main, standardise, train
from gan_losses.random import keyed_generator


def test_the_command_writes_both_files_and_they_load(tmp_path, capsys):
    threads = torch.get_num_threads()
    main(["--epochs", "2", "--seed", "3", "--folder", str(tmp_path)])
    torch.set_num_threads(threads)
    facts = json.loads((tmp_path / "digits.json").read_text())
    assert capsys.readouterr().out.startswith(f"test accuracy {facts['test_accuracy']:.4f}, ")
    assert (facts["epochs"], facts["seed"], facts["image_size"]) == (2, 3, 16)
    extractor = load_digits_extractor(tmp_path / "digits.safetensors", tmp_path / "digits.json")
    assert extractor.weights_digest == facts["weights_digest"]
    assert facts["test_accuracy"] > 0.5  # two epochs teach far more than the 0.1 of chance


def test_training_is_repeatable_and_leaves_the_global_generator_alone(digits):
    before = torch.random.get_rng_state()
    first, second, other = (train(digits, 1, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])


def test_a_trained_extractor_has_features_of_variance_one(digits):
    features = train(digits, 1, seed=0)(to_float(digits.train.images["image"]))
    torch.testing.assert_close(features.std(0), torch.ones(64), rtol=1e-4, atol=0)


def test_scaling_the_features_leaves_the_logits_alone(digits):
    extractor = copy.deepcopy(load_digits_extractor())
    extractor.embedding.weight *= 3
    extractor.embedding.bias += 1
    images = to_float(digits.test.images["image"])
    before = extractor.classify(extractor(images))
    standardise(extractor, images)
    torch.testing.assert_close(extractor.classify(extractor(images)), before, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(extractor(images).std(0), torch.ones(64), rtol=1e-4, atol=0)


def test_distortions_stay_small_and_keep_the_background_black(digits):
    images = to_float(digits.train.images["image"][:200])
    distorted = distort(images, keyed_generator(0, "test/distort"))
    assert distorted.shape == images.shape
    assert distorted.min() >= -1 - 1e-6
    assert distorted.max() <= 1 + 1e-6
    assert torch.equal(
        distort(torch.full((4, 1, 16, 16), -1.0), keyed_generator(0, "test")), torch.full((4, 1, 16, 16), -1.0)
    )
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")

    def centre(batch):
        ink = batch.squeeze(1) + 1
        return torch.stack([(ink * axis).sum((1, 2)) / ink.sum((1, 2)) for axis in (rows, columns)], 1)

    moved = centre(distorted) - centre(images)
    assert moved.abs().max() < 4  # 1.5 pixels of shift, and what turning and scaling move an off-centre digit
    assert moved.abs().mean() > 0.3  # the mean of a uniform shift up to 1.5 is 0.75, less what the border cuts off


def test_draws_in_the_middle_of_their_range_move_nothing(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: torch.full(shape, 0.5))
    images = torch.linspace(-1, 1, 256).view(1, 1, 16, 16)
    torch.testing.assert_close(distort(images, keyed_generator(0, "test")), images, rtol=0, atol=1e-5)
